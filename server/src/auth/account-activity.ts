import { type Kysely, sql } from 'kysely';
import { type Credential, sessionLives } from '../database/live-session.js';
import type { Tables } from '../database/tables.js';

/** Requests that a credential was used for. */
export interface Uses {
  reads: number;
  writes: number;
}

/**
 * Writes down the same as the one statement of `activity.ts`, account by account, for tables that are distributed by
 * account: three small statements each, of which every one concerns a single shard. Who fails is left out, and the
 * others are written; the first failure is thrown in the end.
 */
export async function writeDownByAccount(
  database: Kysely<Tables>,
  noted: ReadonlyMap<Credential, Uses>,
): Promise<void> {
  const accounts = new Map<string, [Credential, Uses][]>();
  for (const one of noted) {
    const [{ accountId }] = one;
    const its = accounts.get(accountId);
    if (its === undefined) accounts.set(accountId, [one]);
    else its.push(one);
  }
  const failures: unknown[] = [];
  for (const [accountId, its] of accounts) {
    await writeDownOf(database, accountId, its).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

async function writeDownOf(
  database: Kysely<Tables>,
  accountId: string,
  noted: readonly [Credential, Uses][],
): Promise<void> {
  const live = await placesOfLive(
    database,
    accountId,
    noted.map(([credential]) => credential),
  );
  if (live === undefined) return;
  // A forged API token counts for nobody; a log-in has proved itself, even if it has ended meanwhile.
  const proven = noted.filter(([{ secretHash }], index) => secretHash === undefined || live.has(index));
  if (proven.length === 0) return;
  const reads = proven.reduce((sum, [, uses]) => sum + uses.reads, 0);
  const writes = proven.reduce((sum, [, uses]) => sum + uses.writes, 0);
  await sql`
    insert into usage_days as d (account_id, day, reads, writes)
    values (${accountId}::bigint, (now() at time zone 'UTC')::date, ${reads}::bigint, ${writes}::bigint)
    on conflict (account_id, day)
    do update set reads = d.reads + excluded.reads, writes = d.writes + excluded.writes`.execute(database);
  const used = noted.flatMap(([{ sessionId }], index) => (live.has(index) ? [sessionId] : []));
  await sql`
    update sessions set last_used_at = now()
    where account_id = ${accountId}::bigint and id = any(${used}::text[])`.execute(database);
}

/** Which of the credentials, from 0, live; undefined when the account is gone. */
async function placesOfLive(
  database: Kysely<Tables>,
  accountId: string,
  credentials: readonly Credential[],
): Promise<ReadonlySet<number> | undefined> {
  const { rows } = await sql<{ n: string | null }>`
    select live.n
    from stores t
    left join (
      select c.n
      from unnest(
        ${credentials.map(({ sessionId }) => sessionId)}::text[],
        ${credentials.map(({ secretHash }) => secretHash ?? null)}::bytea[]
      ) with ordinality as c (id, hash, n)
      join sessions s on s.account_id = ${accountId}::bigint and s.id = c.id
      where ${sql.raw(sessionLives('c.hash'))}
    ) as live on true
    where t.account_id = ${accountId}::bigint`.execute(database);
  if (rows.length === 0) return undefined;
  return new Set(rows.flatMap(({ n }) => (n === null ? [] : [Number(n) - 1])));
}
