import type { QueryArrayConfig } from 'pg';
import type { Credential } from '../database/live-session.js';
import { byteaArray, int8Array, textArray } from './arrays.js';
import { instantMs } from './instant.js';
import type { Commit, Pointer, SessionState, State, StoreState } from './plan.js';
import { lockStores, prepared, type Row, readPointers, readSessions } from './statements.js';

/** What an account may keep unless its store says otherwise. */
export interface StoreLimits {
  readonly keysMax: number;
  readonly bytesMax: number;
}

/** Everything a flight of commits has to ask PostgreSQL before it can be planned. */
export interface Flight {
  /** To be run in this order: the stores' lock first. */
  readonly statements: readonly QueryArrayConfig[];
  readonly keys: readonly StoreKey[];
  /** For each commit the place of its credential, from 1. */
  readonly places: readonly number[];
}

export interface StoreKey {
  readonly accountId: string;
  readonly key: string;
}

export function gatherFlight(commits: readonly Commit[]): Flight {
  const { credentials, places } = gatherCredentials(commits);
  const accountIds = new Set(credentials.map((credential) => credential.accountId));
  const keys = gatherKeys(commits);
  const statements = [
    prepared(lockStores, [int8Array([...accountIds])]),
    prepared(readSessions, credentialArrays(credentials)),
    prepared(readPointers, keyArrays(keys)),
  ];
  return { statements, keys, places };
}

/** Sends each distinct credential once: a flight usually carries few. Places count from 1, as in SQL. */
export function gatherCredentials(items: readonly { readonly credential: Credential }[]): {
  credentials: Credential[];
  places: number[];
} {
  const credentials: Credential[] = [];
  const placeOf = new Map<Credential, number>();
  const places = items.map(({ credential }) => {
    let place = placeOf.get(credential);
    if (place === undefined) {
      place = credentials.push(credential);
      placeOf.set(credential, place);
    }
    return place;
  });
  return { credentials, places };
}

/** $1 to $3 of the statements that check sessions. */
export function credentialArrays(credentials: readonly Credential[]): Buffer[] {
  return [
    int8Array(credentials.map((credential) => credential.accountId)),
    textArray(credentials.map((credential) => credential.sessionId)),
    byteaArray(credentials.map((credential) => credential.secretHash ?? null)),
  ];
}

export function keyArrays(keys: readonly StoreKey[]): Buffer[] {
  return [int8Array(keys.map(({ accountId }) => accountId)), textArray(keys.map(({ key }) => key))];
}

function gatherKeys(commits: readonly Commit[]): StoreKey[] {
  const seen = new Map<string, Set<string>>();
  const keys: StoreKey[] = [];
  for (const { credential, mutations } of commits) {
    const { accountId } = credential;
    const known = seen.get(accountId) ?? new Set();
    seen.set(accountId, known);
    for (const { key } of mutations) {
      if (known.has(key)) continue;
      known.add(key);
      keys.push({ accountId, key });
    }
  }
  return keys;
}

/** @param answers the rows of the flight's statements, in their order */
export function parseState(
  { keys, places }: Flight,
  limits: StoreLimits,
  [storeRows = [], sessionRows = [], pointerRows = []]: readonly (readonly Row[])[],
): State {
  const live = new Map(sessionRows.map((row) => [Number(row[0]), row]));
  // Without a live session nothing is written, and the time does not matter.
  const nowText = sessionRows[0]?.[3];
  return {
    nowMs: nowText == null ? 0 : instantMs(nowText),
    stores: parseStores(storeRows, limits, parsePointers(keys, pointerRows)),
    sessions: places.map((place) => parseSession(live.get(place))),
  };
}

function parseSession(row: Row | undefined): SessionState | undefined {
  if (row === undefined) return undefined;
  return { access: row[1] === 'write' ? 'write' : 'read', prefix: row[2] ?? '' };
}

function parseStores(
  rows: readonly Row[],
  limits: StoreLimits,
  pointers: ReadonlyMap<string, ReadonlyMap<string, Pointer>>,
): Map<string, StoreState> {
  const stores = new Map<string, StoreState>();
  for (const [accountId, revision, keys, bytes, keysMax, bytesMax] of rows) {
    stores.set(String(accountId), {
      revision: Number(revision),
      keys: Number(keys),
      bytes: Number(bytes),
      keysMax: keysMax == null ? limits.keysMax : Number(keysMax),
      bytesMax: bytesMax == null ? limits.bytesMax : Number(bytesMax),
      pointers: pointers.get(String(accountId)) ?? new Map(),
    });
  }
  return stores;
}

function parsePointers(keys: readonly StoreKey[], rows: readonly Row[]): Map<string, Map<string, Pointer>> {
  const pointers = new Map<string, Map<string, Pointer>>();
  for (const row of rows) {
    const place = keys[Number(row[0]) - 1];
    if (place === undefined) throw new Error('PostgreSQL answered a key that was not asked for.');
    const known = pointers.get(place.accountId) ?? new Map<string, Pointer>();
    pointers.set(place.accountId, known.set(place.key, parsePointer(row)));
  }
  return pointers;
}

function parsePointer([, revision, bytes, createdAt, expiresAt, trashed]: Row): Pointer {
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
    },
    head,
  };
}
