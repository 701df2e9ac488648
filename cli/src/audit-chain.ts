import { createHash } from 'node:crypto';
import type { AuditEvent } from 'halo-client';

/** What recomputing a trail found. */
export interface ChainFindings {
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** Where the trail ends, to be noted elsewhere. */
  readonly lastHash: string | undefined;
  /** The oldest event that is not as it should be. */
  readonly fault: { readonly number: number; readonly reason: string } | undefined;
  /** Whether the hash that was looked for is in the trail. */
  readonly anchored: boolean;
}

/** What comes before the first event of all. */
const origin = '0'.repeat(64);

/**
 * Recomputes a trail from what was handed out, trusting nobody's word for it. By the rule of `AuditEvent.hash`, each
 * hash is over the one before and over the event, so that a change or a gap breaks the chain from there on.
 *
 * @param events the newest first, as the server lists them
 * @param anchor a hash that was noted earlier
 */
export async function checkChain(
  events: AsyncIterable<AuditEvent> | Iterable<AuditEvent>,
  anchor?: string,
): Promise<ChainFindings> {
  let newest: AuditEvent | undefined;
  let after: AuditEvent | undefined;
  let fault: ChainFindings['fault'];
  let anchored = false;
  for await (const event of events) {
    newest ??= event;
    // Older ones come later, so that the last fault found is the oldest.
    fault = linkFault(event, after) ?? fault;
    fault = ownFault(event) ?? fault;
    anchored ||= event.hash === anchor;
    after = event;
  }
  // Older events may have been pruned by age; the hash before the oldest one kept stands for them.
  anchored ||= after !== undefined && after.previous_hash === anchor;
  return { first: after?.number, last: newest?.number, lastHash: newest?.hash, fault, anchored };
}

/** The hash that an event should have. */
export function hashOf(event: AuditEvent): string {
  const { number, at, event: name, actor, session, subject, subject_name, device, address } = event;
  const told = JSON.stringify([number, at, name, actor, session, subject, subject_name, device, address]);
  return createHash('sha256').update(Buffer.from(event.previous_hash, 'hex')).update(told).digest('hex');
}

function ownFault(event: AuditEvent): ChainFindings['fault'] {
  const { number, hash, previous_hash } = event;
  if (number === 1 && previous_hash !== origin)
    return { number, reason: 'it is the first, and does not begin the chain' };
  if (hashOf(event) !== hash) return { number, reason: 'it does not have the hash of what it says' };
  return undefined;
}

function linkFault(event: AuditEvent, after: AuditEvent | undefined): ChainFindings['fault'] {
  if (after === undefined) return undefined;
  if (after.number !== event.number + 1)
    return { number: event.number + 1, reason: 'it is missing, or out of its place' };
  if (after.previous_hash !== event.hash)
    return { number: after.number, reason: 'it does not follow the event before it' };
  return undefined;
}
