import { Button } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { ProblemError } from '../../problem-error.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { toastFailure, toastSuccess } from '../../ui/toast.js';
import { visibleKey } from '../../ui/visible-key.js';
import { useKeysSearch } from './keys-search.js';
import { useKeyCache } from './queries.js';
import { deleteKey } from './requests.js';
import type { Snapshot } from './snapshot.js';

/** Moves the key to the trash, after asking, and only the revision that is shown. */
export function DeleteButton({ snapshot }: { readonly snapshot: Snapshot }) {
  const { key, revision } = snapshot;
  const { close } = useKeysSearch();
  const cache = useKeyCache();
  const [asking, setAsking] = useState(false);
  const [pending, setPending] = useState(false);

  async function remove() {
    setPending(true);
    try {
      await deleteKey(key, revision);
      await close();
      cache.removed(key);
      toastSuccess('Moved to trash', visibleKey(key));
    } catch (error) {
      await explainRefusal(error);
    } finally {
      setPending(false);
      setAsking(false);
    }
  }

  async function explainRefusal(error: unknown) {
    const changed = error instanceof ProblemError && error.is('precondition-failed');
    toastFailure(changed ? 'Not deleted: the key has changed meanwhile' : 'The key was not deleted', error);
    await cache.reread(key);
  }

  return (
    <>
      <Button
        variant="default"
        leftSection={<IconTrash size={16} aria-hidden />}
        onClick={() => setAsking(true)}
      >
        Delete
      </Button>
      <ConfirmDialog
        opened={asking}
        title="Delete key?"
        confirm="Delete"
        cancel="Cancel"
        pending={pending}
        onConfirm={remove}
        onCancel={() => setAsking(false)}
      >
        <p>
          <code>{visibleKey(key)}</code> moves to the trash.
        </p>
      </ConfirmDialog>
    </>
  );
}
