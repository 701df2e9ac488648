import type pg from 'pg';
import { databaseError } from '../database/failure.js';
import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { int8Array, textArray } from './arrays.js';
import type { Bounds } from './bounds.js';
import { type Group, type Grouping, groupCountMax, groupOf } from './grouping.js';
import { boundsFrom, type Place } from './list-cursor.js';
import { countPast, listPast, readValues } from './list-statements.js';
import { type ListedEntry, parseBytea, parseEntry } from './listed-entry.js';
import {
  groupingOf,
  type Item,
  type Listing,
  type Page,
  pageOf,
  placeAfter,
  rangeOf,
  trimPage,
} from './lister.js';
import { prepared, type Row, type Statement } from './statements.js';

/**
 * Lists keys as of a revision. What had been committed by then never changes, so that a page may be gathered
 * by several statements and is one snapshot all the same, as are all pages of one revision together.
 *
 * Which keys lived then is found by walking back from those that live or lie in the trash now, in batches, and
 * with a delimiter grouping happens here. A page looks at 10,000 such candidates at most: where few of many lived
 * then it ends early, even empty, with a cursor. A key that had expired but had not been swept at the revision
 * is listed, for the log told of its end only later; a key whose value was purged since is not.
 */
export interface PastListing extends Listing {
  readonly at: number;
}

/** At 5 µs a link, which was measured, a page takes 50 ms; 5 s if each key’s chain had to be walked for 100 links. */
export const candidatesMax = 10_000;
/** The first batch is what the page needs if all candidates lived; then they grow up to here. */
const batchMax = 1_024;

/**
 * One page of the keys that lived at `listing.at`.
 *
 * @throws HaloError `invalid-request` for a revision that is still to come, or a cursor that Halo did not issue;
 * `pruned` for one whose history is no longer kept; `session-ended`, `unavailable`
 */
export async function listPastKeys(
  pool: pg.Pool,
  credential: Credential,
  listing: PastListing,
): Promise<Page> {
  const ask = createAsk(pool, credential);
  const found = await gather(ask, listing);
  const { shown, more } = trimPage(found.items, listing);
  const end = more ? placeAfter(shown) : found.end;
  const count = listing.count ? await countKeys(ask, listing) : undefined;
  const items = listing.values ? await withValues(ask, shown) : shown;
  return { ...pageOf(items, end), count, revision: listing.at };
}

/** Asks with the credential; no row at all means that its session has ended. */
type Ask = (statement: Statement, values: readonly unknown[]) => Promise<readonly Row[]>;

function createAsk(pool: pg.Pool, { accountId, sessionId, secretHash }: Credential): Ask {
  return async (statement, values) => {
    const bound = prepared(statement, [accountId, sessionId, secretHash ?? null, ...values]);
    const { rows } = await pool.query<string[]>(bound).catch((error: unknown) => {
      throw databaseError(error, { committing: false });
    });
    if (rows.length === 0) throw new HaloError('session-ended', 'The session has ended.');
    return rows;
  };
}

interface Gathered {
  /** May be more than the page can show. */
  readonly items: readonly Item[];
  /** Where to go on after all of them; undefined when the range was read to its end. */
  readonly end: Place | undefined;
}

async function gather(ask: Ask, listing: PastListing): Promise<Gathered> {
  const { limit, reverse } = listing;
  const grouping = groupingOf(listing);
  const items: Item[] = [];
  let { rest } = rangeOf(listing);
  let batch = limit + 1;
  let seen = 0;
  for (;;) {
    const { entries, candidates, last } = await readStretch(ask, rest, listing, batch);
    fold(items, entries, grouping);
    seen += candidates;
    if (last === undefined || candidates < batch || items.length > limit) return { items, end: undefined };
    const open = openGroup(items, grouping, last);
    if (seen >= candidatesMax) {
      // The page ends within the group: what is left of it is not read to be counted.
      if (open !== undefined) items[items.length - 1] = { group: { ...open, more: true } };
      return { items, end: open === undefined ? { kind: 'key', name: last } : groupPlace(open) };
    }
    rest = boundsFrom(rest, open?.more === true ? groupPlace(open) : { kind: 'key', name: last }, reverse);
    batch = Math.min(batch * 2, batchMax, candidatesMax - seen);
  }
}

/** Adds entries that follow the items, those with the delimiter to their group. */
function fold(items: Item[], entries: readonly ListedEntry[], grouping: Grouping | undefined): void {
  for (const entry of entries) {
    const name = grouping === undefined ? undefined : groupOf(grouping, entry.key);
    const open = openGroup(items, grouping, entry.key);
    if (name === undefined) items.push({ entry });
    else if (open === undefined) items.push({ group: { name, count: 1, more: false } });
    else if (open.count < groupCountMax)
      items[items.length - 1] = { group: { ...open, count: open.count + 1 } };
    else items[items.length - 1] = { group: { ...open, more: true } };
  }
}

/** The group that the items end with, if the key belongs to it. */
function openGroup(items: readonly Item[], grouping: Grouping | undefined, key: string): Group | undefined {
  const last = items.at(-1);
  if (grouping === undefined || last === undefined || 'entry' in last) return undefined;
  return groupOf(grouping, key) === last.group.name ? last.group : undefined;
}

function groupPlace({ name }: Group): Place {
  return { kind: 'group', name };
}

interface Stretch {
  readonly entries: readonly ListedEntry[];
  readonly candidates: number;
  /** The last candidate's key. */
  readonly last: string | undefined;
}

async function readStretch(
  ask: Ask,
  { lower, upper }: Bounds,
  { at, reverse }: PastListing,
  batch: number,
): Promise<Stretch> {
  const statement = listPast(reverse ? 'reverse' : 'forward');
  const rows = await ask(statement, [lower, upper, at, batch]);
  const [revision, prunedRevision, candidates, last] = rows[0] ?? [];
  checkRevision(at, Number(revision), Number(prunedRevision));
  return {
    entries: rows.flatMap(([, , , , ...columns]) => parseEntry(columns) ?? []),
    candidates: Number(candidates),
    last: last ?? undefined,
  };
}

function checkRevision(at: number, revision: number, prunedRevision: number): void {
  if (at > revision) {
    throw new HaloError('invalid-request', `Revision ${at} is still to come: this is revision ${revision}.`, {
      extra: { pointer: '/at' },
    });
  }
  if (at < prunedRevision) {
    throw new HaloError('pruned', `The history before revision ${prunedRevision} is no longer kept.`);
  }
}

async function countKeys(ask: Ask, listing: PastListing): Promise<number> {
  const { whole } = rangeOf(listing);
  const [row] = await ask(countPast, [whole.lower, whole.upper, listing.at]);
  return Number(row?.[0]);
}

/** The items with their values. An entry whose value was purged meanwhile is left out. */
async function withValues(ask: Ask, items: readonly Item[]): Promise<readonly Item[]> {
  const entries = items.flatMap((item) => ('entry' in item ? [item.entry] : []));
  if (entries.length === 0) return items;
  const rows = await ask(readValues, [
    int8Array(entries.map(({ revision }) => revision)),
    textArray(entries.map(({ key }) => key)),
  ]);
  const values = new Map(rows.map(([n, value]) => [entries[Number(n) - 1], value]));
  return items.flatMap((item): Item[] => {
    if ('group' in item) return [item];
    const hex = values.get(item.entry);
    return hex == null ? [] : [{ entry: { ...item.entry, value: parseBytea(hex) } }];
  });
}
