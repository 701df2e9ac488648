import { hasCode } from '../../explain.js';
import { bytesOf } from './detail/detail-requests.js';
import { getSnapshot, type Put, putValue } from './requests.js';
import { type Snapshot, shownBytesMax } from './snapshot.js';
import { sameBytes } from './value-text.js';

export type SaveOutcome =
  | { readonly saved: true; readonly snapshot: Snapshot }
  /** `theirs` is undefined when the key is no longer there. */
  | { readonly saved: false; readonly theirs: Snapshot | undefined };

/**
 * Writes a draft over the revision it began with. When that is no longer the current one it returns what
 * is there instead; unless that is exactly the draft, which happens when an earlier save got through and
 * only its answer was lost.
 */
export async function saveDraft(put: Put, before: Snapshot): Promise<SaveOutcome> {
  try {
    const { revision } = await putValue(put);
    const { bytes, contentType, metadata } = put;
    const updatedAt = new Date().toISOString();
    const body = bytes.length > shownBytesMax ? undefined : bytes;
    return {
      saved: true,
      snapshot: { ...before, revision, contentType, metadata, body, size: bytes.length, updatedAt },
    };
  } catch (error) {
    if (!hasCode(error, 'precondition-failed')) throw error;
  }
  const theirs = await currentOf(put.key);
  return theirs !== undefined && (await isSame(theirs, put))
    ? { saved: true, snapshot: theirs }
    : { saved: false, theirs };
}

/** Returns a key as it is now, or undefined if it is not there. */
export async function currentOf(key: string): Promise<Snapshot | undefined> {
  try {
    return await getSnapshot(key);
  } catch (error) {
    if (hasCode(error, 'not-found')) return undefined;
    throw error;
  }
}

async function isSame(theirs: Snapshot, put: Put): Promise<boolean> {
  if (theirs.contentType !== put.contentType || theirs.size !== put.bytes.length) return false;
  return sameBytes(await bytesOf(theirs), put.bytes);
}
