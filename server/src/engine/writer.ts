import type pg from 'pg';
import { databaseError } from '../database/failure.js';
import { HaloError } from '../errors.js';
import { byteaArray, int8Array, textArray, timestampArray } from './arrays.js';
import { type Batcher, createBatcher } from './batcher.js';
import { instantMs } from './instant.js';
import {
  type Accepted,
  type Commit,
  type Live,
  type Plan,
  type Pointer,
  plan,
  type SessionState,
  type State,
  type StoreState,
} from './plan.js';
import { gatherCredentials } from './reader.js';
import {
  appendVersions,
  lockStores,
  prepared,
  putEntries,
  putStores,
  putTrash,
  type Row,
  readPointers,
  readSessions,
  removeEntries,
  removeTrash,
} from './statements.js';

/**
 * The one way in: every change is a commit, and a flight of commits is one transaction of two pipelined round
 * trips. Its promises: nothing is answered before PostgreSQL has acknowledged the COMMIT; a refused commit
 * leaves nothing behind; when the answer to COMMIT is lost, callers hear `outcome-unknown` and nobody tries
 * again behind their backs.
 *
 * Flights of one account wait for each other on its `stores` row. The row is locked first, and everything else
 * is read in a later statement: under READ COMMITTED a statement's snapshot is older than its lock wait.
 */
export interface Writer {
  /** @throws HaloError as the plan decides, or `overloaded`, `unavailable`, `outcome-unknown` */
  commit(commit: Commit): Promise<Accepted>;
  close(): Promise<void>;
}

export interface StoreLimits {
  readonly keysMax: number;
  readonly bytesMax: number;
}

const flightItemsMax = 256;
/** Leaves room for one value of the largest size beside others. */
const flightBytesMax = 32 * 1024 * 1024;
const queueItemsMax = 10_000;
const queueBytesMax = 256 * 1024 * 1024;
/** What a commit costs besides its values: keys, headers, closures. */
const commitBytes = 512;
/** Deadlocks and serialization failures are not expected; if they come, a few tries see them through. */
const triesMax = 4;

export function createWriter(pool: pg.Pool, flightsMax: number, limits: StoreLimits): Writer {
  const batcher: Batcher<Commit, Accepted> = createBatcher({
    fly: (commits) => fly(pool, limits, commits),
    bytesOf,
    flightsMax,
    flightItemsMax,
    flightBytesMax,
    queueItemsMax,
    queueBytesMax,
  });
  return { commit: (commit) => batcher.submit(commit), close: () => batcher.close() };
}

function bytesOf({ mutations }: Commit): number {
  let bytes = commitBytes;
  for (const mutation of mutations) bytes += mutation.kind === 'set' ? mutation.value.length : 0;
  return bytes;
}

async function fly(
  pool: pg.Pool,
  limits: StoreLimits,
  commits: readonly Commit[],
): Promise<readonly (Accepted | Error)[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await transact(pool, limits, commits);
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
      if (tries === triesMax || !error.worthRetrying) throw databaseError(error.cause, { committing: false });
    }
  }
}

/** The transaction certainly did not commit. */
class RolledBack extends Error {
  get worthRetrying(): boolean {
    const code = (this.cause as { code?: unknown }).code;
    return code === '40P01' || code === '40001';
  }
}

async function transact(
  pool: pg.Pool,
  limits: StoreLimits,
  commits: readonly Commit[],
): Promise<readonly (Accepted | Error)[]> {
  const client = await pool.connect().catch((cause: unknown) => {
    throw new RolledBack('No connection.', { cause });
  });
  let broken = true;
  try {
    const state = await readState(client, limits, commits);
    const decided = plan(state, commits);
    if (decided.stores.length === 0) await client.query('rollback');
    else await writePlan(client, decided, state.nowMs);
    broken = false;
    return decided.outcomes;
  } finally {
    // A connection on which anything went wrong is closed: PostgreSQL then rolls back what it still held.
    client.release(broken);
  }
}

/** The first round trip. */
async function readState(
  client: pg.ClientBase,
  limits: StoreLimits,
  commits: readonly Commit[],
): Promise<State> {
  const { credentials, places } = gatherCredentials(commits);
  const accountIds = [...new Set(credentials.map((credential) => credential.accountId))];
  const keys = gatherKeys(commits);
  const queries = [
    client.query('begin'),
    client.query<string[]>(prepared(lockStores, [int8Array(accountIds)])),
    client.query<string[]>(
      prepared(readSessions, [
        int8Array(credentials.map((credential) => credential.accountId)),
        textArray(credentials.map((credential) => credential.sessionId)),
        byteaArray(credentials.map((credential) => credential.secretHash ?? null)),
      ]),
    ),
    client.query<string[]>(
      prepared(readPointers, [
        int8Array(keys.map(({ accountId }) => accountId)),
        textArray(keys.map(({ key }) => key)),
      ]),
    ),
  ] as const;
  // Waiting for all of them first leaves no rejection unheard.
  await Promise.allSettled(queries);
  const [, stores, sessions, pointers] = await Promise.all(queries).catch((cause: unknown) => {
    throw new RolledBack('A statement failed before anything was written.', { cause });
  });
  const live = new Map((sessions.rows as readonly Row[]).map((row) => [Number(row[0]), row]));
  // Without a live session nothing is written, and the time does not matter.
  const nowText = live.values().next().value?.[3];
  return {
    nowMs: nowText == null ? 0 : instantMs(nowText),
    stores: parseStores(stores.rows as readonly Row[], limits, keys, pointers.rows as readonly Row[]),
    sessions: places.map((place) => parseSession(live.get(place))),
  };
}

interface StoreKey {
  readonly accountId: string;
  readonly key: string;
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

function parseSession(row: Row | undefined): SessionState | undefined {
  if (row === undefined) return undefined;
  return { access: row[1] === 'write' ? 'write' : 'read', prefix: row[2] ?? '' };
}

function parseStores(
  rows: readonly Row[],
  limits: StoreLimits,
  keys: readonly StoreKey[],
  pointerRows: readonly Row[],
): Map<string, StoreState> {
  const pointers = new Map<string, Map<string, Pointer>>();
  for (const row of pointerRows) {
    const place = keys[Number(row[0]) - 1];
    if (place === undefined) throw new Error('PostgreSQL answered a key that was not asked for.');
    const known = pointers.get(place.accountId) ?? new Map<string, Pointer>();
    pointers.set(place.accountId, known.set(place.key, parsePointer(row)));
  }
  return new Map(
    rows.map(([accountId, revision, liveKeys, bytes, keysMax, bytesMax]) => [
      String(accountId),
      {
        revision: Number(revision),
        keys: Number(liveKeys),
        bytes: Number(bytes),
        keysMax: keysMax == null ? limits.keysMax : Number(keysMax),
        bytesMax: bytesMax == null ? limits.bytesMax : Number(bytesMax),
        pointers: pointers.get(String(accountId)) ?? new Map(),
      },
    ]),
  );
}

function parsePointer([, revision, bytes, createdAt, expiresAt, trashed]: Row): Pointer {
  if (revision == null || createdAt == null) {
    return { live: undefined, head: trashed == null ? undefined : Number(trashed) };
  }
  const live: Live = {
    revision: Number(revision),
    bytes: Number(bytes),
    createdAtMs: instantMs(createdAt),
    expiresAtMs: expiresAt == null ? null : instantMs(expiresAt),
  };
  return { live, head: live.revision };
}

/** The second round trip: one statement a table, then COMMIT. */
async function writePlan(client: pg.ClientBase, { stores }: Plan, nowMs: number): Promise<void> {
  const versions = stores.flatMap(({ accountId, versions }) =>
    versions.map((version) => ({ accountId, ...version })),
  );
  const moved = stores.flatMap(({ accountId, pointers }) =>
    pointers.map((change) => ({ accountId, ...change })),
  );
  const alive = moved.flatMap(({ accountId, key, after }) =>
    after.live ? [{ accountId, key, ...after.live }] : [],
  );
  const dead = moved.filter(({ after }) => after.live === undefined);
  const died = dead.filter(({ before }) => before.live !== undefined);
  const buried = dead.flatMap(({ accountId, key, after }) => {
    return after.head === undefined ? [] : [{ accountId, key, revision: after.head }];
  });
  const risen = moved.filter(({ before, after }) => after.live && !before.live && before.head !== undefined);
  const writes = [
    client.query(
      prepared(appendVersions, [
        int8Array(versions.map((version) => version.accountId)),
        int8Array(versions.map((version) => version.revision)),
        textArray(versions.map((version) => version.key)),
        int8Array(versions.map((version) => version.previousRevision ?? null)),
        textArray(versions.map((version) => version.kind)),
        byteaArray(versions.map((version) => version.value)),
        textArray(versions.map((version) => version.contentType)),
        textArray(versions.map((version) => version.metadata)),
        timestampArray(versions.map((version) => version.createdAtMs)),
        timestampArray(versions.map((version) => version.expiresAtMs)),
        textArray(versions.map((version) => version.actor)),
        new Date(nowMs),
      ]),
    ),
  ];
  if (alive.length > 0) {
    const values = [
      ...keyArrays(alive),
      int8Array(alive.map((entry) => entry.revision)),
      int8Array(alive.map((entry) => entry.bytes)),
      timestampArray(alive.map((entry) => entry.createdAtMs)),
      timestampArray(alive.map((entry) => entry.expiresAtMs)),
    ];
    writes.push(client.query(prepared(putEntries, values)));
  }
  if (died.length > 0) writes.push(client.query(prepared(removeEntries, keyArrays(died))));
  if (buried.length > 0) {
    const revisions = int8Array(buried.map((entry) => entry.revision));
    writes.push(client.query(prepared(putTrash, [...keyArrays(buried), revisions])));
  }
  if (risen.length > 0) writes.push(client.query(prepared(removeTrash, keyArrays(risen))));
  writes.push(
    client.query(
      prepared(putStores, [
        int8Array(stores.map((store) => store.accountId)),
        int8Array(stores.map((store) => store.revision)),
        int8Array(stores.map((store) => store.keys)),
        int8Array(stores.map((store) => store.bytes)),
      ]),
    ),
  );
  await settleCommit(writes, client.query('commit'));
}

function keyArrays(keys: readonly StoreKey[]): Buffer[] {
  return [int8Array(keys.map(({ accountId }) => accountId)), textArray(keys.map(({ key }) => key))];
}

/**
 * COMMIT was sent together with the writes. If PostgreSQL refused one of them, it has rolled back for certain;
 * if it acknowledged COMMIT with COMMIT, it has committed; anything else is not known.
 */
async function settleCommit(
  writes: readonly Promise<unknown>[],
  commit: Promise<pg.QueryResult>,
): Promise<void> {
  const [committed, ...written] = await Promise.allSettled([commit, ...writes]);
  const refused = written.find(
    (outcome) => outcome.status === 'rejected' && isStatementError(outcome.reason),
  );
  if (refused?.status === 'rejected') {
    throw new RolledBack('PostgreSQL refused a write.', { cause: refused.reason });
  }
  if (committed.status === 'rejected') throw databaseError(committed.reason, { committing: true });
  if (committed.value.command !== 'COMMIT') {
    throw new HaloError('internal', 'The write was rolled back.', { cause: committed.value.command });
  }
}

/** An ERROR ends the statement and dooms the transaction; a FATAL ends the connection and tells nothing. */
function isStatementError(error: unknown): boolean {
  return (error as { severity?: unknown }).severity === 'ERROR';
}
