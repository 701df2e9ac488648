import { readJson } from 'halo-client';
import { type ChangesPage, type EntryList, limits } from 'halo-contract';
import { session } from '../../session/browser-session.js';
import type { CommitPage } from './commit-pages.js';
import { readStretch } from './read-stretch.js';

/** The stretch of commits that ends at a revision, or at the newest there is. */
export async function readCommits(end: number | undefined, signal: AbortSignal): Promise<CommitPage> {
  return readStretch(end ?? (await readRevision(signal)), (since) => readChanges(since, signal));
}

/** The page of a list is the cheapest way to learn where the account is. */
async function readRevision(signal: AbortSignal): Promise<number> {
  const response = await session.request({ method: 'GET', path: '/v1/keys', query: { limit: 1 }, signal });
  return (await readJson<EntryList>(response)).revision;
}

async function readChanges(since: number, signal: AbortSignal): Promise<ChangesPage> {
  const query = { since, limit: limits.listMax };
  return readJson(await session.request({ method: 'GET', path: '/v1/changes', query, signal }));
}
