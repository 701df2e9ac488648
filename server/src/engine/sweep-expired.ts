import type pg from 'pg';
import { databaseError } from '../database/failure.js';
import { int8Array } from './arrays.js';
import { findExpired } from './retention-statements.js';
import { prepared, type Row } from './statements.js';

/** Ends in one commit those of an account's keys whose time has come. */
export type EndExpired = (accountId: string, keys: readonly string[]) => Promise<unknown>;

/** Told of what failed without stopping the rest. */
export type Report = (what: string, error: unknown) => void;

/** The keys of a batch are ended by a flight or two, which other commits of their accounts wait for. */
const batchKeys = 500;
/** Ends a pass: what is left waits for the next one. */
const batchesMax = 20;

/**
 * Finds keys whose time has come and has them ended, oldest expiry first. Several may do so at once: the commit
 * that comes second finds nothing to end. An account whose commit fails is left out for the rest of the pass, so
 * that it does not keep the others waiting.
 *
 * @param onExpired told how many have been ended; another server may have been the one that did it
 * @throws HaloError when the keys cannot be looked for
 */
export async function sweepExpired(
  pool: pg.Pool,
  end: EndExpired,
  report: Report,
  signal: AbortSignal,
  onExpired: (keys: number) => void,
): Promise<void> {
  const failed = new Set<string>();
  for (let batch = 0; batch < batchesMax && !signal.aborted; batch += 1) {
    const expired = await find(pool, failed);
    let count = 0;
    const ends = [...expired].map(async ([accountId, keys]) => {
      count += keys.length;
      await end(accountId, keys).then(
        () => onExpired(keys.length),
        (error: unknown) => {
          failed.add(accountId);
          report('Keys that have expired could not be ended.', error);
        },
      );
    });
    await Promise.all(ends);
    if (count < batchKeys) return;
  }
}

/** By account. */
async function find(pool: pg.Pool, except: ReadonlySet<string>): Promise<Map<string, string[]>> {
  const statement = prepared(findExpired, [int8Array([...except]), batchKeys]);
  const { rows } = await pool.query<string[]>(statement).catch((error: unknown) => {
    throw databaseError(error, { committing: false });
  });
  return groupByAccount(rows);
}

/** The second column by the first, which is the account. */
export function groupByAccount(rows: readonly Row[]): Map<string, string[]> {
  const keysOf = new Map<string, string[]>();
  for (const [accountId, key] of rows) {
    if (accountId == null || key == null) continue;
    const keys = keysOf.get(accountId);
    if (keys === undefined) keysOf.set(accountId, [key]);
    else keys.push(key);
  }
  return keysOf;
}
