import type { Database, Flight } from '../database/database.js';
import type { Credential } from '../database/live-session.js';
import { type FlightWatch, unwatched } from '../observability/flight-watch.js';
import { type ChangesPage, type ChangesQuery, readChanges } from './changes.js';
import type { Commit, Condition, Mutation, SetMutation } from './commit.js';
import { demandLive } from './demand-live.js';
import { createEraser, type Eraser } from './eraser.js';
import { createExporter, type Exporter } from './export.js';
import type { StoreLimits } from './flight-state.js';
import { type History, type HistoryQuery, listHistory, readPastValue } from './history.js';
import { type Imported, importPart, type Part } from './import.js';
import { type Listing, list, type Page } from './lister.js';
import { listPastKeys } from './past-lister.js';
import type { Accepted } from './plan.js';
import { createReader } from './reader.js';
import { readSnapshotOf, type Snapshot } from './snapshot.js';
import type { StoredValue } from './stored-value.js';
import type { Report } from './sweep-expired.js';
import { listBuried, purgeKey, type TrashPage, type TrashQuery } from './trash.js';
import { createVersionCache } from './version-cache.js';
import { createWatcher, type Watch, type WatchCounts, type WatchQuery } from './watcher.js';
import { createWriter } from './writer.js';

/**
 * The verbs of the store. Keys, metadata and content types have been checked by the caller; whether the
 * session lives and reaches the key is checked here, in the statement that does the work.
 */
export interface Engine {
  get(credential: Credential, key: string): Promise<StoredValue | undefined>;
  set(credential: Credential, set: Omit<SetMutation, 'kind'>, dryRun: boolean): Promise<Written>;
  delete(credential: Credential, deletion: Deletion, dryRun: boolean): Promise<Written>;
  commit(credential: Credential, asked: Asked): Promise<Accepted>;
  list(credential: Credential, listing: Listing & { readonly at: number | undefined }): Promise<Page>;
  /** At least one key, 1,000 at most. Without values when `withValues` is false. */
  read(credential: Credential, keys: readonly string[], withValues?: boolean): Promise<Snapshot>;
  /** A key as it stood at a revision. */
  getAt(credential: Credential, key: string, revision: number): Promise<StoredValue | undefined>;
  history(credential: Credential, query: HistoryQuery): Promise<History>;
  trash(credential: Credential, query: TrashQuery): Promise<TrashPage>;
  /** Erases all values in the history of a key that lies in the trash. */
  purge(credential: Credential, key: string, dryRun: boolean): Promise<void>;
  /** Ends those of an account's keys whose time has come: Halo's own doing, which nobody has to prove. */
  endExpired(accountId: string, keys: readonly string[]): Promise<Accepted>;
  /** A page of what has changed. */
  changes(credential: Credential, query: ChangesQuery): Promise<ChangesPage>;
  /** What changes from now on, or from a revision on, as it is committed. */
  watch(credential: Credential, query: WatchQuery): Promise<Watch>;
  /** Hands over all keys of one snapshot. */
  readonly export: Exporter['run'];
  /** Refuses a credential whose session does not live, before anything is spent on it. Throws `session-ended`. */
  demandLive(credential: Credential): Promise<void>;
  /** Sets some keys of a file in one commit. */
  importPart(credential: Credential, part: Part): Promise<Imported>;
  /** Erases the data of an account that was deleted. */
  readonly erase: Eraser['erase'];
  /** How many watch now. */
  watchCounts(): WatchCounts;
  /** Ends all watches and takes no more, so that a server that stops need not wait for them. */
  endWatches(): Promise<void>;
  /** Lets what is under way finish and refuses what comes after with `unavailable`. */
  close(): Promise<void>;
}

/** A commit without its author. */
export type Asked = Omit<Commit, 'credential' | 'accountId'>;

export interface Deletion {
  readonly key: string;
  readonly condition: Condition | undefined;
}

export interface Written {
  readonly revision: number;
  readonly created: boolean;
}

export interface EngineOptions {
  readonly limits: StoreLimits;
  readonly readFlightsMax: number;
  readonly writeFlightsMax: number;
  /** Whose reads and commits fly together; 'mixed' unless given. */
  readonly flight?: Flight;
  /** Of values that are too large for a flight, how many are read at once. */
  readonly largeReadsMax?: number;
  /** How much memory versions that were read may take. */
  readonly cacheBytesMax?: number;
  /** Told of what failed without a caller who hears of it. */
  readonly report: Report;
  /** Undefined: nobody counts. */
  readonly watches?: { readonly reads: FlightWatch; readonly writes: FlightWatch };
}

export function createEngine(database: Database, options: EngineOptions): Engine {
  const { flight = 'mixed' } = options;
  const { reads = unwatched, writes = unwatched } = options.watches ?? {};
  // Each shard is a PostgreSQL of its own, and may lose its commits alone.
  const cache = createVersionCache(flight === 'account' ? 0 : (options.cacheBytesMax ?? 0));
  const reader = createReader({
    wires: database.wires,
    flightsMax: options.readFlightsMax,
    largeReadsMax: options.largeReadsMax ?? 1,
    flight,
    cache,
    watch: reads,
  });
  const watcher = createWatcher({
    pool: database.readers,
    scanners: database.scanners,
    report: options.report,
  });
  const writer = createWriter({
    database,
    flightsMax: options.writeFlightsMax,
    limits: options.limits,
    flight,
    watch: writes,
    onCommitted: (moves, serverStart) => {
      if (serverStart !== null) for (const move of moves) cache.follow(serverStart, move);
      watcher.hear(moves);
    },
  });

  async function commitOne(credential: Credential, mutation: Mutation, dryRun: boolean): Promise<Written> {
    const { revision, results } = await writer.commit({
      credential,
      accountId: credential.accountId,
      checks: [],
      mutations: [mutation],
      dryRun,
      idempotency: undefined,
    });
    return { revision, created: results[0]?.created ?? false };
  }

  return {
    get: reader.get,
    set: (credential, set, dryRun) => commitOne(credential, { kind: 'set', ...set }, dryRun),
    commit: (credential, asked) => writer.commit({ ...asked, credential, accountId: credential.accountId }),
    delete: (credential, deletion, dryRun) => commitOne(credential, { kind: 'delete', ...deletion }, dryRun),
    list: (credential, { at, ...listing }) =>
      at === undefined
        ? list(database.scanners, credential, listing)
        : listPastKeys(database.scanners, credential, { ...listing, at }),
    read: (credential, keys, withValues) => readSnapshotOf(database.scanners, credential, keys, withValues),
    getAt: (credential, key, revision) => readPastValue(database.scanners, credential, key, revision),
    history: (credential, query) => listHistory(database.scanners, credential, query),
    trash: (credential, query) => listBuried(database.scanners, credential, query),
    purge: (credential, key, dryRun) => purgeKey(database.scanners, credential, key, dryRun),
    endExpired: (accountId, keys) =>
      writer.commit({
        credential: undefined,
        accountId,
        checks: [],
        mutations: [{ kind: 'sweep', keys }],
        dryRun: false,
        idempotency: undefined,
      }),
    changes: (credential, query) => readChanges(database.scanners, credential, query),
    watch: watcher.open,
    export: createExporter(database).run,
    demandLive: (credential) => demandLive(database.readers, credential),
    importPart: (credential, part) => importPart(database.scanners, writer.commit, credential, part),
    erase: createEraser(database.scanners).erase,
    watchCounts: watcher.counts,
    endWatches: watcher.close,
    close: async () => {
      await watcher.close();
      await Promise.all([reader.close(), writer.close()]);
    },
  };
}
