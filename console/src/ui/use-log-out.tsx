import { type ReactNode, useState } from 'react';
import { session } from '../session/browser-session.js';
import { DiscardDialog } from './discard-dialog.js';
import { toastFailure } from './toast.js';

export interface LogOut {
  /** Logs out; asks first when there is a draft. */
  readonly logOut: () => void;
  readonly pending: boolean;
  /** The question, to be rendered where it stays while it is asked. */
  readonly dialog: ReactNode;
}

/** The way out, which never loses a draft unasked and says so when it fails. */
export function useLogOut(): LogOut {
  const [asking, setAsking] = useState(false);
  const [pending, setPending] = useState(false);

  async function leave() {
    setAsking(false);
    setPending(true);
    try {
      await session.logOut();
    } catch (error) {
      toastFailure('You are still logged in', error);
    } finally {
      setPending(false);
    }
  }

  return {
    logOut: () => {
      if (session.hasDraft) setAsking(true);
      else void leave();
    },
    pending,
    dialog: <DiscardDialog opened={asking} onDiscard={leave} onKeep={() => setAsking(false)} />,
  };
}
