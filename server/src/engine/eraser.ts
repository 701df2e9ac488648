import type pg from 'pg';
import { databaseError } from '../database/failure.js';
import type { Statement } from './statements.js';

/**
 * Erases the data of accounts that were deleted, batch by batch: nothing reaches it any more, and however much it
 * is, nobody waits behind it. What is still to be erased is noted in `erasures`, so that a crash loses nothing.
 */
export interface Eraser {
  /** Erases one account's data for at most `msMax`; what is left is for the sweeper. Throws `unavailable`. */
  erase(accountId: string, msMax: number): Promise<void>;
  /** One bounded pass over all that are noted. Says whether there is more. Throws `unavailable`. */
  sweep(signal: AbortSignal): Promise<boolean>;
}

/** Everything that is kept by account, besides what the account row itself takes along. */
const tables = ['entries', 'trash', 'answers', 'versions', 'usage_days', 'audit_events', 'audit_chains'];

/** Removes rows of account $1 from a table, at most $2: those that nobody else is at. */
function eraseFrom(table: string): Statement {
  const text = `
    delete from ${table} where account_id = $1::bigint and ctid = any(array(
      select ctid from ${table} where account_id = $1::bigint limit $2 for update skip locked))`;
  return { name: `erase_${table}`, text };
}

/** Forgets account $1 when it has nothing left. */
const endErasure: Statement = {
  name: 'end_erasure',
  text: `
    delete from erasures where account_id = $1::bigint
      and not (${tables.map((table) => `exists (select from ${table} where account_id = $1::bigint)`).join(' or ')})`,
};

const erasing = tables.map(eraseFrom);
/** All of one account, for the test of their shape. */
export const eraseStatements: readonly Statement[] = [...erasing, endErasure];

/** Some ten milliseconds of work. */
const batchRows = 2_000;
const sweepMsMax = 10_000;
const accountsMax = 20;

export function createEraser(pool: pg.Pool): Eraser {
  return {
    erase: async (accountId, msMax) => {
      await eraseUntil(pool, accountId, performance.now() + msMax, new AbortController().signal);
    },
    sweep: async (signal) => {
      const until = performance.now() + sweepMsMax;
      const { rows } = await ask(pool, 'select account_id from erasures order by requested_at limit $1', [
        accountsMax,
      ]);
      for (const { account_id } of rows as { account_id: string }[]) {
        if (!(await eraseUntil(pool, account_id, until, signal))) return !signal.aborted;
      }
      return rows.length === accountsMax;
    },
  };
}

/** Says whether nothing is left. Several may be at one account: each takes rows that the others have not. */
async function eraseUntil(
  pool: pg.Pool,
  accountId: string,
  until: number,
  signal: AbortSignal,
): Promise<boolean> {
  for (const { text } of erasing) {
    for (;;) {
      if (signal.aborted || performance.now() > until) return false;
      const { rowCount } = await ask(pool, text, [accountId, batchRows]);
      if (rowCount === 0) break;
    }
  }
  // Rows that another server was at are found with the next pass.
  const { rowCount } = await ask(pool, endErasure.text, [accountId]);
  return rowCount === 1;
}

async function ask(pool: pg.Pool, text: string, values: readonly unknown[]) {
  return pool.query(text, [...values]).catch((error: unknown) => {
    throw databaseError(error, { committing: false });
  });
}
