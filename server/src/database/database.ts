import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { dropsUnfit, hearWarnings, refuseStandby } from './connections.js';
import { createLine, type Line } from './line.js';
import { createReadiness } from './readiness.js';
import type { Tables } from './tables.js';
import { createWires, type Wires } from './wires.js';

/** Where PostgreSQL is: a connection string, or the socket directory of the embedded server. */
export type DatabaseAddress = { readonly connectionString: string } | EmbeddedAddress;

interface EmbeddedAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

export interface Database {
  /** Cold queries. */
  readonly kysely: Kysely<Tables>;
  /** Reads of keys. */
  readonly wires: Wires;
  /** Plain writes, which with those reads are the hottest of all. A statement on it soon gives up waiting for a lock. */
  readonly line: Line;
  /** Other hot reads: pipelined connections, one flight on each at a time. */
  readonly readers: pg.Pool;
  /** Writes that need planning, likewise. */
  readonly writers: pg.Pool;
  /** Planned like hot reads, but they may take long: lists, snapshots. No hot read ever waits behind them. */
  readonly scanners: pg.Pool;
  /** Exports, each of which keeps its connection until it is over. */
  readonly exporters: pg.Pool;
  /** Rejects with HaloError `unavailable` within two seconds unless PostgreSQL answers and takes writes. */
  checkReady(): Promise<void>;
  /** What is open now, by the name of the pool; the wires are one, and the line is another. */
  connections(): Readonly<Record<string, ConnectionCounts>>;
  close(): Promise<void>;
}

/**
 * Whose reads and writes PostgreSQL gets in one statement: those of all accounts, or, where the tables are distributed
 * by account, of one alone.
 */
export type Flight = 'mixed' | 'account';

export interface ConnectionCounts {
  readonly idle: number;
  readonly busy: number;
  /** Who waits for one. */
  readonly waiting: number;
}

export interface PoolSizes {
  readonly cold: number;
  readonly readers: number;
  readonly writers: number;
  readonly scanners: number;
  readonly exporters: number;
}

/**
 * Hot statements join small arrays to tables by primary key. Each is planned once, without looking at its
 * values, and PostgreSQL is kept from scanning a table that merely looks small: a plan made while a table was
 * empty would otherwise stay in use while it fills.
 */
const hotSettings = [
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'enable_bitmapscan=off',
  'jit=off',
];
/**
 * Citus has to see the account to find its shard: a plan made without looking at values it can only refuse, unless it
 * is left to PostgreSQL not to keep it.
 */
const planCacheModes: Readonly<Record<Flight, string>> = { mixed: 'force_generic_plan', account: 'auto' };
/** Results are read as text (`engine/instant.ts`), so its form must not depend on the server's settings. */
const textSettings = ['TimeZone=UTC', 'DateStyle=ISO', 'bytea_output=hex', 'client_min_messages=warning'];

/** PostgreSQL gives up first, so that its answer, not our guess, tells what became of a statement. */
const statementTimeoutMs = 15_000;
const queryTimeoutMs = 20_000;
const idleInTransactionTimeoutMs = 10_000;
const connectTimeoutMs = 5_000;
/**
 * Everybody's plain writes go by the line, where those of one account may not hold up the others for long: they are then
 * made anew, apart. Flights that only meet each other wait a few milliseconds.
 */
const lineLockTimeoutMs = 250;

/**
 * Opens the pools. Connections are made when first needed and replaced when they break.
 *
 * @param onError told of errors on idle connections, which nobody else would hear of
 */
export function openDatabase(
  address: DatabaseAddress,
  sizes: PoolSizes,
  onError: (error: Error) => void,
  flight: Flight = 'mixed',
): Database {
  const planCacheMode = `plan_cache_mode=${planCacheModes[flight]}`;
  const clientConfig = (hot: boolean, more: readonly string[] = []): pg.ClientConfig => {
    const settings = [...textSettings, ...(hot ? [...hotSettings, planCacheMode] : []), ...more];
    return {
      ...address,
      options: settings.map((setting) => `-c ${setting}`).join(' '),
      application_name: 'halo',
      keepAlive: true,
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: statementTimeoutMs,
      query_timeout: queryTimeoutMs,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    };
  };
  const open = (max: number, hot: boolean): pg.Pool => {
    const config = { ...clientConfig(hot), max, pipeline: hot, onConnect: refuseStandby };
    const pool = new pg.Pool(config as pg.PoolConfig);
    // The pool listens only while a client is idle; a connection that breaks in use would end the process. What the
    // pool says of an idle one, its client has said already.
    pool.on('error', () => {});
    pool.on('connect', (client) => {
      // PostgreSQL says why it ends a connection, and then it ends: one loss.
      client.once('error', onError);
      client.on('error', () => {});
      hearWarnings(client);
    });
    return pool;
  };
  const wires = createWires(clientConfig(true), onError);
  const line = createLine(clientConfig(true, [`lock_timeout=${lineLockTimeoutMs}`]), onError);
  const readers = open(sizes.readers, true);
  const writers = open(sizes.writers, true);
  const scanners = open(sizes.scanners, true);
  const exporters = open(sizes.exporters, true);
  const cold = open(sizes.cold, false);
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: dropsUnfit(cold) }) });
  const readiness = createReadiness(clientConfig(false));
  return {
    kysely,
    wires,
    line,
    readers,
    writers,
    scanners,
    exporters,
    checkReady: readiness.check,
    connections: () => ({
      cold: countsOf(cold),
      readers: countsOf(readers),
      writers: countsOf(writers),
      scanners: countsOf(scanners),
      exporters: countsOf(exporters),
      wires: { ...wires.counts(), waiting: 0 },
      line: { ...line.counts(), waiting: 0 },
    }),
    close: async () => {
      wires.close();
      line.close();
      readiness.close();
      const hot = [readers, writers, scanners, exporters];
      await Promise.all([kysely.destroy(), ...hot.map((pool) => pool.end())]);
    },
  };
}

function countsOf({ totalCount, idleCount, waitingCount }: pg.Pool): ConnectionCounts {
  return { idle: idleCount, busy: totalCount - idleCount, waiting: waitingCount };
}
