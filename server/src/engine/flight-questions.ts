import { limits, prefixEnd } from 'halo-contract';
import type { QueryArrayConfig } from 'pg';
import { int8Array, textArray } from './arrays.js';
import { highest } from './bounds.js';
import type { Commit } from './commit.js';
import {
  listPrefixes,
  prepared,
  readAnswers,
  readPasts,
  readPointers,
  readPointersShort,
  readUndone,
} from './statements.js';

export interface StoreKey {
  readonly accountId: string;
  readonly key: string;
}

export interface StoreRevision {
  readonly accountId: string;
  readonly revision: number;
}

/** What a flight asks besides its keys, in the order of the statements' parameters. */
export interface Asked {
  /** `key` is the prefix. */
  readonly prefixes: readonly StoreKey[];
  readonly undos: readonly StoreRevision[];
  readonly pasts: readonly (StoreKey & StoreRevision)[];
  /** `key` is the idempotency key. */
  readonly answers: readonly StoreKey[];
  /** Whether numbers are reckoned with, so that short values have to be read. */
  readonly reckons: boolean;
}

export function gatherAsked(commits: readonly Commit[]): Asked {
  const prefixes: StoreKey[] = [];
  const undos: StoreRevision[] = [];
  const pasts: (StoreKey & StoreRevision)[] = [];
  const answers: StoreKey[] = [];
  let reckons = false;
  for (const { accountId, mutations, idempotency } of commits) {
    if (idempotency !== undefined) answers.push({ accountId, key: idempotency.key });
    for (const mutation of mutations) {
      switch (mutation.kind) {
        case 'delete_prefix':
          prefixes.push({ accountId, key: mutation.prefix });
          break;
        case 'copy_prefix':
        case 'move_prefix':
          prefixes.push({ accountId, key: mutation.from });
          break;
        case 'undo':
          undos.push({ accountId, revision: mutation.revision });
          break;
        case 'restore':
          pasts.push({ accountId, key: mutation.key, revision: mutation.revision });
          break;
        case 'add':
        case 'min':
        case 'max':
          reckons = true;
          break;
      }
    }
  }
  return { prefixes, undos, pasts, answers, reckons };
}

/** Asks for the keys under prefixes and those of commits to undo. */
export function expansionStatements({ prefixes, undos }: Asked): QueryArrayConfig[] {
  const ends = prefixes.map(({ key }) => prefixEnd(key) ?? highest);
  return [
    // One key more than may be changed tells that there are too many.
    prepared(listPrefixes, [...keyArrays(prefixes), textArray(ends), limits.prefixKeysMax + 1]),
    prepared(readUndone, revisionArrays(undos)),
  ];
}

/** Asks for pointers, and for past versions and answers where a commit needs them. */
export function keyStatements(
  { pasts, answers, reckons }: Asked,
  keys: readonly StoreKey[],
): QueryArrayConfig[] {
  const statements = [prepared(reckons ? readPointersShort : readPointers, keyArrays(keys))];
  if (pasts.length === 0 && answers.length === 0) return statements;
  const [accountIds, pastKeys] = keyArrays(pasts);
  const revisions = int8Array(pasts.map((past) => past.revision));
  statements.push(prepared(readPasts, [accountIds, pastKeys, revisions]));
  statements.push(prepared(readAnswers, keyArrays(answers)));
  return statements;
}

export function keyArrays(keys: readonly StoreKey[]): Buffer[] {
  return [int8Array(keys.map(({ accountId }) => accountId)), textArray(keys.map(({ key }) => key))];
}

function revisionArrays(revisions: readonly StoreRevision[]): Buffer[] {
  return [
    int8Array(revisions.map(({ accountId }) => accountId)),
    int8Array(revisions.map(({ revision }) => revision)),
  ];
}
