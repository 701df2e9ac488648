import { ProblemError } from '../../problem-error.js';
import { getSnapshot, type Put, putValue } from './requests.js';
import type { Snapshot } from './snapshot.js';

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
    return {
      saved: true,
      snapshot: { ...before, revision, contentType, metadata, body: bytes, size: bytes.length, updatedAt },
    };
  } catch (error) {
    if (!(error instanceof ProblemError && error.is('precondition-failed'))) throw error;
  }
  const theirs = await getSnapshot(put.key).catch((error: unknown) => {
    if (error instanceof ProblemError && error.is('not-found')) return undefined;
    throw error;
  });
  return theirs !== undefined && isSame(theirs, put)
    ? { saved: true, snapshot: theirs }
    : { saved: false, theirs };
}

function isSame({ body, contentType }: Snapshot, put: Put): boolean {
  return (
    contentType === put.contentType &&
    body?.length === put.bytes.length &&
    body.every((byte, index) => byte === put.bytes[index])
  );
}
