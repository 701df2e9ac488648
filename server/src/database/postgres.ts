import { type ChildProcess, spawn } from 'node:child_process';
import { rmdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { StartError } from '../errors.js';
import {
  type Cluster,
  makeSocketDirectory,
  openCluster,
  SOCKET_PORT,
  SUPERUSER,
  spawnSettings,
} from './postgres-cluster.js';
import {
  clearTheWay,
  inUseError,
  POLL_MS,
  type PostgresAddress,
  takeOwnerLock,
  tryConnect,
} from './postgres-owner.js';

/**
 * Halo's own PostgreSQL: a child process on a private socket, for whoever has not set DATABASE_URL. It
 * promises that at most one Halo uses a data directory, that a start succeeds after any crash of Halo, of
 * PostgreSQL or of the machine, and that nothing listens on the network.
 */
export interface EmbeddedPostgres extends PostgresAddress {
  /** The `host` to connect to. */
  readonly socketDirectory: string;
  /** Only names the socket's file. */
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly pid: number;
  /** Resolves when the server has ended, whether it was stopped or died. */
  readonly exited: Promise<PostgresExit>;
  /** Stops the server and resolves when it has ended. Calling it again returns the same promise. */
  stop(): Promise<void>;
}

export interface PostgresExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface EmbeddedPostgresOptions {
  /** Halo's data directory, absolute; the cluster lives in `postgres` below it. */
  readonly directory: string;
  /** Receives what PostgreSQL logs, line by line. */
  readonly log: (line: string) => void;
  /** PostgreSQL settings that replace Halo's. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Halo's database in its own PostgreSQL. */
export const DATABASE = 'halo';

/**
 * Sized for a small machine that does other work too. Everything not named here is PostgreSQL's default,
 * also where initdb wrote something else.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  // What Halo acknowledges is on disk.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // Halo's pools stay well below this; an operator's own tools fit in too.
  max_connections: '100',
  shared_buffers: '128MB',
  // Checkpoints every gigabyte: fewer full page images under steady writes, seconds of recovery at most.
  min_wal_size: '128MB',
  max_wal_size: '1GB',
  // Halo's statements take microseconds; compiling one takes milliseconds.
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  // Values are secrets. No statement, parameter, or detail such as "Key (…)=(…) already exists" is logged.
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_min_error_statement: 'panic',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_error_verbosity: 'terse',
  log_destination: 'stderr',
  logging_collector: 'off',
  // Halo's logger adds the time.
  log_line_prefix: '[%p] ',
};

/** Recovery after a power cut replays at most max_wal_size of log, which takes seconds. */
const READY_MS_MAX = 60_000;

/** Racing starts are settled in one or two rounds; each round waits for what it meets by itself. */
const ROUNDS_MS_MAX = 60_000;

/** As long as the last checkpoint of a fast shutdown may take on a slow disk. */
const FAST_STOP_MS_MAX = 30_000;

/** An immediate shutdown kills what has not ended after five seconds. */
const IMMEDIATE_STOP_MS_MAX = 10_000;

/** Closing an idle connection takes a millisecond; the shutdown that follows would cut it anyway. */
const RELEASE_MS_MAX = 1_000;

/** Enough to show why PostgreSQL did not start. */
const LAST_LINES_MAX = 10;

/** PostgreSQL's own lines are short; a longer one is cut so that a log cannot fill the memory. */
const LINE_CHARACTERS_MAX = 8_192;

/**
 * What PostgreSQL says when another server of the same directory is starting, running or just ending, or
 * when that server's stop removed the socket's directory. All of it passes; the rest does not.
 */
const LOST_RACE =
  /lock file .*(already exists|is empty)|pre-existing shared memory block|could not create lock file .*No such file/;

/**
 * Starts PostgreSQL on `<directory>/postgres`, made if missing, and resolves when the database `halo` takes
 * connections. Stops an orphan of a Halo that died. Throws StartError when another Halo uses the directory,
 * when it holds something other than a cluster of this major version, or when PostgreSQL cannot run here.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const deadline = Date.now() + ROUNDS_MS_MAX;
  const cluster = await openCluster(options.directory);
  for (;;) {
    const stalePid = await clearTheWay(cluster, options.log);
    const socketDirectory = await makeSocketDirectory(cluster);
    const server = await spawnPostgres(cluster, { socketDirectory, port: SOCKET_PORT }, stalePid, options);
    const owner = await becomeOwner(server).catch(async (error: unknown) => {
      await stopServer(server).catch(() => {});
      await removeSocketDirectory(server);
      throw error;
    });
    if (owner !== undefined) return serve(server, owner);
    if (Date.now() > deadline) throw startError(server);
    await delay(POLL_MS);
  }
}

/** A child process that may not be ready yet, or may have failed. */
interface Server {
  readonly cluster: Cluster;
  readonly address: PostgresAddress;
  readonly child: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<PostgresExit>;
  readonly lastLines: readonly string[];
  hasExited(): boolean;
}

async function spawnPostgres(
  cluster: Cluster,
  address: PostgresAddress,
  stalePid: number | undefined,
  { settings, log }: EmbeddedPostgresOptions,
): Promise<Server> {
  const { dataArgument, options } = spawnSettings(cluster.directory, cluster.user);
  // PostgreSQL ignores a `postmaster.pid` that names its own ancestor, and this is how its pg_ctl names
  // one. Removing the file instead could remove that of a server started since, and two would run.
  const stale = stalePid === undefined ? {} : { PG_GRANDPARENT_PID: String(stalePid) };
  const child = spawn(
    cluster.binaries.postgres,
    postgresArguments(cluster, address, dataArgument, settings),
    {
      ...options,
      env: { ...options.env, ...stale },
      // Its own process group: the terminal's Ctrl-C is for Halo, which stops PostgreSQL last.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let hasExited = false;
  const exited = new Promise<PostgresExit>((resolve) => {
    child.once('exit', (code, signal) => {
      hasExited = true;
      resolve({ code, signal });
    });
  });
  const lastLines: string[] = [];
  readLines(child, (line) => {
    lastLines.push(line);
    if (lastLines.length > LAST_LINES_MAX) lastLines.shift();
    log(line);
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      const message = `PostgreSQL cannot be run from ${cluster.binaries.postgres}: ${cause.message}.`;
      reject(new StartError(`${message} Repair the installation, or set DATABASE_URL.`, { cause }));
    });
  });
  // Node.js knows the id of every child that it spawned.
  const pid = child.pid ?? 0;
  return { cluster, address, child, pid, exited, lastLines, hasExited: () => hasExited };
}

function postgresArguments(
  cluster: Cluster,
  address: PostgresAddress,
  dataArgument: string,
  settings: Readonly<Record<string, string>> = {},
): string[] {
  const all = {
    ...SETTINGS,
    ...settings,
    // Not for options to change: these keep the server private, and findable after Halo's death.
    listen_addresses: '',
    port: String(address.port),
    unix_socket_directories: address.socketDirectory,
    unix_socket_permissions: '0700',
    cluster_name: cluster.name,
  };
  return ['-D', dataArgument, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

function readLines(child: ChildProcess, take: (line: string) => void): void {
  let rest = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(0, LINE_CHARACTERS_MAX);
    for (const line of lines) if (line !== '') take(line.slice(0, LINE_CHARACTERS_MAX));
  });
}

/**
 * Waits until the server is ready, takes the owner's lock and makes Halo's database. Returns the connection
 * that holds the lock, or undefined when another server of this directory was faster.
 */
async function becomeOwner(server: Server): Promise<pg.Client | undefined> {
  const client = await connectWhenReady(server);
  if (client === undefined) return undefined;
  try {
    if (!(await isServedBy(client, server))) {
      // The socket is another server's; ours is about to find its lock file and end.
      await client.end();
      await stopServer(server);
      return undefined;
    }
    if (!(await takeOwnerLock(client))) throw await inUseError(server.cluster, client);
    const found = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${DATABASE}`);
    return client;
  } catch (error) {
    void client.end().catch(() => {});
    if (error instanceof StartError) throw error;
    // A Halo that started at the same moment may have taken this server for an orphan, and stopped it.
    const isStopped = await Promise.race([
      server.exited,
      delay(IMMEDIATE_STOP_MS_MAX, undefined, { ref: false }),
    ]);
    if (isStopped?.code === 0) return undefined;
    throw error;
  }
}

async function connectWhenReady(server: Server): Promise<pg.Client | undefined> {
  const deadline = Date.now() + READY_MS_MAX;
  while (Date.now() < deadline) {
    const attempt = await tryConnect(server.address);
    if (attempt.client !== undefined) return attempt.client;
    if (server.hasExited()) {
      // The last lines may still be in the pipe when the exit is known.
      await delay(POLL_MS);
      const { code } = await server.exited;
      // Code 0 is an orderly stop by another Halo, which took this server for an orphan.
      if (code === 0 || server.lastLines.some((line) => LOST_RACE.test(line))) return undefined;
      throw startError(server);
    }
    await delay(POLL_MS);
  }
  throw startError(server);
}

async function isServedBy(client: pg.Client, { pid }: Server): Promise<boolean> {
  const result = await client.query<{ file: string }>(`select pg_read_file('postmaster.pid') as file`);
  return Number.parseInt(result.rows[0]?.file ?? '', 10) === pid;
}

function startError({ cluster, lastLines }: Server): StartError {
  return new StartError(
    `PostgreSQL did not start on ${cluster.directory}. Its last words were:\n${lastLines.join('\n')}`,
  );
}

function serve(server: Server, owner: pg.Client): EmbeddedPostgres {
  const lock = keepOwnerLock(server, owner);
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await lock.release();
    await stopServer(server);
    await removeSocketDirectory(server);
  };
  return {
    ...server.address,
    user: SUPERUSER,
    database: DATABASE,
    pid: server.pid,
    exited: server.exited,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/**
 * Its files are gone when the stop was orderly. If it was not, or if another Halo has begun to use the
 * directory, it is not empty and stays.
 */
async function removeSocketDirectory({ address }: Server): Promise<void> {
  await rmdir(address.socketDirectory).catch(() => {});
}

/**
 * Keeps the owner's lock while the server lives. PostgreSQL ends every connection when one of its backends
 * crashes, and an operator may end this one; without the lock, the next Halo would take the server for an
 * orphan.
 */
function keepOwnerLock(server: Server, first: pg.Client): { release(): Promise<void> } {
  let client = first;
  let isReleased = false;
  const isWanted = () => !isReleased && !server.hasExited();
  const watch = () => client.once('end', () => void retake());
  const retake = async () => {
    while (isWanted()) {
      const attempt = await tryConnect(server.address);
      if (attempt.client !== undefined) {
        const isTaken = await takeOwnerLock(attempt.client).catch(() => false);
        if (isTaken && isWanted()) {
          client = attempt.client;
          watch();
          return;
        }
        await attempt.client.end().catch(() => {});
      }
      await delay(POLL_MS);
    }
  };
  watch();
  return {
    async release() {
      isReleased = true;
      if (server.hasExited()) return;
      // A frozen server never says goodbye.
      const end = client.end().catch(() => {});
      await Promise.race([end, delay(RELEASE_MS_MAX, undefined, { ref: false })]);
    },
  };
}

/** Ends the child: its sessions are cut and its buffers written, or, if that takes too long, at once. */
async function stopServer(server: Server): Promise<void> {
  for (const [signal, limitMs] of [
    ['SIGINT', FAST_STOP_MS_MAX],
    ['SIGQUIT', IMMEDIATE_STOP_MS_MAX],
  ] as const) {
    if (server.hasExited()) return;
    server.child.kill(signal);
    const cancel = new AbortController();
    const timeout = delay(limitMs, undefined, { signal: cancel.signal }).catch(() => {});
    await Promise.race([server.exited, timeout]);
    cancel.abort();
  }
  if (server.hasExited()) return;
  // Whoever waits for this process to end should not wait for a frozen one.
  server.child.unref();
  server.child.stderr?.destroy();
  throw new Error(`PostgreSQL process ${server.pid} does not stop.`);
}
