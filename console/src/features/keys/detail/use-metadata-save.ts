import { useState } from 'react';
import { SessionEndedError } from '../../../session/session.js';
import { toastSuccess } from '../../../ui/toast.js';
import { useKeyCache } from '../queries.js';
import { currentOf, saveDraft } from '../save-draft.js';
import type { Snapshot } from '../snapshot.js';
import { bytesOf } from './detail-requests.js';

/**
 * Saves metadata. There is no way to write it alone, so that the value is written again with it: the very bytes
 * of the revision that the save then goes over, refused if that is no longer the current one. Whatever happens,
 * no value is lost and none comes back.
 */
export function useMetadataSave(base: Snapshot, metadata: () => string | undefined, onDone: () => void) {
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>();
  const [conflict, setConflict] = useState<'changed' | 'gone'>();
  const cache = useKeyCache();

  async function attempt(over: () => Promise<Snapshot | undefined>) {
    setPending(true);
    setError(undefined);
    setConflict(undefined);
    try {
      const before = await over();
      if (before === undefined) return setConflict('gone');
      const { key, contentType, revision } = before;
      const put = { key, contentType, metadata: metadata(), over: revision, expiry: { ttl: 'keep' } };
      const outcome = await saveDraft({ ...put, bytes: await bytesOf(before) }, before);
      const stored = outcome.saved ? outcome.snapshot : outcome.theirs;
      // A revision with the same value is no proof that its metadata is mine.
      if (stored === undefined) setConflict('gone');
      else if (!outcome.saved || stored.metadata !== put.metadata) setConflict('changed');
      else {
        cache.wrote(stored, stored.size ?? 0);
        toastSuccess('Saved', `Revision ${stored.revision}`);
        onDone();
      }
    } catch (cause) {
      if (!(cause instanceof SessionEndedError)) setError(cause);
    } finally {
      setPending(false);
    }
  }

  return {
    pending,
    error,
    conflict,
    save: () => attempt(async () => base),
    /** Puts the metadata with whatever value the key has now. */
    overwrite: () => attempt(() => currentOf(base.key)),
    useTheirs() {
      void cache.reread(base.key);
      onDone();
    },
  };
}
