import { useBlocker } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { session } from '../../session/browser-session.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';

/** Asks before a transfer that is under way is left, which ends it. `what` is such as `import`. */
export function useLeaveGuard(what: string, isBusy: boolean, onLeave: () => void): ReactNode {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) =>
      isBusy && session.state.status !== 'anonymous' && current.pathname !== next.pathname,
    enableBeforeUnload: () => isBusy,
    withResolver: true,
  });
  return (
    <ConfirmDialog
      opened={blocker.status === 'blocked'}
      title={`Stop the ${what} and leave?`}
      confirm="Stop and leave"
      cancel="Stay"
      onConfirm={() => {
        onLeave();
        blocker.proceed?.();
      }}
      onCancel={() => blocker.reset?.()}
    >
      The {what} goes on only while this screen is open. {remains[what]}
    </ConfirmDialog>
  );
}

const remains: Readonly<Record<string, string>> = {
  import: 'What it has set so far stays.',
  export: 'What has arrived so far is not saved.',
};
