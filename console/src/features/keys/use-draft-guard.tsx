import { useBlocker } from '@tanstack/react-router';
import { type ReactNode, useRef } from 'react';
import { session } from '../../session/browser-session.js';
import { useDraftHold } from '../../session/use-session.js';
import { DiscardDialog } from '../../ui/discard-dialog.js';

export interface DraftGuard {
  /** Lets the next navigation pass: the draft was saved, or given up. */
  readonly release: () => void;
  readonly dialog: ReactNode;
}

/** Keeps a draft from being lost unasked: by a link, by Back, by closing the tab, by the session's end. */
export function useDraftGuard(dirty: boolean): DraftGuard {
  const released = useRef(false);
  useDraftHold(dirty);
  const blocker = useBlocker({
    // Once the draft is given up together with the session, there is no page to stay on.
    shouldBlockFn: ({ current, next }) =>
      dirty && !released.current && session.state.status !== 'anonymous' && leaves(current, next),
    enableBeforeUnload: () => dirty,
    withResolver: true,
  });
  return {
    release: () => {
      released.current = true;
    },
    dialog: (
      <DiscardDialog
        opened={blocker.status === 'blocked'}
        onDiscard={() => blocker.proceed?.()}
        onKeep={() => blocker.reset?.()}
      />
    ),
  };
}

interface Place {
  readonly pathname: string;
  readonly search: object;
}

/** Searching the list beside the draft leaves the draft where it is. */
function leaves(current: Place, next: Place): boolean {
  return (
    current.pathname !== next.pathname ||
    readOpen(current, 'key') !== readOpen(next, 'key') ||
    readOpen(current, 'new') !== readOpen(next, 'new') ||
    readOpen(current, 'tab') !== readOpen(next, 'tab')
  );
}

function readOpen({ search }: Place, name: 'key' | 'new' | 'tab'): unknown {
  return new Map<string, unknown>(Object.entries(search)).get(name);
}
