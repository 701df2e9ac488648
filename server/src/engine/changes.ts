import type pg from 'pg';
import { databaseError } from '../database/failure.js';
import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { int8Array, textArray } from './arrays.js';
import { boundsOf } from './bounds.js';
import { readChangesAfter, readChangeValues, readNews, readPosition } from './change-statements.js';
import { credentialArrays } from './credentials.js';
import { rfc3339 } from './instant.js';
import { pageValueBytesMax } from './lister.js';
import { type CommitChanges, cutAtCommit, type Fit, fitValues, type Look } from './page-cut.js';
import { prepared, type Row, type Statement } from './statements.js';

/**
 * Reads the change feed. Its promises: changes come in revision order, commits whole, each as it was written;
 * the session is checked in the statement that reads; and every page gets ahead, also when nothing on it matches.
 */
export interface Change {
  readonly revision: number;
  readonly key: string;
  readonly kind: 'set' | 'delete' | 'expire';
  /** Bytes of the value; null when there is none, or it was purged. */
  readonly size: number | null;
  readonly contentType: string | null;
  /** RFC 3339, like the one below. */
  readonly expiresAt: string | null;
  readonly writtenAt: string;
  /** Undefined when it was not asked for, is none, or did not fit. */
  readonly value: Buffer | undefined;
}

export type ChangedCommit = CommitChanges<Change>;

export interface ChangesQuery {
  readonly since: number;
  readonly prefix: string;
  readonly values: boolean;
  /** Changes on a page; a commit with more comes whole on a page of its own. */
  readonly limit: number;
}

export interface ChangesPage {
  readonly changes: readonly Change[];
  /** Up to where the page goes: what to pass as `since` next. */
  readonly revision: number;
  /** Whether the log went on behind it. */
  readonly more: boolean;
}

/** How much of the log one page looks at when few of its keys match: a few milliseconds for PostgreSQL. */
const lookMax = 5_000;
const endOfTime = Number.MAX_SAFE_INTEGER;

/**
 * One page of changes after `since`.
 *
 * @throws HaloError `invalid-request` for a `since` that is still to come, `pruned` when the log no longer
 * reaches back so far, `session-ended`, `unavailable`
 */
export async function readChanges(
  pool: pg.Pool,
  credential: Credential,
  query: ChangesQuery,
): Promise<ChangesPage> {
  const { since, prefix, values, limit } = query;
  const { lower, upper } = boundsOf(prefix, undefined, undefined);
  const { accountId, sessionId, secretHash } = credential;
  const session = [accountId, sessionId, secretHash ?? null, lower, upper];
  const rows = await ask(pool, readChangesAfter, [...session, since, endOfTime, lookMax, limit + 1]);
  const [revision, prunedRevision] = storeOf(rows);
  checkArrived(since, revision);
  checkKept(since, prunedRevision);
  const cut = cutAtCommit(lookOf(rows, since, revision), limit);
  const changes = cut.isPartial
    ? parseChanges(await ask(pool, readChangesAfter, [...session, cut.to - 1, cut.to, null, null]))
    : cut.changes;
  const fit = values ? fitValues(changes, () => true, pageValueBytesMax) : asTheyAre(changes);
  const to = fit.to ?? cut.to;
  return { changes: await withValues(pool, accountId, fit), revision: to, more: to < revision };
}

/** Where an account is, and what the session may see of it. */
export interface Position {
  readonly revision: number;
  /** What came before it is no longer kept. */
  readonly prunedRevision: number;
  readonly prefix: string;
}

/** @throws HaloError `session-ended`, `unavailable` */
export async function readPositionOf(
  pool: pg.Pool,
  { accountId, sessionId, secretHash }: Credential,
): Promise<Position> {
  const rows = await ask(pool, readPosition, [accountId, sessionId, secretHash ?? null]);
  const [revision, prunedRevision] = storeOf(rows);
  return { revision, prunedRevision, prefix: rows[0]?.[2] ?? '' };
}

/** @throws HaloError `invalid-request` */
export function checkArrived(since: number, revision: number): void {
  if (since <= revision) return;
  throw new HaloError('invalid-request', `/since is still to come: the account is at revision ${revision}.`, {
    extra: { pointer: '/since' },
  });
}

function checkKept(since: number, prunedRevision: number): void {
  if (since >= prunedRevision) return;
  const detail = `Changes are kept from revision ${prunedRevision + 1} on. Read the keys anew and go on from there.`;
  throw new HaloError('pruned', detail, { extra: { revision: prunedRevision } });
}

/** What an account has new for those who watch it. */
export interface News {
  readonly commits: readonly Change[];
  /** Up to where they go. */
  readonly to: number;
  /** The account's revision. */
  readonly revision: number;
  readonly prunedRevision: number;
  /** Those of the credentials whose sessions live. */
  readonly live: ReadonlySet<Credential>;
}

/** Enough to catch up in few steps, and a few hundred kilobytes at most. */
const newsMax = 1_000;

/**
 * Reads an account's changes after `since` once for all who watch it, and checks all their sessions in the same
 * statement. `isValued` picks those whose values are wanted.
 *
 * @returns undefined when the account is gone
 * @throws HaloError `unavailable`
 */
export async function readNewsAfter(
  pool: pg.Pool,
  accountId: string,
  credentials: readonly Credential[],
  since: number,
  isValued: ((change: Change) => boolean) | undefined,
): Promise<News | undefined> {
  const [, ...sessions] = credentialArrays(credentials);
  const read = (after: number, upTo: number, limit: number | null) =>
    ask(pool, readNews, [accountId, ...sessions, after, upTo, limit]);
  let rows = await read(since, endOfTime, newsMax + 1);
  if (rows.length === 0) return undefined;
  const revision = Number(rows[0]?.[0]);
  const found = parseChanges(rows);
  const cut = cutAtCommit({ since, changes: found, stoppedAt: undefined, revision }, newsMax);
  // The later statement is the one that counts: its sessions are those of its changes.
  if (cut.isPartial) rows = await read(cut.to - 1, cut.to, null);
  const changes = cut.isPartial ? parseChanges(rows) : cut.changes;
  const fit = isValued === undefined ? asTheyAre(changes) : fitValues(changes, isValued, pageValueBytesMax);
  const [, prunedRevision, places] = rows[0] ?? [];
  const live = (places ?? '').split(',').flatMap((place) => credentials[Number(place) - 1] ?? []);
  return {
    commits: await withValues(pool, accountId, fit),
    to: fit.to ?? cut.to,
    revision,
    prunedRevision: Number(prunedRevision),
    live: new Set(live),
  };
}

async function ask(pool: pg.Pool, statement: Statement, values: unknown[]): Promise<readonly Row[]> {
  try {
    return (await pool.query<string[]>(prepared(statement, values))).rows;
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
}

function storeOf(rows: readonly Row[]): readonly [revision: number, prunedRevision: number] {
  const [first] = rows;
  if (first === undefined) throw new HaloError('session-ended', 'The session has ended.');
  return [Number(first[0]), Number(first[1])];
}

function lookOf(rows: readonly Row[], since: number, revision: number): Look<Change> {
  const changes = parseChanges(rows.filter((row) => row[2] !== 't'));
  const stop = rows.find((row) => row[3] === 't');
  return { since, changes, revision, stoppedAt: stop === undefined ? undefined : Number(stop[4]) };
}

function parseChanges(rows: readonly Row[]): Change[] {
  return rows.flatMap(parseChange);
}

/** No change at all for a row that only tells of the store. */
function parseChange([, , , , revision, key, kind, size, contentType, expiresAt, writtenAt]: Row): Change[] {
  if (revision == null || key == null || writtenAt == null) return [];
  return [
    {
      revision: Number(revision),
      key,
      kind: kind as Change['kind'],
      size: size == null ? null : Number(size),
      contentType: contentType ?? null,
      expiresAt: expiresAt == null ? null : rfc3339(expiresAt),
      writtenAt: rfc3339(writtenAt),
      value: undefined,
    },
  ];
}

function asTheyAre(changes: readonly Change[]): Fit<Change> {
  return { changes, valued: [], to: undefined };
}

async function withValues(pool: pg.Pool, accountId: string, fit: Fit<Change>): Promise<readonly Change[]> {
  const { changes, valued } = fit;
  if (valued.length === 0) return changes;
  const rows = await ask(pool, readChangeValues, [
    accountId,
    int8Array(valued.map(({ revision }) => revision)),
    textArray(valued.map(({ key }) => key)),
  ]);
  const values = new Map<Change | undefined, Buffer>();
  for (const [n, hex] of rows) {
    // PostgreSQL writes bytea as \x and hexadecimal digits.
    values.set(valued[Number(n) - 1], Buffer.from((hex ?? '').slice(2), 'hex'));
  }
  return changes.map((change) => ({ ...change, value: values.get(change) }));
}
