import { createHash } from 'node:crypto';
import { type AuditEvent, type AuditEventName, type AuditPage, auditOrigin, auditText } from 'halo-contract';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Credential } from '../database/live-session.js';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';
import { type Acting, actingSession, checkLogIn } from './acting-session.js';
import { type Origin, storedOrigin } from './origin.js';
import { inTransaction, withDatabase } from './transaction.js';

/** What happened, as it is told to the trail. No secret, and nothing that a stranger typed, may be in it. */
export interface AuditEntry extends Partial<Origin> {
  /** The account, or `serverTrail`. */
  readonly accountId: string;
  readonly event: AuditEventName;
  readonly actor: AuditEvent['actor'];
  /** The session that acted. */
  readonly session?: string | undefined;
  /** The session or token that it was done to. */
  readonly subject?: string | undefined;
  readonly subjectName?: string | undefined;
}

/** The trail of what concerns no account there is: log-ins under names that nobody has, accounts that are gone. */
export const serverTrail = '0';

const dayMs = 86_400_000;
/** Deleted at a time, so that no statement runs long. */
const pruneRows = 5_000;

/**
 * Appends to an account's trail within the caller's transaction, so that the event is recorded if and only if it
 * happened. Locks the end of the trail: it comes last in every transaction, after accounts, stores and sessions,
 * so that no two wait for each other.
 */
export async function appendAudit(transaction: Kysely<Tables>, entry: AuditEntry): Promise<void> {
  const { accountId, event, actor } = entry;
  const link = await transaction
    .insertInto('audit_chains')
    .values({ account_id: accountId, number: 1, hash: Buffer.from(auditOrigin, 'hex') })
    .onConflict((conflict) =>
      conflict.column('account_id').doUpdateSet({ number: sql<string>`audit_chains.number + 1` }),
    )
    .returning(['number', 'hash'])
    .executeTakeFirstOrThrow();
  // After the lock, so that times are in the order of numbers. By itself: Citus returns no clock from an insert.
  const { at } = await transaction
    .selectNoFrom(sql<Date>`clock_timestamp()::timestamptz(3)`.as('at'))
    .executeTakeFirstOrThrow();
  const { device, address } = storedOrigin({ device: entry.device, address: entry.address });
  const told = {
    event,
    actor,
    session: entry.session ?? null,
    subject: entry.subject ?? null,
    subject_name: entry.subjectName ?? null,
    device,
    address,
  };
  const number = Number(link.number);
  const hash = linkHash(link.hash, { ...told, number, at: at.toISOString() });
  await transaction
    .insertInto('audit_events')
    .values({ account_id: accountId, number, at, ...told, previous_hash: link.hash, hash })
    .execute();
  await transaction.updateTable('audit_chains').set({ hash }).where('account_id', '=', accountId).execute();
}

/**
 * Records in a transaction of its own what changed nothing else, such as a wrong password. An account that was
 * deleted meanwhile gets no new trail.
 */
export async function recordAudit(database: Kysely<Tables>, entry: AuditEntry): Promise<void> {
  await inTransaction(database, 'unavailable', async (transaction) => {
    const { accountId } = entry;
    const lives = accountId === serverTrail || (await keepAccount(transaction, accountId));
    if (lives) await appendAudit(transaction, entry);
  });
}

/** Keeps an account from being deleted until the transaction ends. Says whether it exists. */
async function keepAccount(transaction: Kysely<Tables>, accountId: string): Promise<boolean> {
  const { rows } = await sql`select from accounts where id = ${accountId}::bigint for key share`.execute(
    transaction,
  );
  return rows.length > 0;
}

/**
 * A page of the account's events, newest first, for a person who is logged in.
 *
 * @throws HaloError `invalid-request`, `session-ended`, `insufficient-scope`, `unavailable`
 */
export async function listAudit(
  database: Kysely<Tables>,
  credential: Credential,
  { limit, cursor }: { readonly limit: number; readonly cursor: string | undefined },
): Promise<AuditPage> {
  const before = cursor === undefined ? undefined : readCursor(cursor);
  const { rows } = await withDatabase(() =>
    sql<Acting & (EventRow | NoEvent)>`
      with acting as (${actingSession(credential)})
      select acting.kind, e.*
      from acting left join lateral (
        select * from audit_events e
        where acting.kind = 'login' and e.account_id = ${credential.accountId}::bigint
          and (${before ?? null}::bigint is null or e.number < ${before ?? null}::bigint)
        order by e.number desc limit ${limit + 1}
      ) e on true
      order by e.number desc`.execute(database),
  );
  checkLogIn(rows);
  const events = rows.flatMap((row) => (row.number === null ? [] : auditEvent(row)));
  const page = events.slice(0, limit);
  const last = page.at(-1);
  return { events: page, cursor: events.length > limit && last !== undefined ? String(last.number) : null };
}

/** Reads any trail, newest first, for the operator. */
export async function readAudit(
  database: Kysely<Tables>,
  accountId: string,
  { before, limit }: { readonly before?: number | undefined; readonly limit: number },
): Promise<AuditEvent[]> {
  let query = database.selectFrom('audit_events').selectAll().where('account_id', '=', accountId);
  if (before !== undefined) query = query.where('number', '<', String(before));
  const rows = await withDatabase(() => query.orderBy('number', 'desc').limit(limit).execute());
  return rows.map(auditEvent);
}

/**
 * Recomputes a stretch of a trail, oldest first.
 *
 * @param previousHash what the first event's `previous_hash` must be; left out, it is believed, since older
 * events may have been pruned
 * @returns the first event that does not fit, or undefined when all do
 */
export function verifyAudit(
  events: readonly AuditEvent[],
  previousHash?: string,
): { readonly number: number; readonly reason: string } | undefined {
  let expected = previousHash ?? events[0]?.previous_hash;
  let previous: number | undefined;
  for (const event of events) {
    const { number, previous_hash, hash } = event;
    if (previous !== undefined && number !== previous + 1) {
      return { number, reason: `Event ${previous + 1} is missing before it.` };
    }
    if (previous_hash !== expected) return { number, reason: 'It does not follow the event before it.' };
    if (number === 1 && previous_hash !== auditOrigin)
      return { number, reason: 'It is not the first event.' };
    const made = linkHash(Buffer.from(previous_hash, 'hex'), event).toString('hex');
    if (made !== hash) return { number, reason: 'It was changed after it had been written.' };
    expected = hash;
    previous = number;
  }
  return undefined;
}

/** Deletes events that are older than they are kept, some at a time. Says whether there is more to delete. */
export async function pruneAudit(database: Kysely<Tables>, days: number): Promise<boolean> {
  const before = new Date(Date.now() - days * dayMs);
  const { rows } = await withDatabase(() =>
    sql<{ account_id: string; count: string; last: string }>`
      select account_id, count(*) as count, max(number) as last
      from (select account_id, number from audit_events where at < ${before} order by at limit ${pruneRows}) old
      group by account_id`.execute(database),
  );
  // Trail by trail: those of several accounts may lie on several machines.
  for (const { account_id, last } of rows) {
    const old = database.deleteFrom('audit_events').where('account_id', '=', account_id);
    await withDatabase(() => old.where('number', '<=', last).where('at', '<', before).execute());
  }
  return rows.reduce((sum, { count }) => sum + Number(count), 0) === pruneRows;
}

function linkHash(previous: Buffer, event: Parameters<typeof auditText>[0]): Buffer {
  return createHash('sha256').update(previous).update(auditText(event)).digest();
}

type EventRow = Selectable<Tables['audit_events']>;

/** The acting session alone, where there is nothing to show. */
interface NoEvent {
  readonly number: null;
}

function auditEvent(row: EventRow): AuditEvent {
  return {
    number: Number(row.number),
    at: row.at.toISOString(),
    event: row.event as AuditEventName,
    actor: row.actor,
    session: row.session,
    subject: row.subject,
    subject_name: row.subject_name,
    device: row.device,
    address: row.address,
    previous_hash: row.previous_hash.toString('hex'),
    hash: row.hash.toString('hex'),
  };
}

function readCursor(cursor: string): number {
  const number = Number(cursor);
  if (/^[1-9]\d{0,15}$/.test(cursor) && Number.isSafeInteger(number)) return number;
  throw new HaloError('invalid-request', '/cursor is not one that a page gave.', {
    extra: { pointer: '/cursor' },
  });
}
