import { readJson } from 'halo-client';
import type { CommitAnswer, CommitRequest } from 'halo-contract';
import { session } from '../../../../session/browser-session.js';

/** Sends a commit; a dry run answers as the commit would and changes nothing. */
export async function commit(body: CommitRequest, dryRun = false): Promise<CommitAnswer> {
  const query = dryRun ? { dry_run: true } : {};
  return readJson(await session.request({ method: 'POST', path: '/v1/commit', query, body }));
}

/** Takes back a commit whole; refused when a key it changed has changed since. */
export async function undo(revision: number): Promise<CommitAnswer> {
  return readJson(await session.request({ method: 'POST', path: '/v1/undo', body: { revision } }));
}

/** A name for a commit under which it may be sent again without being made twice. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
