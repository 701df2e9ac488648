import { Button } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useState } from 'react';
import { hasCode } from '../../../explain.js';
import { SessionEndedError } from '../../../session/session.js';
import { toastFailure } from '../../../ui/toast.js';
import { toastUndo } from '../../../ui/undo-toast.js';
import { useOnline } from '../../../ui/use-online.js';
import { useKeyCache } from '../queries.js';
import { commit } from './detail-requests.js';
import { saveWords } from './save-words.js';
import { useReshow } from './use-reshow.js';
import type { Version } from './version.js';

export interface RestoreButtonProps {
  readonly name: string;
  readonly version: Version;
  /** The newest version that the person sees: what is restored goes over this one and no later. */
  readonly newest: Version | undefined;
}

/** Writes a version again as a new revision; what was current stays in the history. */
export function RestoreButton({ name, version, newest }: RestoreButtonProps) {
  const cache = useKeyCache();
  const reshow = useReshow();
  const online = useOnline();
  const [pending, setPending] = useState(false);
  const isCurrent = newest?.revision === version.revision;

  async function restore() {
    setPending(true);
    try {
      const over = newest?.kind === 'set' ? newest.revision : 0;
      const { revision } = await commit({
        checks: [{ key: name, revision: over }],
        mutations: [{ restore: { key: name, revision: version.revision } }],
      });
      await reshow(name);
      toastUndo({
        title: 'Restored',
        message: `Revision ${version.revision} is now revision ${revision}.`,
        revision,
        onUndone: () => void reshow(name),
      });
    } catch (error) {
      await refuse(error);
    } finally {
      setPending(false);
    }
  }

  async function refuse(error: unknown) {
    if (error instanceof SessionEndedError) return;
    const changed = hasCode(error, 'check-failed');
    toastFailure(changed ? 'Not restored: the key has changed meanwhile' : saveWords(error).title, error);
    await cache.reread(name);
  }

  return (
    <Button
      variant="default"
      leftSection={<IconHistory size={16} aria-hidden />}
      disabled={!online || isCurrent}
      loading={pending}
      onClick={restore}
    >
      {isCurrent ? 'Current version' : 'Restore this version'}
    </Button>
  );
}
