import type { AccountView } from 'halo-contract';
import { type Kysely, sql } from 'kysely';
import { databaseError } from '../database/failure.js';
import { type Credential, sessionLives } from '../database/live-session.js';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';

/** What an account may keep unless its own limits say otherwise. */
export interface DefaultLimits {
  readonly keysMax: number;
  readonly bytesMax: number;
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly created_at: Date;
  readonly revision: string;
  readonly keys: string;
  readonly bytes: string;
  readonly keys_max: string | null;
  readonly bytes_max: string | null;
}

/**
 * Returns who is logged in, with limits and usage. One statement checks the session and reads the account.
 *
 * @throws HaloError `session-ended` if the session does not live, `unavailable` without a database
 */
export async function viewAccount(
  database: Kysely<Tables>,
  { accountId, sessionId, secretHash }: Credential,
  { keysMax, bytesMax }: DefaultLimits,
): Promise<AccountView> {
  const query = sql<Row>`
    select a.id, a.name, a.created_at, t.revision, t.keys, t.bytes, t.keys_max, t.bytes_max
    from (select ${accountId}::bigint as account_id, ${sessionId}::text as session_id,
                 ${secretHash ?? null}::bytea as secret_hash) c
    join sessions s on s.account_id = c.account_id and s.id = c.session_id
    join accounts a on a.id = c.account_id
    join stores t on t.account_id = c.account_id
    where ${sql.raw(sessionLives('c.secret_hash'))}`;
  const { rows } = await query.execute(database).catch((error: unknown) => {
    throw databaseError(error, { committing: false });
  });
  const [row] = rows;
  if (row === undefined) throw new HaloError('session-ended', 'The session has ended. Log in again.');
  return {
    account: { id: row.id, name: row.name, created_at: row.created_at.toISOString() },
    // Counts and limits stay far below 2^53: the quotas that they are checked against are JSON integers.
    limits: { keys: Number(row.keys_max ?? keysMax), bytes: Number(row.bytes_max ?? bytesMax) },
    usage: { keys: Number(row.keys), bytes: Number(row.bytes) },
    revision: Number(row.revision),
  };
}
