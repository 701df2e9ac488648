import type { Mutation } from '../../engine/commit.js';

/** A commit takes 1,000 mutations, and each key two. */
export const deletedKeysMax = 500;

/**
 * Mutations that delete keys whether they exist or not. A plain `delete` refuses the whole commit for a key that
 * is gone already; one that is set and deleted within a commit leaves no trace.
 */
export function deleteKeys(keys: readonly string[]): Mutation[] {
  return keys.flatMap((key): Mutation[] => [
    { kind: 'set', key, ...nothing },
    { kind: 'delete', key, condition: undefined },
  ]);
}

const nothing = {
  value: Buffer.alloc(0),
  contentType: 'application/octet-stream',
  metadata: null,
  expiry: 'never',
  condition: undefined,
} as const;
