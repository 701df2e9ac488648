import type pg from 'pg';
import { databaseError } from '../database/failure.js';
import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { listVersions, readPast } from './history-statements.js';
import { instantMs, rfc3339 } from './instant.js';
import { prepared, type Row, type Statement } from './statements.js';
import type { StoredValue } from './stored-value.js';

/**
 * Looks back along a key's chain of versions. Its promises: an answer is one snapshot, whose statement checks the
 * session; what was pruned or purged is told from what never was.
 */
export interface HistoryQuery {
  readonly key: string;
  readonly limit: number;
  /** From the page before. */
  readonly cursor: string | undefined;
}

export interface History {
  /** Newest first. */
  readonly versions: readonly VersionSummary[];
  /** Undefined on the last page. */
  readonly cursor: string | undefined;
}

export interface VersionSummary {
  readonly revision: number;
  readonly kind: 'set' | 'delete' | 'expire';
  /** Bytes of the value; null when there is none, or none any more. */
  readonly size: number | null;
  readonly contentType: string | null;
  /** RFC 3339, like `writtenAt`. */
  readonly expiresAt: string | null;
  /** A device or token by name, or `halo`. */
  readonly actor: string;
  readonly writtenAt: string;
}

/** A revision, which is where the next page begins. */
const cursorForm = /^[1-9]\d{0,15}$/;

/**
 * One page of a key's versions, also when it lies in the trash. Where history was pruned, it ends.
 *
 * @throws HaloError `not-found` when the key has no version at all; `invalid-request` for a cursor that Halo did
 * not issue; `session-ended`, `insufficient-scope`, `unavailable`
 */
export async function listHistory(
  pool: pg.Pool,
  credential: Credential,
  { key, limit, cursor }: HistoryQuery,
): Promise<History> {
  if (cursor !== undefined && !cursorForm.test(cursor)) {
    throw new HaloError('invalid-request', 'The cursor is not one that Halo issued.', {
      extra: { pointer: '/cursor' },
    });
  }
  // One more than asked for tells whether there is a next page, and where it begins.
  const rows = await askAs(pool, credential, listVersions, [key, cursor ?? null, limit + 1]);
  const [inScope, newest] = firstOf(rows);
  if (inScope !== 't') throw outOfScope();
  if (newest == null) throw new HaloError('not-found', 'There is no such key.');
  const versions = rows.flatMap(parseVersion);
  const next = versions[limit];
  return {
    versions: versions.slice(0, limit),
    cursor: next === undefined ? undefined : String(next.revision),
  };
}

/** No version at all for the row that only tells the rest. */
function parseVersion([
  ,
  ,
  revision,
  kind,
  size,
  contentType,
  expiresAt,
  actor,
  writtenAt,
]: Row): VersionSummary[] {
  if (revision == null || kind == null || actor == null || writtenAt == null) return [];
  return [
    {
      revision: Number(revision),
      kind: kindOf(kind),
      size: size == null ? null : Number(size),
      contentType: contentType ?? null,
      expiresAt: expiresAt == null ? null : rfc3339(expiresAt),
      actor,
      writtenAt: rfc3339(writtenAt),
    },
  ];
}

/** The log knows no others. */
function kindOf(kind: string): VersionSummary['kind'] {
  return kind === 'delete' || kind === 'expire' ? kind : 'set';
}

/**
 * A key as it stood at a revision, whether or not that version has expired since; undefined when it did not exist.
 * Below the store's horizon only versions that are still kept can be had, each by its own revision.
 *
 * @throws HaloError `pruned` when nobody can tell any more; `invalid-request` for a revision yet to come;
 * `session-ended`, `insufficient-scope`, `unavailable`
 */
export async function readPastValue(
  pool: pg.Pool,
  credential: Credential,
  key: string,
  revision: number,
): Promise<StoredValue | undefined> {
  const rows = await askAs(pool, credential, readPast, [key, revision]);
  const [inScope, newest, horizon, at, kind, ...content] = firstOf(rows);
  if (inScope !== 't') throw outOfScope();
  if (revision > Number(newest)) {
    throw new HaloError('invalid-request', `The newest revision is ${newest}.`, {
      extra: { pointer: '/revision' },
    });
  }
  const isKept = at != null && Number(at) === revision;
  if (revision < Number(horizon) && !isKept) {
    throw new HaloError('pruned', `The history before revision ${horizon} has been pruned.`);
  }
  if (at == null) return undefined;
  if (kind != null && kind !== 'set') return undefined;
  const stored = parseContent(Number(at), content);
  if (stored === undefined) throw new HaloError('pruned', 'That version has been pruned.');
  return stored;
}

/** Undefined when the version is gone, or its value. */
function parseContent(
  revision: number,
  [value, contentType, metadata, createdAt, writtenAt, expiresAt]: Row,
): StoredValue | undefined {
  if (value == null || contentType == null || createdAt == null || writtenAt == null) return undefined;
  return {
    revision,
    // PostgreSQL writes bytea as \x and hexadecimal digits.
    value: Buffer.from(value.slice(2), 'hex'),
    contentType,
    metadata: metadata ?? null,
    createdAtMs: instantMs(createdAt),
    writtenAtMs: instantMs(writtenAt),
    expiresAtMs: expiresAt == null ? null : instantMs(expiresAt),
  };
}

/** Asks a statement that begins with the session. */
export async function askAs(
  pool: pg.Pool,
  { accountId, sessionId, secretHash }: Credential,
  statement: Statement,
  values: readonly unknown[],
): Promise<readonly Row[]> {
  try {
    const bound = prepared(statement, [accountId, sessionId, secretHash ?? null, ...values]);
    return (await pool.query<string[]>(bound)).rows;
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
}

/** @throws HaloError `session-ended` without one */
export function firstOf(rows: readonly Row[]): Row {
  const first = rows[0];
  if (first === undefined) throw new HaloError('session-ended', 'The session has ended.');
  return first;
}

export function outOfScope(): HaloError {
  return new HaloError('insufficient-scope', 'This token reaches only keys with its prefix.');
}
