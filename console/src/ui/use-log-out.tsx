import { type ReactNode, useState } from 'react';
import { session } from '../session/browser-session.js';
import { loadScreen } from './load-screen.js';
import { toastFailure } from './toast.js';
import { useDialog } from './use-dialog.js';

const loadQuestion = loadScreen(async () => (await import('./discard-dialog.js')).DiscardDialog);

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
  const { Dialog, opened } = useDialog(loadQuestion, asking, (error) => {
    setAsking(false);
    toastFailure('You are still logged in', error);
  });

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
    dialog: Dialog && <Dialog opened={opened} onDiscard={leave} onKeep={() => setAsking(false)} />,
  };
}
