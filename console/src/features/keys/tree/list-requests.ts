import { readJson } from 'halo-client';
import type { EntryList, ListQuery } from 'halo-contract';
import { session } from '../../../session/browser-session.js';
import type { Group } from '../list-pages.js';

/** The first page is several screens and arrives at once; whoever scrolls on is given more at a time. */
const firstPageRows = 200;
const nextPageRows = 1_000;

/** A page of the keys with a prefix, folded into groups at the delimiter unless that is empty. */
export function listLevel(
  delimiter: string,
  prefix: string,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<EntryList> {
  const limit = cursor === undefined ? firstPageRows : nextPageRows;
  return list({ limit, ...textPart({ delimiter, prefix, cursor: cursor ?? '' }) }, signal);
}

/** Returns what a group counts now, or undefined when it is gone. */
export async function countGroup(
  delimiter: string,
  prefix: string,
  group: string,
): Promise<Group | undefined> {
  const { prefixes } = await list({ limit: 1, start: group, ...textPart({ delimiter, prefix }) });
  return prefixes.find((found) => found.prefix === group);
}

/** Returns how many keys have the prefix, and the account's revision that this is of. */
export async function countKeys(prefix: string): Promise<{ count: number; revision: number }> {
  const { count = 0, revision } = await list({ limit: 1, count: true, ...textPart({ prefix }) });
  return { count, revision };
}

/** A page of the keys with a prefix, for working through all of them. */
export function listToChange(prefix: string, limit: number, cursor: string | undefined): Promise<EntryList> {
  return list({ limit, ...textPart({ prefix, cursor: cursor ?? '' }) });
}

async function list(query: ListQuery, signal?: AbortSignal): Promise<EntryList> {
  return readJson(await session.request({ method: 'GET', path: '/v1/keys', query, signal }));
}

/** Without what is empty, which the server would take for a value. */
function textPart(parts: Pick<ListQuery, 'delimiter' | 'prefix' | 'cursor'>): Partial<ListQuery> {
  return Object.fromEntries(Object.entries(parts).filter(([, text]) => text !== ''));
}
