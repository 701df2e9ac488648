import { limits, type UsageReport } from 'halo-contract';
import { type Kysely, sql } from 'kysely';
import type { Flight } from '../database/database.js';
import { databaseError } from '../database/failure.js';
import { type Credential, sessionLives } from '../database/live-session.js';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';
import { type Uses, writeDownByAccount } from './account-activity.js';
import { type Acting, actingSession } from './acting-session.js';
import { withDatabase } from './transaction.js';

/**
 * Counts the requests that credentials are used for: a read or a write costs a look-up in memory, and every minute
 * the sums are written down. What is not yet written is lost with the process; nothing depends on it.
 */
export interface Activity {
  /** Takes note of a request; that its session lives need not have been checked. */
  note(credential: Credential, kind: 'read' | 'write'): void;
  /** Writes down what was noted so far. Throws `unavailable`, and then forgets it. */
  flush(): Promise<void>;
}

/** Forged tokens come in any number; what is beyond this is not counted until the next minute. */
const credentialsMax = 50_000;

/** @param flight where it is 'account', every statement concerns one account only */
export function createActivity(database: Kysely<Tables>, flight: Flight = 'mixed'): Activity {
  const write = flight === 'account' ? writeDownByAccount : writeDown;
  let noted = new Map<Credential, Uses>();
  return {
    note(credential, kind) {
      let uses = noted.get(credential);
      if (uses === undefined) {
        if (noted.size >= credentialsMax) return;
        uses = { reads: 0, writes: 0 };
        noted.set(credential, uses);
      }
      if (kind === 'read') uses.reads += 1;
      else uses.writes += 1;
    },
    async flush() {
      if (noted.size === 0) return;
      const uses = noted;
      noted = new Map();
      await write(database, uses).catch((error: unknown) => {
        throw databaseError(error, { committing: false });
      });
    },
  };
}

/**
 * One statement. A forged API token counts for nobody: its secret is compared like everywhere. Servers that write
 * at once do not wait for each other's sessions, and meet the days in the order of the accounts.
 */
async function writeDown(database: Kysely<Tables>, noted: ReadonlyMap<Credential, Uses>): Promise<void> {
  const credentials = [...noted.keys()];
  const uses = [...noted.values()];
  await sql`
    with used as (
      select * from unnest(
        ${credentials.map(({ accountId }) => accountId)}::bigint[],
        ${credentials.map(({ sessionId }) => sessionId)}::text[],
        ${credentials.map(({ secretHash }) => secretHash ?? null)}::bytea[],
        ${uses.map(({ reads }) => reads)}::bigint[],
        ${uses.map(({ writes }) => writes)}::bigint[]
      ) as u(account_id, session_id, hash, reads, writes)
    ), proven as (
      select u.account_id, u.reads, u.writes from used u join accounts a on a.id = u.account_id
      where u.hash is null or exists (
        select from sessions s
        where s.account_id = u.account_id and s.id = u.session_id and ${sql.raw(sessionLives('u.hash'))})
    ), here as (
      select s.account_id, s.id
      from used u join sessions s on s.account_id = u.account_id and s.id = u.session_id
      where ${sql.raw(sessionLives('u.hash'))}
      for no key update of s skip locked
    ), touched as (
      update sessions s set last_used_at = now()
      from here where s.account_id = here.account_id and s.id = here.id
    )
    insert into usage_days as d (account_id, day, reads, writes)
    select account_id, (now() at time zone 'UTC')::date, sum(reads), sum(writes)
    from proven group by account_id order by account_id
    on conflict (account_id, day)
    do update set reads = d.reads + excluded.reads, writes = d.writes + excluded.writes`.execute(database);
}

/**
 * Reads and writes of the account by the day.
 *
 * @throws HaloError `session-ended`, `unavailable`
 */
export async function reportUsage(database: Kysely<Tables>, credential: Credential): Promise<UsageReport> {
  const { rows } = await withDatabase(() =>
    sql<Acting & UsageReport['days'][number]>`
      select acting.kind, to_char(days.day, 'YYYY-MM-DD') as day,
        coalesce(d.reads, 0)::float8 as reads, coalesce(d.writes, 0)::float8 as writes
      from (${actingSession(credential)}) acting
      cross join generate_series(
        (now() at time zone 'UTC')::date - ${limits.usageDays - 1}::int, (now() at time zone 'UTC')::date, '1 day'
      ) as days(day)
      left join usage_days d on d.account_id = ${credential.accountId}::bigint and d.day = days.day::date
      order by days.day`.execute(database),
  );
  if (rows.length === 0) throw new HaloError('session-ended', 'The session has ended. Log in again.');
  return { days: rows.map(({ day, reads, writes }) => ({ day, reads, writes })) };
}

/** Deletes the days that no report shows any more. */
export async function pruneUsage(database: Kysely<Tables>): Promise<void> {
  await withDatabase(() =>
    sql`delete from usage_days where day < (now() at time zone 'UTC')::date - ${limits.usageDays}::int`.execute(
      database,
    ),
  );
}
