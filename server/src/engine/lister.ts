import type pg from 'pg';
import { databaseError } from '../database/failure.js';
import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { type Bounds, boundsOf, highest } from './bounds.js';
import { type Group, type Grouping, groupCountMax } from './grouping.js';
import { boundsFrom, type Place, readCursor, writeCursor } from './list-cursor.js';
import { listGroups, listKeys } from './list-statements.js';
import { type ListedEntry, parseEntry } from './listed-entry.js';
import { prepared, type Row } from './statements.js';

/**
 * Lists keys in UTF-8 byte order. Its promise: a page is one snapshot, and costs what it returns. Keys that a
 * group stands for are skipped, not read; only expired keys that were not swept yet cost without showing.
 */
export interface Listing {
  readonly prefix: string;
  /** Inclusive. */
  readonly start: string | undefined;
  /** Exclusive. */
  readonly end: string | undefined;
  /** Keys that have it after the prefix are folded into groups. */
  readonly delimiter: string | undefined;
  readonly reverse: boolean;
  /** Of keys and groups together. */
  readonly limit: number;
  /** From the page before. */
  readonly cursor: string | undefined;
  /** Whether to answer values too. */
  readonly values: boolean;
  /** Whether to count all keys in the range, which costs as much as reading them. */
  readonly count: boolean;
}

export interface Page {
  readonly entries: readonly ListedEntry[];
  readonly groups: readonly Group[];
  /** Keys in the whole range; undefined when it was not asked for. */
  readonly count: number | undefined;
  /** Undefined on the last page. */
  readonly cursor: string | undefined;
  /** The account's revision that the page shows. */
  readonly revision: number;
}

/** What a page is made of: keys, and groups in the place of theirs. */
export type Item = { readonly entry: ListedEntry } | { readonly group: Group };

/**
 * Bytes of values in a page, which ends early rather than exceed it, but has one entry at least. Turning values
 * into JSON holds up everybody else: for this many 30 to 80 ms, 240 ms when all are control characters.
 */
export const pageValueBytesMax = 8 * 1024 * 1024;

/** One value may be up to 25 MiB, and this is what `valueInBudget` takes for none at all. */
const noValues = -1;

/**
 * One page of an account's live keys.
 *
 * @throws HaloError `invalid-request` for a cursor that Halo did not issue; `session-ended`; `unavailable`, also
 * when counting takes longer than PostgreSQL gives a statement
 */
export async function list(pool: pg.Pool, credential: Credential, listing: Listing): Promise<Page> {
  const rows = await query(pool, credential, listing);
  const [first] = rows;
  if (first === undefined) throw new HaloError('session-ended', 'The session has ended.');
  const items = trimPage(rows.flatMap(parseItem), listing);
  return {
    ...pageOf(items.shown, items.more ? placeAfter(items.shown) : undefined),
    count: listing.count ? Number(first[1]) : undefined,
    revision: Number(first[0]),
  };
}

/** The range of a listing, and what of it is still to come after its cursor. */
export function rangeOf({ prefix, start, end, cursor, reverse }: Listing): { whole: Bounds; rest: Bounds } {
  const whole = boundsOf(prefix, start, end);
  return { whole, rest: cursor === undefined ? whole : boundsFrom(whole, readCursor(cursor), reverse) };
}

/** The delimiter with the prefix after which it is looked for; undefined when the listing has none. */
export function groupingOf({ prefix, delimiter }: Listing): Grouping | undefined {
  return delimiter === undefined ? undefined : { prefix, delimiter };
}

export function pageOf(
  items: readonly Item[],
  end: Place | undefined,
): Pick<Page, 'entries' | 'groups' | 'cursor'> {
  return {
    entries: items.flatMap((item) => ('entry' in item ? [item.entry] : [])),
    groups: items.flatMap((item) => ('group' in item ? [item.group] : [])),
    cursor: end === undefined ? undefined : writeCursor(end),
  };
}

/** The place of a page's last item. */
export function placeAfter(items: readonly Item[]): Place | undefined {
  const last = items.at(-1);
  if (last === undefined) return undefined;
  return 'group' in last ? { kind: 'group', name: last.group.name } : { kind: 'key', name: last.entry.key };
}

/** As many items as the limit, and with values their bytes, allow; `more` when that is not all of them. */
export function trimPage(
  items: readonly Item[],
  { limit, values }: Pick<Listing, 'limit' | 'values'>,
): { readonly shown: readonly Item[]; readonly more: boolean } {
  let length = Math.min(items.length, limit);
  let bytes = 0;
  let valued = 0;
  for (let index = 0; values && index < length; index += 1) {
    const item = items[index];
    if (item === undefined || 'group' in item) continue;
    bytes += item.entry.size;
    if (valued > 0 && bytes > pageValueBytesMax) length = index;
    valued += 1;
  }
  return { shown: items.slice(0, length), more: length < items.length };
}

async function query(pool: pg.Pool, credential: Credential, listing: Listing): Promise<readonly Row[]> {
  const { accountId, sessionId, secretHash } = credential;
  const { whole, rest } = rangeOf(listing);
  const direction = listing.reverse ? 'reverse' : 'forward';
  const values = [
    ...[accountId, sessionId, secretHash ?? null, rest.lower, rest.upper],
    // One more than asked for tells whether there is a next page.
    listing.limit + 1,
    listing.values ? pageValueBytesMax : noValues,
    ...[listing.count, whole.lower, whole.upper],
  ];
  const grouping = groupingOf(listing);
  const statement =
    grouping === undefined
      ? prepared(listKeys(direction), values)
      : prepared(listGroups(direction), [
          ...[...values, grouping.prefix, grouping.delimiter, highest],
          // Likewise one more, which tells that there are more.
          groupCountMax + 1,
        ]);
  try {
    return (await pool.query<string[]>(statement)).rows;
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
}

/** No item at all for the row that only tells that the session lives. */
function parseItem([, , name, keys, ...columns]: Row): Item[] {
  if (name != null) {
    const counted = Number(keys);
    return [{ group: { name, count: Math.min(counted, groupCountMax), more: counted > groupCountMax } }];
  }
  const entry = parseEntry(columns);
  return entry === undefined ? [] : [{ entry }];
}
