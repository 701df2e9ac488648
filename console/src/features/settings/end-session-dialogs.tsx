import type { Session } from 'halo-contract';
import { useState } from 'react';
import { failureTitle, hasCode } from '../../explain.js';
import { session as ownSession } from '../../session/browser-session.js';
import { SessionEndedError } from '../../session/session.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { deviceName } from '../../ui/device-name.js';
import { toastFailure, toastSuccess } from '../../ui/toast.js';
import { useSecurityCache } from './queries.js';
import { endOtherSessions, endSession } from './requests.js';
import { useAfterClose } from './use-after-close.js';

export interface EndSessionDialogProps {
  readonly session: Session;
  readonly opened: boolean;
  readonly onClose: () => void;
  /** Called when the dialog has closed and something has ended. */
  readonly onGone: () => void;
}

/** Asks before a session ends; to end one's own is to log out. */
export function EndSessionDialog({ session, opened, onClose, onGone }: EndSessionDialogProps) {
  const cache = useSecurityCache();
  const [pending, setPending] = useState(false);
  const leadOn = useAfterClose(opened, onGone);
  const name = deviceName(session.device);

  async function end() {
    setPending(true);
    try {
      if (session.current) await ownSession.logOut();
      else {
        await endSession(session.id);
        gone('Session ended');
      }
    } catch (error) {
      if (hasCode(error, 'not-found')) gone('The session was over already');
      else if (!(error instanceof SessionEndedError)) {
        const title = session.current ? 'You are still logged in' : 'The session was not ended';
        toastFailure(failureTitle(title, error), error);
      }
    } finally {
      setPending(false);
      onClose();
    }
  }

  function gone(title: string) {
    toastSuccess(title, name);
    cache.ended(({ id }) => id === session.id);
    leadOn();
    void cache.reloadSessions();
  }

  return (
    <ConfirmDialog
      opened={opened}
      title={session.current ? 'Log out of this device?' : `End the session of ${name}?`}
      confirm={session.current ? 'Log out' : 'End session'}
      cancel="Cancel"
      pending={pending}
      onConfirm={end}
      onCancel={onClose}
    >
      <p>
        {session.current
          ? 'You need your password to come back.'
          : 'Whoever uses it is logged out at once and needs your password to come back.'}
      </p>
    </ConfirmDialog>
  );
}

export interface EndOthersDialogProps {
  /** How many other sessions there are. */
  readonly count: number;
  readonly opened: boolean;
  readonly onClose: () => void;
  /** Called when the dialog has closed and something has ended. */
  readonly onGone: () => void;
}

/** Asks before all sessions but this one end. */
export function EndOthersDialog({ count, opened, onClose, onGone }: EndOthersDialogProps) {
  const cache = useSecurityCache();
  const [asked, setAsked] = useState(count);
  const [pending, setPending] = useState(false);
  const leadOn = useAfterClose(opened, onGone);
  // While the dialog closes, the count is already that of those that are left.
  if (opened && !pending && count !== asked && count > 0) setAsked(count);
  const sessions = asked === 1 ? '1 other session' : `${asked} other sessions`;

  async function end() {
    setPending(true);
    try {
      await endOtherSessions();
      toastSuccess(`${sessions} ended`);
      cache.ended(({ current }) => !current);
      leadOn();
      void cache.reloadSessions();
    } catch (error) {
      if (!(error instanceof SessionEndedError))
        toastFailure(failureTitle('The sessions were not ended', error), error);
    } finally {
      setPending(false);
      onClose();
    }
  }

  return (
    <ConfirmDialog
      opened={opened}
      title={`End ${sessions}?`}
      confirm={asked === 1 ? 'End it' : `End all ${asked}`}
      cancel="Cancel"
      pending={pending}
      onConfirm={end}
      onCancel={onClose}
    >
      <p>Only this device stays logged in. API tokens are not affected.</p>
    </ConfirmDialog>
  );
}
