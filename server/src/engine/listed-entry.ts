import { rfc3339 } from './instant.js';
import type { Row } from './statements.js';

/** A key with what is told about it in lists and snapshots. */
export interface ListedEntry {
  readonly key: string;
  readonly revision: number;
  /** Bytes of the value. */
  readonly size: number;
  readonly contentType: string;
  /** JSON text. */
  readonly metadata: string | null;
  /** RFC 3339, like the two below. */
  readonly createdAt: string;
  readonly writtenAt: string;
  readonly expiresAt: string | null;
  /** Undefined when it was not asked for. */
  readonly value: Buffer | undefined;
}

/** What `parseEntry` reads of the version `alias`, but for the value, which follows last. */
export function entryColumns(alias: string): string {
  return `
    ${alias}.key, ${alias}.revision, octet_length(${alias}.value) as size, ${alias}.content_type, ${alias}.metadata,
    ${alias}.created_at, ${alias}.written_at, ${alias}.expires_at`;
}

/** The entry of a row that consists of `entryColumns` and the value; undefined when they are null. */
export function parseEntry(columns: Row): ListedEntry | undefined {
  const [key, revision, size, contentType, metadata, createdAt, writtenAt, expiresAt, value] = columns;
  if (key == null || contentType == null || createdAt == null || writtenAt == null) return undefined;
  return {
    key,
    revision: Number(revision),
    size: Number(size),
    contentType,
    metadata: metadata ?? null,
    createdAt: rfc3339(createdAt),
    writtenAt: rfc3339(writtenAt),
    expiresAt: expiresAt == null ? null : rfc3339(expiresAt),
    value: value == null ? undefined : parseBytea(value),
  };
}

/** PostgreSQL writes bytea as \x and hexadecimal digits. */
export function parseBytea(text: string): Buffer {
  return Buffer.from(text.slice(2), 'hex');
}
