import { Button } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { failureTitle, hasCode } from '../../explain.js';
import { toastFailure } from '../../ui/toast.js';
import { toastUndo } from '../../ui/undo-toast.js';
import { useOnline } from '../../ui/use-online.js';
import { visibleKey } from '../../ui/visible-key.js';
import { useReshow } from './detail/use-reshow.js';
import { useKeysSearch } from './keys-search.js';
import { useKeyCache } from './queries.js';
import { deleteKey } from './requests.js';
import type { Snapshot } from './snapshot.js';

/** Moves the key to the trash, and only the revision that is shown. It can be undone, so it does not ask. */
export function DeleteButton({ snapshot }: { readonly snapshot: Snapshot }) {
  const { key, revision } = snapshot;
  const { close } = useKeysSearch();
  const cache = useKeyCache();
  const reshow = useReshow();
  const online = useOnline();
  const [pending, setPending] = useState(false);

  async function remove() {
    setPending(true);
    try {
      const deleted = await deleteKey(key, revision);
      await close();
      cache.removed(key);
      toastUndo({
        title: 'Moved to trash',
        message: visibleKey(key),
        revision: deleted.revision,
        onUndone: () => void reshow(key),
      });
    } catch (error) {
      await explainRefusal(error);
    } finally {
      setPending(false);
    }
  }

  async function explainRefusal(error: unknown) {
    const changed = hasCode(error, 'precondition-failed');
    const title = changed ? 'Not deleted: the key has changed meanwhile' : 'The key was not deleted';
    toastFailure(failureTitle(title, error), error);
    await cache.reread(key);
  }

  return (
    <Button
      variant="default"
      leftSection={<IconTrash size={16} aria-hidden />}
      disabled={!online}
      loading={pending}
      onClick={remove}
    >
      Delete
    </Button>
  );
}
