import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { hasCode } from '../../../../explain.js';
import { toastFailure, toastLook, toastSuccess } from '../../../../ui/toast.js';
import toast from '../../../../ui/toast.module.css';
import { undo } from './bulk-requests.js';

/** How long Undo is offered here; later the trash and the activity still have it. */
const offeredMs = 10_000;

export interface BulkToast {
  readonly title: string;
  readonly message: string;
  readonly onUndo: () => void;
}

/** Says what was done, and offers for ten seconds to take it back. */
export function toastBulk({ title, message, onUndo }: BulkToast): void {
  const id = notifications.show({
    ...toastLook,
    title,
    message: (
      <span className={toast.undo}>
        {message === '' ? null : <span>{message}</span>}
        <Button
          variant="default"
          onClick={() => {
            notifications.hide(id);
            onUndo();
          }}
        >
          Undo
        </Button>
      </span>
    ),
    role: 'status',
    autoClose: offeredMs,
  });
}

/**
 * Takes back some commits, the newest first, and says how that went. One whose keys have changed since stays as it
 * is, and the others are taken back all the same. Returns the revisions of the commits that this made.
 */
export async function undoBulk(revisions: readonly number[]): Promise<readonly number[]> {
  const made: number[] = [];
  let keys = 0;
  let refused = 0;
  try {
    for (const revision of [...revisions].reverse()) {
      try {
        const answer = await undo(revision);
        made.push(answer.revision);
        keys += answer.results[0]?.count ?? 0;
      } catch (error) {
        if (!hasCode(error, 'undo-conflict', 'pruned')) throw error;
        refused += 1;
      }
    }
  } catch (error) {
    toastFailure(`Undone ${made.length} of ${revisions.length} commits, then stopped`, error);
    return made;
  }
  if (refused === 0)
    toastSuccess(
      'Undone',
      `${keys.toLocaleString()} ${keys === 1 ? 'key is as it was' : 'keys are as they were'}.`,
    );
  else {
    const what = `${made.length} of ${revisions.length} commits undone`;
    const why =
      'Some of the keys in the others have changed since, so that those stay. The trash still has them.';
    toastNotice(what, why);
  }
  return made;
}

function toastNotice(title: string, message: string): void {
  notifications.show({ ...toastLook, title, message, role: 'alert', autoClose: false, color: 'red' });
}
