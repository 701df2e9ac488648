import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { readJson } from 'halo-client';
import type { CommitAnswer } from 'halo-contract';
import { failureTitle } from '../explain.js';
import { session } from '../session/browser-session.js';
import { toastFailure, toastLook, toastSuccess } from './toast.js';
import classes from './toast.module.css';

/** How long Undo is offered here; later it is still to be had from the history. */
const offeredMs = 10_000;

export interface UndoToast {
  readonly title: string;
  readonly message: string;
  /** Of the commit that Undo takes back. */
  readonly revision: number;
  /** Called when it has been taken back. */
  readonly onUndone: () => void;
}

/** Says that something was done, and offers for ten seconds to take it back. */
export function toastUndo({ title, message, revision, onUndone }: UndoToast): void {
  const id = notifications.show({
    ...toastLook,
    title,
    message: (
      <span className={classes.undo}>
        <span>{message}</span>
        <Button variant="default" onClick={() => undo()}>
          Undo
        </Button>
      </span>
    ),
    role: 'status',
    autoClose: offeredMs,
  });

  async function undo() {
    notifications.hide(id);
    try {
      const body = { revision };
      await readJson<CommitAnswer>(await session.request({ method: 'POST', path: '/v1/undo', body }));
      toastSuccess('Undone', message);
      onUndone();
    } catch (error) {
      toastFailure(failureTitle(`Not undone: ${title.toLowerCase()}`, error), error);
    }
  }
}
