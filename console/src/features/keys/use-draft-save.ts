import { useState } from 'react';
import { SessionEndedError } from '../../session/session.js';
import { toastSuccess } from '../../ui/toast.js';
import { useKeyCache } from './queries.js';
import type { Put } from './requests.js';
import { saveDraft } from './save-draft.js';
import type { Snapshot } from './snapshot.js';

/** What another has made of the key meanwhile; `theirs` is undefined if they deleted it. */
interface Conflict {
  readonly theirs: Snapshot | undefined;
  /** Whether the two versions are on the screen, or put aside to go on editing. */
  readonly shown: boolean;
}

/**
 * Saves a draft of `base`, and resolves what stands in its way.
 * `bytes` returns the draft at the moment it is called.
 */
export function useDraftSave(base: Snapshot, bytes: () => Put['bytes'], onDone: () => void) {
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>();
  const [conflict, setConflict] = useState<Conflict>();
  const cache = useKeyCache();

  async function write(changes: Partial<Put>, before: Snapshot) {
    setPending(true);
    setError(undefined);
    try {
      const outcome = await saveDraft({ ...putOf(base, bytes()), ...changes }, before);
      if (outcome.saved) finish(outcome.snapshot);
      else setConflict({ theirs: outcome.theirs, shown: true });
    } catch (cause) {
      setConflict(undefined);
      if (!(cause instanceof SessionEndedError)) setError(cause);
    } finally {
      setPending(false);
    }
  }

  function finish(snapshot: Snapshot) {
    cache.wrote(snapshot, snapshot.size ?? 0);
    toastSuccess('Saved', `Revision ${snapshot.revision}`);
    onDone();
  }

  return {
    pending,
    error,
    conflict,

    /** Saves over the revision that editing began with, and over no other. */
    save: (changes: Partial<Put> = {}) => write(changes, base),

    /** Saves over what was shown as theirs: the value is mine, what I did not touch stays theirs. */
    overwrite() {
      const theirs = conflict?.theirs;
      if (theirs === undefined) return write({ over: 0, expiry: expiryOf(base) }, base);
      const { revision, contentType, metadata } = theirs;
      return write({ over: revision, contentType, metadata }, theirs);
    },

    useTheirs() {
      const theirs = conflict?.theirs;
      if (theirs === undefined) cache.removed(base.key);
      else cache.wrote(theirs, theirs.size ?? 0);
      onDone();
    },

    showConflict: (shown: boolean) => setConflict((now) => (now === undefined ? now : { ...now, shown })),
  };
}

function putOf({ key, contentType, metadata, revision }: Snapshot, bytes: Put['bytes']): Put {
  return { key, bytes, contentType, metadata, over: revision, expiry: { ttl: 'keep' } };
}

/** There is no expiry to keep on a key that is gone, so the one it had is given again, if it lies ahead. */
function expiryOf({ expiresAt }: Snapshot): Put['expiry'] {
  return expiresAt !== undefined && Date.parse(expiresAt) > Date.now() ? { expires_at: expiresAt } : {};
}
