import { type Kysely, sql } from 'kysely';
import { databaseError } from '../database/failure.js';
import type { Tables } from '../database/tables.js';
import { parseAccountName } from './account-name.js';
import { noSuchAccount } from './administration.js';

/** An account as the operator sees it: what it may and does keep, never what that is. */
export interface AccountSummary {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  /** Null: it is not disabled. */
  readonly disabledAt: Date | null;
  readonly keys: number;
  readonly bytes: number;
  /** Null: the server's default. */
  readonly keysMax: number | null;
  readonly bytesMax: number | null;
  /** Log-ins that live. */
  readonly sessions: number;
  /** API tokens that have not expired, held ones included. */
  readonly tokens: number;
}

/** A page takes some milliseconds and little memory, however many accounts there are. */
const pageAccounts = 500;

/** Less than any folded name. */
const beforeAll = '';

/**
 * Yields all accounts by name, read page by page: an account that comes or goes meanwhile may be missed. Throws
 * `unavailable`.
 */
export async function* listAccounts(database: Kysely<Tables>): AsyncGenerator<AccountSummary[]> {
  let after = beforeAll;
  for (;;) {
    const rows = await select(database, sql`a.name_folded > ${after}`);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(summaryOf);
    if (rows.length < pageAccounts) return;
    after = last.name_folded;
  }
}

/** Throws `not-found`, `unavailable`. */
export async function findAccount(database: Kysely<Tables>, name: string): Promise<AccountSummary> {
  const folded = parseAccountName(name)?.folded;
  const [row] = folded === undefined ? [] : await select(database, sql`a.name_folded = ${folded}`);
  if (row === undefined) throw noSuchAccount(name);
  return summaryOf(row);
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly name_folded: string;
  readonly created_at: Date;
  readonly disabled_at: Date | null;
  readonly keys: string;
  readonly bytes: string;
  readonly keys_max: string | null;
  readonly bytes_max: string | null;
  readonly sessions: string;
  readonly tokens: string;
}

async function select(database: Kysely<Tables>, condition: ReturnType<typeof sql>): Promise<Row[]> {
  const query = sql<Row>`
    select a.id, a.name, a.name_folded, a.created_at, a.disabled_at, t.keys, t.bytes, t.keys_max, t.bytes_max,
           s.sessions, s.tokens
    from accounts a
    join stores t on t.account_id = a.id
    cross join lateral (
      select count(*) filter (where kind = 'login') as sessions,
             count(*) filter (where kind <> 'login') as tokens
      from sessions where account_id = a.id and expires_at > now()
    ) s
    where ${condition}
    order by a.name_folded
    limit ${pageAccounts}`;
  const { rows } = await query.execute(database).catch((error: unknown) => {
    throw databaseError(error, { committing: false });
  });
  return rows;
}

function summaryOf(row: Row): AccountSummary {
  // Counts and limits stay below 2^53: commits are checked against quotas that are.
  const orNull = (value: string | null): number | null => (value === null ? null : Number(value));
  return {
    id: row.id,
    name: row.name,
    createdAt: row.created_at,
    disabledAt: row.disabled_at,
    keys: Number(row.keys),
    bytes: Number(row.bytes),
    keysMax: orNull(row.keys_max),
    bytesMax: orNull(row.bytes_max),
    sessions: Number(row.sessions),
    tokens: Number(row.tokens),
  };
}
