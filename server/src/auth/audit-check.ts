import { type AuditEvent, auditOrigin } from 'halo-contract';
import { type Kysely, sql, type Transaction } from 'kysely';
import { databaseError } from '../database/failure.js';
import type { Tables } from '../database/tables.js';
import { readAudit, verifyAudit } from './audit.js';

/** What a check of one trail found. */
export interface TrailCheck {
  readonly accountId: string;
  /** Null: the server's own trail, or one whose account is gone. */
  readonly name: string | null;
  /** The kept events' numbers; null when none is kept. */
  readonly first: number | null;
  readonly last: number | null;
  /** Where the trail ends, to be noted outside the database; null when there is no trail. */
  readonly lastHash: string | null;
  /** The first break, from the oldest kept event on. */
  readonly fault: { readonly number: number; readonly reason: string } | null;
  /** Whether the hash that was looked for is in the trail. */
  readonly anchored: boolean;
}

/** Half a MiB of events at a time. */
const pageEvents = 1_000;

/**
 * Recomputes an account's trail from its oldest kept event to its end, in one snapshot, so that events that are
 * added meanwhile do no harm. Whoever can write to the database could recompute a whole trail after a change: only
 * a hash that was noted elsewhere, the `anchor`, shows that. Throws `unavailable`.
 */
export async function checkTrail(
  database: Kysely<Tables>,
  accountId: string,
  anchor?: string,
): Promise<TrailCheck> {
  try {
    return await database
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute((snapshot) => check(snapshot, accountId, anchor));
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
}

/** Yields the id of every account that has a trail or a part of one, the server's own, 0, first. */
export async function* listTrails(database: Kysely<Tables>): AsyncGenerator<string> {
  let after = '-1';
  for (;;) {
    const query = sql<{ id: string | null }>`
      select least((select min(account_id) from audit_chains where account_id > ${after}::bigint),
                   (select min(account_id) from audit_events where account_id > ${after}::bigint)) as id`;
    const { rows } = await query.execute(database).catch((error: unknown) => {
      throw databaseError(error, { committing: false });
    });
    const id = rows[0]?.id ?? null;
    if (id === null) return;
    yield id;
    after = id;
  }
}

async function check(
  snapshot: Transaction<Tables>,
  accountId: string,
  anchor: string | undefined,
): Promise<TrailCheck> {
  const account = await snapshot
    .selectFrom('accounts')
    .select('name')
    .where('id', '=', accountId)
    .executeTakeFirst();
  const end = await snapshot
    .selectFrom('audit_chains')
    .select(['number', 'hash'])
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  const walked = await walk(snapshot, accountId, anchor);
  const { newest, oldest } = walked;
  const endHash = end?.hash.toString('hex');
  return {
    accountId,
    name: account?.name ?? null,
    first: oldest?.number ?? null,
    last: newest?.number ?? null,
    lastHash: endHash ?? null,
    fault: walked.fault ?? endFault(newest, end === undefined ? undefined : Number(end.number), endHash),
    anchored: walked.anchored || (anchor !== undefined && anchor === endHash),
  };
}

interface Walk {
  readonly newest: AuditEvent | undefined;
  readonly oldest: AuditEvent | undefined;
  readonly fault: TrailCheck['fault'];
  readonly anchored: boolean;
}

/** Reads the trail backwards, page by page; each page is checked together with the event that follows it. */
async function walk(
  snapshot: Transaction<Tables>,
  accountId: string,
  anchor: string | undefined,
): Promise<Walk> {
  let newest: AuditEvent | undefined;
  let oldest: AuditEvent | undefined;
  let fault: TrailCheck['fault'] = null;
  let anchored = false;
  for (;;) {
    const before = oldest === undefined ? {} : { before: oldest.number };
    const page = await readAudit(snapshot, accountId, { ...before, limit: pageEvents });
    newest ??= page[0];
    const stretch = page.toReversed();
    if (oldest !== undefined) stretch.push(oldest);
    oldest = stretch[0];
    // Older pages come later, so that the last fault found is the first of the trail.
    fault = verifyAudit(stretch, originOf(oldest)) ?? fault;
    anchored ||= stretch.some(({ hash, previous_hash }) => hash === anchor || previous_hash === anchor);
    if (page.length < pageEvents) return { newest, oldest, fault, anchored };
  }
}

/** What the event before must have been, as far as one can know: older ones may have been pruned by age. */
function originOf(event: AuditEvent | undefined): string | undefined {
  return event?.number === 1 ? auditOrigin : event?.previous_hash;
}

/** Events cut off at the end break no link. The chain's own row, which each event moves, tells of them. */
function endFault(
  newest: AuditEvent | undefined,
  number: number | undefined,
  hash: string | undefined,
): TrailCheck['fault'] {
  if (number === undefined) {
    if (newest === undefined) return null;
    return { number: newest.number, reason: 'the record of where the trail ends is missing' };
  }
  // All of it may have been pruned by age.
  if (newest === undefined) return null;
  if (newest.number === number && newest.hash === hash) return null;
  if (newest.number < number) {
    return {
      number: newest.number + 1,
      reason: `it is missing, although the trail ends with event ${number}`,
    };
  }
  return { number: newest.number, reason: 'it is not what the trail is recorded to end with' };
}
