import { bytesOf } from './draft.js';
import type { StoreKey, StoreRevision } from './flight-questions.js';
import { instantMs } from './instant.js';
import {
  type GivenAnswer,
  type Past,
  type Pointer,
  pastName,
  type SessionState,
  type StoredContent,
  type UndoneChange,
} from './state.js';
import type { Row } from './statements.js';

/** Turns rows into state. Each row begins with the place of what was asked, from 1. */

export function parseSession(row: Row | undefined): SessionState | undefined {
  if (row === undefined) return undefined;
  return { access: row[1] === 'write' ? 'write' : 'read', prefix: row[2] ?? '' };
}

export function parsePointers(
  keys: readonly StoreKey[],
  rows: readonly Row[],
): Map<string, Map<string, Pointer>> {
  const pointers = new Map<string, Map<string, Pointer>>();
  for (const row of rows) {
    const { accountId, key } = placeOf(keys, row);
    put(pointers, accountId, key, parsePointer(key, row));
  }
  return pointers;
}

function parsePointer(key: string, [, revision, bytes, createdAt, expiresAt, trashed, short]: Row): Pointer {
  if (revision == null || createdAt == null) {
    return { live: undefined, head: trashed == null ? undefined : Number(trashed) };
  }
  const head = Number(revision);
  return {
    live: {
      revision: head,
      bytes: Number(bytes),
      createdAtMs: instantMs(createdAt),
      expiresAtMs: expiresAt == null ? null : instantMs(expiresAt),
      content: { revision: head, key, short: textOf(short) },
    },
    head,
  };
}

export function parseUndone(
  undos: readonly StoreRevision[],
  rows: readonly Row[],
): Map<string, Map<number, UndoneChange[]>> {
  const undone = new Map<string, Map<number, UndoneChange[]>>();
  for (const row of rows) {
    const { accountId, revision } = placeOf(undos, row);
    const [, key, previous, ...version] = row;
    if (key == null) continue;
    const before = previous == null ? 'absent' : parsePast(key, version);
    const changes = undone.get(accountId)?.get(revision) ?? [];
    if (!changes.some((change) => change.key === key)) changes.push({ key, before });
    put(undone, accountId, revision, changes);
  }
  return undone;
}

export function parsePasts(
  asked: readonly (StoreKey & StoreRevision)[],
  rows: readonly Row[],
): Map<string, Map<string, Past>> {
  const pasts = new Map<string, Map<string, Past>>();
  for (const row of rows) {
    const { accountId, key, revision } = placeOf(asked, row);
    put(pasts, accountId, pastName(key, revision), parsePast(key, row.slice(1)));
  }
  return pasts;
}

/** Revision, kind, lengths of value and metadata, expiry and short value of a version; nulls: it was pruned. */
function parsePast(key: string, [revision, kind, size, metadataSize, expiresAt, short]: Row): Past {
  if (revision == null) return 'pruned';
  if (kind !== 'set') return 'absent';
  // A purged version keeps its place in the log, but no value.
  if (size == null) return 'pruned';
  const content: StoredContent = { revision: Number(revision), key, short: textOf(short) };
  return {
    bytes: bytesOf(key, Number(size) + Number(metadataSize ?? 0), null),
    expiresAtMs: expiresAt == null ? null : instantMs(expiresAt),
    content,
  };
}

export function parseAnswers(
  asked: readonly StoreKey[],
  rows: readonly Row[],
): Map<string, Map<string, GivenAnswer>> {
  const answers = new Map<string, Map<string, GivenAnswer>>();
  for (const row of rows) {
    const { accountId, key } = placeOf(asked, row);
    const [, hash, answer] = row;
    if (hash == null || answer == null) continue;
    put(answers, accountId, key, { hash: Buffer.from(hash.slice(2), 'hex'), answer });
  }
  return answers;
}

function placeOf<Asked>(asked: readonly Asked[], row: Row): Asked {
  const item = asked[Number(row[0]) - 1];
  if (item === undefined) throw new Error('PostgreSQL answered what was not asked.');
  return item;
}

function put<Key, Value>(map: Map<string, Map<Key, Value>>, accountId: string, key: Key, value: Value): void {
  const known = map.get(accountId);
  if (known === undefined) map.set(accountId, new Map([[key, value]]));
  else known.set(key, value);
}

/** A short value arrives as PostgreSQL writes bytea, in hexadecimal. */
function textOf(hex: string | null | undefined): string | undefined {
  return hex == null ? undefined : Buffer.from(hex.slice(2), 'hex').toString('latin1');
}
