import { keyFault } from 'halo-contract';
import type pg from 'pg';
import { databaseError } from '../database/failure.js';
import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { type Bounds, boundsAfter, boundsOf } from './bounds.js';
import { rfc3339 } from './instant.js';
import { listKeys, prepared, type Row } from './statements.js';

/** Lists keys in UTF-8 byte order. Its promise: a page is one snapshot, and costs what it returns. */
export interface Listing {
  readonly prefix: string;
  /** Inclusive. */
  readonly start: string | undefined;
  /** Exclusive. */
  readonly end: string | undefined;
  readonly reverse: boolean;
  readonly limit: number;
  /** From the page before. */
  readonly cursor: string | undefined;
}

export interface Page {
  readonly entries: readonly ListedEntry[];
  /** Undefined on the last page. */
  readonly cursor: string | undefined;
  /** The account's revision that the page shows. */
  readonly revision: number;
}

export interface ListedEntry {
  readonly key: string;
  readonly revision: number;
  readonly size: number;
  readonly contentType: string;
  /** JSON text. */
  readonly metadata: string | null;
  /** RFC 3339, like the two below. */
  readonly createdAt: string;
  readonly writtenAt: string;
  readonly expiresAt: string | null;
}

/**
 * One page of an account's live keys.
 *
 * @throws HaloError `invalid-request` for a cursor that Halo did not issue; `session-ended`, `unavailable`
 */
export async function list(pool: pg.Pool, credential: Credential, listing: Listing): Promise<Page> {
  const whole = boundsOf(listing.prefix, listing.start, listing.end);
  const bounds =
    listing.cursor === undefined ? whole : boundsAfter(whole, readCursor(listing.cursor), listing.reverse);
  // One more than asked for tells whether there is a next page.
  const rows = await query(pool, credential, bounds, listing, listing.limit + 1);
  const first = rows[0];
  if (first === undefined) throw new HaloError('session-ended', 'The session has ended.');
  const entries = rows.flatMap(parseRow);
  const page = entries.slice(0, listing.limit);
  const last = page.at(-1);
  const more = entries.length > page.length && last !== undefined;
  return { entries: page, cursor: more ? writeCursor(last.key) : undefined, revision: Number(first[0]) };
}

async function query(
  pool: pg.Pool,
  { accountId, sessionId, secretHash }: Credential,
  { lower, upper }: Bounds,
  { reverse }: Listing,
  limit: number,
): Promise<readonly Row[]> {
  const statement = listKeys(reverse ? 'reverse' : 'forward');
  const values = [accountId, sessionId, secretHash ?? null, lower, upper, limit];
  try {
    return (await pool.query<string[]>(prepared(statement, values))).rows;
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
}

/** No entry at all for the row that only tells that the session lives. */
function parseRow([
  ,
  key,
  revision,
  size,
  contentType,
  metadata,
  createdAt,
  writtenAt,
  expiresAt,
]: Row): ListedEntry[] {
  if (key == null || contentType == null || createdAt == null || writtenAt == null) return [];
  return [
    {
      key,
      revision: Number(revision),
      size: Number(size),
      contentType,
      metadata: metadata ?? null,
      createdAt: rfc3339(createdAt),
      writtenAt: rfc3339(writtenAt),
      expiresAt: expiresAt == null ? null : rfc3339(expiresAt),
    },
  ];
}

function writeCursor(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function readCursor(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString();
  if (writeCursor(key) === cursor && keyFault(key) === undefined) return key;
  throw new HaloError('invalid-request', 'The cursor is not one that Halo issued.', {
    extra: { pointer: '/cursor' },
  });
}
