import { readBytes, readJson } from 'halo-client';
import type { CommitAnswer, CommitRequest, HistoryPage } from 'halo-contract';
import { session } from '../../../session/browser-session.js';
import { keyPath } from '../key-path.js';
import { pathOf } from '../requests.js';
import { readSnapshot, type Snapshot } from '../snapshot.js';

/** Versions in a page: more than most keys have, few enough to come at once. */
const pageVersions = 50;

export async function listVersions(
  key: string,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<HistoryPage> {
  const query = { limit: pageVersions, ...(cursor === undefined ? {} : { cursor }) };
  const path = `/v1/history/${keyPath(key) ?? ''}`;
  return readJson(await session.request({ method: 'GET', path, query, signal }));
}

/** Returns a key as it stood at a revision. */
export async function getVersion(key: string, revision: number, signal?: AbortSignal): Promise<Snapshot> {
  const ask = { method: 'GET', path: pathOf(key), query: { revision }, signal } as const;
  return readSnapshot(key, await session.request(ask));
}

/**
 * Returns all bytes of a snapshot, which has them itself unless they are too many to show. Read by its
 * revision, they cannot be those of another version.
 */
export async function bytesOf({ key, revision, body }: Snapshot): Promise<Uint8Array<ArrayBuffer>> {
  if (body !== undefined) return body;
  const response = await session.requestForDraft({ method: 'GET', path: pathOf(key), query: { revision } });
  return readBytes(response);
}

/** Commits, all or nothing; if a draft is open and the session ends on the way, it waits for the log-in. */
export async function commit(body: CommitRequest): Promise<CommitAnswer> {
  return readJson(await session.requestForDraft({ method: 'POST', path: '/v1/commit', body }));
}
