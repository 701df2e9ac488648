import { createHash } from 'node:crypto';
import { type AuditEvent, type AuditEventName, auditOrigin, auditText } from 'halo-contract';
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../database/tables.js';

export interface AuditEntry {
  readonly accountId: string;
  readonly event: AuditEventName;
  readonly actor: AuditEvent['actor'];
  readonly session?: string;
  readonly subject?: string;
  readonly subjectName?: string;
  readonly device?: string;
  readonly address?: string;
}

/**
 * Adds an event to an account's trail, in the caller's transaction and as its last lock: the end of the trail
 * stays locked until the transaction ends, so that numbers are gapless and each hash covers the one before.
 */
export async function appendAudit(transaction: Kysely<Tables>, entry: AuditEntry): Promise<void> {
  const { accountId } = entry;
  const origin = Buffer.from(auditOrigin, 'hex');
  await transaction
    .insertInto('audit_chains')
    .values({ account_id: accountId, number: 0, hash: origin })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const end = await transaction
    .selectFrom('audit_chains')
    .select(['number', 'hash', sql<Date>`clock_timestamp()`.as('at')])
    .where('account_id', '=', accountId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  const number = Number(end.number) + 1;
  const content = {
    event: entry.event,
    actor: entry.actor,
    session: entry.session ?? null,
    subject: entry.subject ?? null,
    subject_name: entry.subjectName ?? null,
    device: entry.device ?? null,
    address: entry.address ?? null,
  };
  const hash = hashOf(end.hash, auditText({ number, at: end.at.toISOString(), ...content }));
  await transaction
    .insertInto('audit_events')
    .values({ account_id: accountId, number, at: end.at, ...content, previous_hash: end.hash, hash })
    .execute();
  await transaction
    .updateTable('audit_chains')
    .set({ number, hash })
    .where('account_id', '=', accountId)
    .execute();
}

/** The events of an account, the newest first: those below the number `before`, or from the newest on. */
export async function readAudit(
  database: Kysely<Tables>,
  accountId: string,
  { before, limit }: { readonly before?: number; readonly limit: number },
): Promise<AuditEvent[]> {
  let query = database.selectFrom('audit_events').selectAll().where('account_id', '=', accountId);
  if (before !== undefined) query = query.where('number', '<', String(before));
  const rows = await query.orderBy('number', 'desc').limit(limit).execute();
  return rows.map(({ account_id: _, number, at, event, previous_hash, hash, ...rest }) => ({
    ...rest,
    number: Number(number),
    at: at.toISOString(),
    event: event as AuditEventName,
    previous_hash: previous_hash.toString('hex'),
    hash: hash.toString('hex'),
  }));
}

/**
 * Recomputes the hashes of a stretch of a trail, the oldest event first, and returns its first fault.
 *
 * @param previousHash what the first event must follow; undefined: whatever it says
 */
export function verifyAudit(
  events: readonly AuditEvent[],
  previousHash?: string,
): { readonly number: number; readonly reason: string } | undefined {
  let previous = previousHash;
  let numberBefore: number | undefined;
  for (const event of events) {
    const { number, previous_hash, hash } = event;
    if (numberBefore !== undefined && number !== numberBefore + 1) {
      return { number, reason: `it follows event ${numberBefore}, so that events are missing between them` };
    }
    if (previous !== undefined && previous_hash !== previous) {
      return { number, reason: 'it does not continue the event before it' };
    }
    if (hashOf(Buffer.from(previous_hash, 'hex'), auditText(event)).toString('hex') !== hash) {
      return { number, reason: 'its content does not match its hash' };
    }
    previous = hash;
    numberBefore = number;
  }
  return undefined;
}

function hashOf(previous: Buffer, text: string): Buffer {
  return createHash('sha256').update(previous).update(text).digest();
}
