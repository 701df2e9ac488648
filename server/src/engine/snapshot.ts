import { limits } from 'halo-contract';
import type pg from 'pg';
import { databaseError } from '../database/failure.js';
import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { textArray } from './arrays.js';
import { readSnapshot } from './list-statements.js';
import { type ListedEntry, parseEntry } from './listed-entry.js';
import { prepared, type Row } from './statements.js';

/**
 * Reads many keys at once. Its promise: the entries are one snapshot, taken by the one statement that also
 * checks the session and tells the revision; either all of what was asked is answered or nothing.
 */
export interface Snapshot {
  /** In the order asked; undefined where there is no such key. Each has its value, if values were asked for. */
  readonly entries: readonly (ListedEntry | undefined)[];
  /** The account's revision that the entries show. */
  readonly revision: number;
}

/** What `readSnapshot` takes for no values at all, however small they are. */
const noValues = -1;

/**
 * The entries of up to 1,000 keys; the same key may be asked for more than once.
 *
 * @param withValues false: values are neither read nor counted
 * @throws HaloError `insufficient-scope` when the session does not reach one of the keys, whether it exists or
 * not; `too-large` when their values are over 32 MiB together; `session-ended`, `unavailable`
 */
export async function readSnapshotOf(
  pool: pg.Pool,
  { accountId, sessionId, secretHash }: Credential,
  keys: readonly string[],
  withValues = true,
): Promise<Snapshot> {
  const rows = await ask(pool, [
    ...[accountId, sessionId, secretHash ?? null],
    textArray(keys),
    withValues ? limits.readValueBytesMax : noValues,
  ]);
  const [first] = rows;
  if (first === undefined) throw new HaloError('session-ended', 'The session has ended.');
  const outside = rows.filter(([, , inScope]) => inScope !== 't').map(([, n]) => Number(n) - 1);
  if (outside.length > 0) {
    throw new HaloError('insufficient-scope', 'This token reaches only keys with its prefix.', {
      extra: { pointer: `/keys/${Math.min(...outside)}` },
    });
  }
  const [revision, , , total] = first;
  if (withValues && Number(total) > limits.readValueBytesMax) {
    throw new HaloError('too-large', 'The values are over 32 MiB together: ask for fewer keys at once.');
  }
  const entries: (ListedEntry | undefined)[] = new Array(keys.length).fill(undefined);
  for (const [, n, , , ...columns] of rows) entries[Number(n) - 1] = parseEntry(columns);
  return { entries, revision: Number(revision) };
}

async function ask(pool: pg.Pool, values: unknown[]): Promise<readonly Row[]> {
  try {
    return (await pool.query<string[]>(prepared(readSnapshot, values))).rows;
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
}
