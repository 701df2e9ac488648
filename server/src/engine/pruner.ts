import type pg from 'pg';
import { databaseError } from '../database/failure.js';
import type { SweepWatch } from '../observability/sweep-watch.js';
import { int8Array, textArray } from './arrays.js';
import {
  emptyVersions,
  findHorizon,
  findOldAnswers,
  findOldSessions,
  findStores,
  findSurplus,
  lockToPrune,
  putCounted,
  putHorizon,
  removeAnswers,
  removeBuried,
  removeEnds,
  removeSessions,
  removeSuperseded,
} from './retention-statements.js';
import { prepared, type Row, type Statement } from './statements.js';
import { groupByAccount, type Report } from './sweep-expired.js';
import { transact } from './transaction.js';

/**
 * Keeps history within its bounds. Its promises: a live key's current version is never touched; from an account's
 * horizon on the log has every revision and every key can be read as it stood; and nothing is taken away while a
 * commit reads it, because pruning holds the same lock as commits do.
 *
 * By age, versions that were superseded before the horizon are deleted, with the keys that lay in the trash then.
 * By number, versions lose their content but keep their place in the log until the horizon reaches them: without
 * it the change feed would have gaps, and undo would take a commit for smaller than it was.
 */
export interface Retention {
  /** How long a version is kept after another took its place. */
  readonly ageMs: number;
  /**
   * How many versions of a key keep their value, the current one included; at least 1. From eight on it may be some
   * more, by a quarter of this on average: looking at every key that changes would cost more than the changes.
   */
  readonly versionsMax: number;
}

/** Does a bounded amount of work and answers whether there is more. */
export type Prune = (signal: AbortSignal) => Promise<boolean>;

/** Looked at in one pass: an index look-up each. */
const storesMax = 500;
/** Rows of the log a transaction goes through: a few milliseconds, for which the account's commits wait. */
const batchRows = 500;
/** And while nobody waits. */
const countedRows = 5_000;
/** Of one store in one pass, so that a store with much to do does not keep the others waiting. */
const batchesMax = 20;
/** Versions emptied by one transaction. More are found only when the number to keep was lowered. */
const surplusMax = 2_000;
/** Answers and sessions deleted in one pass. */
const leftoversMax = 1_000;
/** "Halo" in ASCII, to tell our advisory locks from those of others in the same database. */
const lockClass = 0x48616c6f;

/** A pruner that goes from store to store, and remembers between passes where it was. */
export function createPruner(
  pool: pg.Pool,
  { ageMs, versionsMax }: Retention,
  report: Report,
  onPruned: SweepWatch['pruned'],
): Prune {
  let last = '0';

  async function prune(signal: AbortSignal): Promise<boolean> {
    await removeLeftovers(pool, findOldAnswers, removeAnswers);
    await removeLeftovers(pool, findOldSessions, removeSessions);
    const stores = await ask(pool, findStores, [last, storesMax, ageMs]);
    let more = stores.length === storesMax;
    for (const [accountId, hasOld, hasNew] of stores) {
      if (accountId == null || signal.aborted) break;
      last = accountId;
      try {
        if (hasOld === 't')
          more = (await repeat(signal, () => pruneByAge(pool, accountId, ageMs, onPruned))) || more;
        if (hasNew === 't')
          more = (await repeat(signal, () => pruneByNumber(pool, accountId, versionsMax, onPruned))) || more;
      } catch (error) {
        report('The history of an account could not be pruned.', error);
      }
    }
    if (stores.length < storesMax) last = '0';
    return more;
  }

  return prune;
}

/** Account by account: those of several may lie on several machines. What was found may be gone by then. */
async function removeLeftovers(pool: pg.Pool, find: Statement, remove: Statement): Promise<void> {
  const namesOf = groupByAccount(await ask(pool, find, [leftoversMax]));
  for (const [accountId, names] of namesOf) await ask(pool, remove, [accountId, textArray(names)]);
}

/** Answers whether there was more to do when the bound was reached. */
async function repeat(signal: AbortSignal, step: () => Promise<boolean>): Promise<boolean> {
  for (let batch = 0; batch < batchesMax && !signal.aborted; batch += 1) {
    if (!(await step())) return false;
  }
  return true;
}

/** Moves the horizon over the next stretch of the log, and answers whether there may be more behind it. */
async function pruneByAge(
  pool: pg.Pool,
  accountId: string,
  ageMs: number,
  onPruned: SweepWatch['pruned'],
): Promise<boolean> {
  const { more, revisions } = await transact(pool, async (askLocked) => {
    const [locked = [], found = []] = await askLocked([
      prepared(lockToPrune, [accountId, lockClass]),
      prepared(findHorizon, [accountId, batchRows, ageMs]),
    ]);
    const from = locked[0]?.[0];
    const [to, more] = found[0] ?? [];
    if (from == null || to == null) return { outcome: { more: false, revisions: 0 }, writes: [] };
    const writes = [
      prepared(removeSuperseded, [accountId, from, to]),
      prepared(removeBuried, [accountId, from, to]),
      prepared(removeEnds, [accountId, from, to]),
      prepared(putHorizon, [accountId, to]),
    ];
    return { outcome: { more: more === 't', revisions: Number(to) - Number(from) }, writes };
  });
  onPruned('revisions', revisions);
  return more;
}

/**
 * Empties what is too many among the keys of the next stretch of the log. What has more newer versions than are
 * kept stays so: it can be looked for before the lock is taken.
 */
async function pruneByNumber(
  pool: pg.Pool,
  accountId: string,
  versionsMax: number,
  onPruned: SweepWatch['pruned'],
): Promise<boolean> {
  const drawnOf = Math.max(1, Math.floor(versionsMax / 4));
  const rows = await ask(pool, findSurplus, [accountId, countedRows, versionsMax, surplusMax, drawnOf]);
  const [until, more] = rows[0] ?? [];
  if (until == null) return false;
  const revisions: string[] = [];
  const keys: string[] = [];
  for (const [, , revision, key] of rows) {
    if (revision == null || key == null) continue;
    revisions.push(revision);
    keys.push(key);
  }
  const isCutShort = keys.length === surplusMax;
  const isLeft = await transact(pool, async (askLocked) => {
    const [locked = []] = await askLocked([prepared(lockToPrune, [accountId, lockClass])]);
    if (locked.length === 0) return { outcome: undefined, writes: [] };
    const empty = prepared(emptyVersions, [accountId, int8Array(revisions), textArray(keys)]);
    const counted = prepared(putCounted, [accountId, until]);
    // What was cut short is looked through once more: the walk then ends where this one began.
    const writes = [...(keys.length > 0 ? [empty] : []), ...(isCutShort ? [] : [counted])];
    return { outcome: more === 't' || isCutShort, writes };
  });
  if (isLeft !== undefined) onPruned('versions', keys.length);
  return isLeft ?? false;
}

async function ask(pool: pg.Pool, statement: Statement, values: readonly unknown[]): Promise<readonly Row[]> {
  try {
    return (await pool.query<string[]>(prepared(statement, [...values]))).rows;
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
}
