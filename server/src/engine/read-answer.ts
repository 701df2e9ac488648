import type { WireRow } from '../database/wire-reader.js';
import {
  readBooleanArray,
  readByteaArray,
  readInt8Array,
  readTextArray,
  readTimestampArray,
} from './array-results.js';
import type { StoredValue } from './stored-value.js';

/** What `readKeys` answers for a flight. */
export interface ReadAnswer {
  /** When the PostgreSQL that answered began to run; see `version-cache.ts`. Null: nothing of it may be kept. */
  readonly serverStart: Buffer | null;
  readonly sessions: readonly AnsweredSession[];
  readonly lookedUp: readonly LookedUp[];
}

/** In the order of the flight's credentials. */
export interface AnsweredSession {
  readonly lives: boolean;
  readonly prefix: string;
  readonly storeRevision: number;
}

/** A key that was looked up; those that were not are what they were known to be. */
export interface LookedUp {
  /** Its place among the flight's reads, from 0. */
  readonly index: number;
  /** 'known': it has the revision that it was known to have. */
  readonly found: Found | 'known' | undefined;
}

/** Everything but the value, which is null when it was too large to travel with the flight. */
export interface Found extends Omit<StoredValue, 'value'> {
  readonly value: Buffer | null;
}

export function readAnswer(row: WireRow): ReadAnswer {
  const prefixes = readTextArray(row[1]);
  const storeRevisions = readInt8Array(row[2]);
  const sessions = readBooleanArray(row[0]).map((lives, index) => ({
    lives: lives === true,
    prefix: prefixes[index] ?? '',
    storeRevision: storeRevisions[index] ?? 0,
  }));
  // Mostly nothing had to be looked up, and reading no arrays is quickest.
  return {
    serverStart: row[3] ?? null,
    sessions,
    lookedUp: row[4] == null ? [] : readLookedUp(row.slice(4)),
  };
}

function readLookedUp(columns: WireRow): LookedUp[] {
  const revisions = readInt8Array(columns[1]);
  const values = readByteaArray(columns[2]);
  const contentTypes = readTextArray(columns[3]);
  const metadata = readTextArray(columns[4]);
  const created = readTimestampArray(columns[5]);
  const written = readTimestampArray(columns[6]);
  const expires = readTimestampArray(columns[7]);
  const foundAt = (at: number): LookedUp['found'] => {
    const revision = revisions[at];
    const contentType = contentTypes[at];
    if (revision == null) return undefined;
    if (contentType == null) return 'known';
    return {
      revision,
      value: values[at] ?? null,
      contentType,
      metadata: metadata[at] ?? null,
      createdAtMs: created[at] ?? 0,
      writtenAtMs: written[at] ?? 0,
      expiresAtMs: expires[at] ?? null,
    };
  };
  return readInt8Array(columns[0]).map((place, at) => ({ index: (place ?? 0) - 1, found: foundAt(at) }));
}
