import { useState } from 'react';
import { SessionEndedError } from '../../session/session.js';
import { toastSuccess } from '../../ui/toast.js';
import { useKeyCache } from './queries.js';
import type { Put } from './requests.js';
import { currentOf, saveDraft } from './save-draft.js';
import type { Snapshot } from './snapshot.js';

/** What another has made of the key meanwhile; `theirs` is undefined if they deleted it. */
interface Conflict {
  readonly theirs: Snapshot | undefined;
  /** Whether the two versions are on the screen, or put aside to go on editing. */
  readonly shown: boolean;
}

/** What a draft would have the key be. */
export type Drafted = Pick<Put, 'bytes' | 'contentType'>;

/**
 * Saves a draft of `base`, and resolves what stands in its way.
 * `drafted` returns the draft at the moment it is called, or undefined when it cannot be saved.
 */
export function useDraftSave(base: Snapshot, drafted: () => Drafted | undefined, onDone: () => void) {
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>();
  const [conflict, setConflict] = useState<Conflict>();
  const cache = useKeyCache();

  async function write(changes: Partial<Put>, before: Snapshot) {
    const draft = drafted();
    if (draft === undefined) return;
    await attempt(async () => {
      const outcome = await saveDraft({ ...putOf(base), ...draft, ...changes }, before);
      if (outcome.saved) finish(outcome.snapshot);
      else setConflict({ theirs: outcome.theirs, shown: true });
    });
  }

  async function attempt(act: () => Promise<void>) {
    setPending(true);
    setError(undefined);
    try {
      await act();
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

    /** Saves over what was shown as theirs: what I changed is mine, what I did not touch stays theirs. */
    overwrite() {
      const theirs = conflict?.theirs;
      if (theirs === undefined) return write({ over: 0, expiry: expiryOf(base) }, base);
      const { revision, contentType, metadata } = theirs;
      const retyped = drafted()?.contentType !== base.contentType;
      return write({ over: revision, metadata, ...(retyped ? {} : { contentType }) }, theirs);
    },

    /** Fetches what is there now, to be compared with the draft. */
    compare: () =>
      attempt(async () => {
        const theirs = await currentOf(base.key);
        setConflict({ theirs, shown: true });
      }),

    useTheirs() {
      const theirs = conflict?.theirs;
      if (theirs === undefined) cache.removed(base.key);
      else cache.wrote(theirs, theirs.size ?? 0);
      onDone();
    },

    showConflict: (shown: boolean) => setConflict((now) => (now === undefined ? now : { ...now, shown })),
  };
}

function putOf({ key, metadata, revision }: Snapshot): Omit<Put, keyof Drafted> {
  return { key, metadata, over: revision, expiry: { ttl: 'keep' } };
}

/** There is no expiry to keep on a key that is gone, so the one it had is given again, if it lies ahead. */
function expiryOf({ expiresAt }: Snapshot): Put['expiry'] {
  return expiresAt !== undefined && Date.parse(expiresAt) > Date.now() ? { expires_at: expiresAt } : {};
}
