import { readJson } from 'halo-client';
import { type CommitAnswer, type CommitRequest, keyToPath, type TrashPage } from 'halo-contract';
import { session } from '../../session/browser-session.js';

export type TrashEntry = TrashPage['entries'][number];

/** Keys in a page: a few screens of them. */
const pageEntries = 100;

export async function listTrash(
  prefix: string,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<TrashPage> {
  const query = { prefix: prefix === '' ? undefined : prefix, cursor, limit: pageEntries };
  return readJson(await session.request({ method: 'GET', path: '/v1/trash', query, signal }));
}

/**
 * Brings keys back as they stood right before they went: value, metadata and expiry, all of them or none. Each must
 * still be absent, so that nothing that was set since is overwritten. An expiry that has passed is left out, or the
 * key would be gone again at once.
 */
export async function restoreKeys(entries: readonly TrashEntry[]): Promise<CommitAnswer> {
  const body: CommitRequest = {
    checks: entries.map(({ key }) => ({ key, revision: 0 })),
    mutations: entries.map(({ key, revision }) => ({ restore: { key, revision: revision - 1 } })),
  };
  return readJson(await session.request({ method: 'POST', path: '/v1/commit', body }));
}

/** Erases all values in a key's history. There is no way back. */
export async function purgeKey(key: string): Promise<void> {
  await session.request({ method: 'DELETE', path: `/v1/trash/${keyToPath(key)}` });
}

/** Whether a key can be purged: `.` and `..` cannot travel in an address. They leave with time, like all the others. */
export function canPurge(key: string): boolean {
  return key !== '.' && key !== '..';
}
