import type pg from 'pg';
import { databaseError } from '../database/failure.js';
import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { textArray } from './arrays.js';
import type { Commit, Mutation, SetMutation } from './commit.js';
import type { Accepted } from './plan.js';
import { prepared, type Row } from './statements.js';
import { readPresence } from './transfer-statements.js';

/**
 * Imports a part of a file as one ordinary commit. Its promise: when it resolves, every line of the part was
 * either set durably, left out for a reason that is told, or comes after the line at which the import stopped;
 * when it rejects, none was set, unless the outcome is unknown.
 */
export interface Part {
  readonly entries: readonly Incoming[];
  readonly onConflict: OnConflict;
  readonly dryRun: boolean;
}

/** What to do about keys that exist: leave them, replace them, or stop at the first. */
export type OnConflict = 'skip' | 'replace' | 'fail';

export interface Incoming {
  readonly line: number;
  /** Without a condition: what applies follows from `onConflict`. */
  readonly set: SetMutation;
}

export interface Imported {
  /** Undefined when there was nothing to set. */
  readonly revision: number | undefined;
  readonly imported: number;
  readonly skipped: number;
  readonly refused: readonly Refused[];
  /** Where the import is to end; what came before is done. */
  readonly stopped: Refused | undefined;
}

export interface Refused {
  readonly line: number;
  readonly error: HaloError;
}

type CommitAll = (commit: Commit) => Promise<Accepted>;

/** What is left to be done of a part. */
interface Sorted {
  readonly wanted: readonly Incoming[];
  readonly skipped: number;
  readonly refused: readonly Refused[];
  readonly stopped: Refused | undefined;
}

/** @throws HaloError `session-ended`, `quota-exceeded`, `overloaded`, `unavailable`, `outcome-unknown` */
export async function importPart(
  pool: pg.Pool,
  commit: CommitAll,
  credential: Credential,
  part: Part,
): Promise<Imported> {
  let sorted = sort(await look(pool, credential, part.entries), part);
  while (sorted.wanted.length > 0) {
    const { wanted, ...left } = sorted;
    try {
      const { revision } = await commit(commitOf(credential, wanted, part));
      return { revision, imported: wanted.length, ...left };
    } catch (error) {
      sorted = withoutRefused(sorted, error, part.onConflict);
    }
  }
  const { wanted: _none, ...left } = sorted;
  return { revision: undefined, imported: 0, ...left };
}

/**
 * Finds out beforehand which keys exist and which are out of reach: a commit would be refused as a whole, once
 * for each of them.
 */
async function look(
  pool: pg.Pool,
  { accountId, sessionId, secretHash }: Credential,
  entries: readonly Incoming[],
): Promise<readonly Seen[]> {
  const keys = textArray(entries.map(({ set }) => set.key));
  const statement = prepared(readPresence, [accountId, sessionId, secretHash ?? null, keys]);
  try {
    const rows: readonly Row[] = (await pool.query<string[]>(statement)).rows;
    if (rows.length < entries.length) throw new HaloError('session-ended', 'The session has ended.');
    return entries.map((incoming, index) => {
      const [, isReached, exists] = rows[index] ?? [];
      return { incoming, isReached: isReached === 't', exists: exists === 't' };
    });
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
}

interface Seen {
  readonly incoming: Incoming;
  readonly isReached: boolean;
  readonly exists: boolean;
}

function sort(seen: readonly Seen[], { onConflict }: Part): Sorted {
  const wanted: Incoming[] = [];
  const refused: Refused[] = [];
  const present = new Set<string>();
  let skipped = 0;
  for (const { incoming, isReached, exists } of seen) {
    const { line, set } = incoming;
    if (!isReached) refused.push({ line, error: outOfScope() });
    else if (onConflict === 'replace' || !(exists || present.has(set.key))) wanted.push(incoming);
    else if (onConflict === 'skip') skipped += 1;
    else return { wanted, skipped, refused, stopped: { line, error: conflict() } };
    present.add(set.key);
  }
  return { wanted, skipped, refused, stopped: undefined };
}

function commitOf(credential: Credential, wanted: readonly Incoming[], part: Part): Commit {
  // What the look saw may have changed since.
  const condition =
    part.onConflict === 'replace' ? undefined : ({ match: undefined, noneMatch: '*' } as const);
  const mutations: Mutation[] = wanted.map(({ set }) => ({ ...set, condition }));
  const { accountId } = credential;
  return { credential, accountId, checks: [], mutations, dryRun: part.dryRun, idempotency: undefined };
}

/**
 * What is left after a commit was refused because of one of its entries: rare, for only what changed since the
 * look is met here.
 *
 * @throws the error itself when it is about no single entry
 */
function withoutRefused(sorted: Sorted, error: unknown, onConflict: OnConflict): Sorted {
  if (!(error instanceof HaloError)) throw error;
  const { wanted, skipped } = sorted;
  const index = wanted.length === 1 ? 0 : error.extra?.mutation;
  const culprit = typeof index === 'number' ? wanted[index] : undefined;
  if (culprit === undefined || typeof index !== 'number') throw error;
  const isConflict = error.code === 'precondition-failed';
  if (isConflict && onConflict === 'fail') {
    const { line } = culprit;
    const refused = sorted.refused.filter((before) => before.line < line);
    return { wanted: wanted.slice(0, index), skipped, refused, stopped: { line, error: conflict() } };
  }
  // An expiry that was still to come when the line was read, and is over now.
  if (!isConflict && error.code !== 'invalid-value') throw error;
  return { ...sorted, wanted: wanted.toSpliced(index, 1), skipped: skipped + 1 };
}

function conflict(): HaloError {
  return new HaloError('precondition-failed', 'The key exists already.', { extra: { pointer: '/key' } });
}

function outOfScope(): HaloError {
  const extra = { pointer: '/key' };
  return new HaloError('insufficient-scope', 'This token reaches only keys with its prefix.', { extra });
}
