import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { StartError } from '../errors.js';
import { type Cluster, SUPERUSER } from './postgres-cluster.js';

/**
 * Who owns a running PostgreSQL. Every Halo keeps one connection to the PostgreSQL it started, and on it an
 * advisory lock. When Halo dies, however it dies, the kernel closes the connection and the lock is free:
 * a running PostgreSQL whose lock is free is an orphan, and one whose lock is taken is in use.
 */

/** "Halo" in ASCII. The lock is taken in the database `postgres`: advisory locks are each database's own. */
const OWNER_LOCK = 0x48616c6f;
const LOCK_DATABASE = 'postgres';

/** A PostgreSQL that accepts a connection and then says nothing for this long is frozen, not busy. */
const SILENCE_MS_MAX = 10_000;

/** The longest of this connection's statements copies a template database, on a slow disk. */
const QUERY_MS_MAX = 30_000;

/** An orphan that was killed by a power cut's worth of work may replay its log this long. */
const ORPHAN_READY_MS_MAX = 60_000;

/** The backend of an owner that died notices at once; a loaded machine may take a moment to run it. */
const OWNER_GONE_MS_MAX = 3_000;

/** A fast shutdown writes one checkpoint of at most the shared buffers. */
const FAST_SHUTDOWN_MS_MAX = 30_000;

/** PostgreSQL gives its children five seconds of an immediate shutdown before it kills them. */
const IMMEDIATE_SHUTDOWN_MS_MAX = 10_000;

/** Short beside a start, long beside a look at a socket or a process. */
export const POLL_MS = 25;

export interface PostgresAddress {
  readonly socketDirectory: string;
  readonly port: number;
}

type Attempt =
  | { readonly client: pg.Client }
  | { readonly client?: never; readonly refusal: 'absent' | 'not-ready' | 'silent'; readonly error: unknown };

/** Connects to the database of the lock, or tells why that is not possible now. */
export async function tryConnect(address: PostgresAddress): Promise<Attempt> {
  const client = new pg.Client({
    host: address.socketDirectory,
    port: address.port,
    user: SUPERUSER,
    database: LOCK_DATABASE,
    application_name: `halo-owner ${process.pid}`,
    ssl: false,
    connectionTimeoutMillis: SILENCE_MS_MAX,
    query_timeout: QUERY_MS_MAX,
  });
  // A connection that PostgreSQL ends is noticed by the next query, or by the 'end' event.
  client.on('error', () => {});
  const startedAt = Date.now();
  try {
    await client.connect();
    return { client };
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return { refusal: 'absent', error };
    // Starting up, shutting down, out of connections, or gone between accepting and answering: all pass.
    const isSilent = Date.now() - startedAt >= SILENCE_MS_MAX;
    return { refusal: isSilent ? 'silent' : 'not-ready', error };
  }
}

/** Takes the owner's lock for as long as `client` is connected. False: another Halo has it. */
export async function takeOwnerLock(client: pg.Client): Promise<boolean> {
  const result = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
    OWNER_LOCK,
  ]);
  return result.rows[0]?.taken === true;
}

/** The process id that the lock's holder gave as its own, or undefined when nobody holds the lock. */
export async function readOwner(client: pg.Client): Promise<number | undefined> {
  const result = await client.query<{ name: string }>(
    `select a.application_name as name
       from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.granted and l.objid = $1`,
    [OWNER_LOCK],
  );
  const pid = Number.parseInt(result.rows[0]?.name.split(' ').at(-1) ?? '', 10);
  return pid > 0 ? pid : undefined;
}

/** A data directory belongs to another Halo, which may soon be done with it. */
export class InUseError extends StartError {}

/** The error of a data directory whose lock another Halo holds. */
export async function inUseError(cluster: Cluster, client: pg.Client): Promise<InUseError> {
  const owner = await readOwner(client).catch(() => undefined);
  const which = owner === undefined ? '' : ` (process ${owner})`;
  return new InUseError(
    `The data directory ${cluster.directory} is in use by another Halo${which}. ` +
      'Stop it, or set HALO_DATA to another directory.',
  );
}

/**
 * Makes sure that no PostgreSQL serves the cluster: stops an orphan, and throws StartError if another Halo
 * uses it. Returns the process id in a stale `postmaster.pid` that now belongs to an unrelated process, as
 * happens in containers, where every start hands out the same few ids.
 */
export async function clearTheWay(
  cluster: Cluster,
  log: (line: string) => void,
): Promise<number | undefined> {
  const lockFile = join(cluster.directory, 'postmaster.pid');
  const lines = (await readFile(lockFile, 'utf8').catch(() => '')).split('\n');
  const pid = Math.abs(Number.parseInt(lines[0] ?? '', 10));
  if (!Number.isSafeInteger(pid) || pid === 0) return undefined;
  const identity = await identify(pid, cluster);
  if (identity === 'gone') return undefined;
  if (identity === 'unrelated') return pid;
  if (identity === 'unknown') {
    throw new StartError(
      `${lockFile} names process ${pid}, a PostgreSQL that may be serving this directory. ` +
        'End that process, or remove the file if it serves another directory.',
    );
  }
  await stopOrphan(pid, cluster, log);
  return undefined;
}

/** Stops the PostgreSQL that serves the cluster unless a living Halo owns it. */
async function stopOrphan(pid: number, cluster: Cluster, log: (line: string) => void): Promise<void> {
  const client = await connectToOrphan(pid, cluster);
  if (client === undefined) return;
  try {
    if (!(await takeOrphanLock(client, cluster))) {
      // The connection broke or fell silent: either the orphan is ending by itself, or it froze.
      if (await waitUntilGone(pid, cluster, SILENCE_MS_MAX)) return;
      throw unresponsiveError(pid, cluster);
    }
    log(`Stopping PostgreSQL process ${pid}, whose Halo has died.`);
    // The lock stays taken until the orphan is gone, so that no other Halo takes it for an orphan too.
    for (const [signal, limitMs] of [
      ['SIGINT', FAST_SHUTDOWN_MS_MAX],
      ['SIGQUIT', IMMEDIATE_SHUTDOWN_MS_MAX],
    ] as const) {
      if ((await identify(pid, cluster)) !== 'serving') return;
      signalProcess(pid, signal);
      if (await waitUntilGone(pid, cluster, limitMs)) return;
    }
    throw unresponsiveError(pid, cluster);
  } finally {
    // An orphan that stopped has ended the connection itself; then this finds nothing to do.
    void client.end().catch(() => {});
  }
}

/** Returns undefined when the orphan ended by itself meanwhile. */
async function connectToOrphan(pid: number, cluster: Cluster): Promise<pg.Client | undefined> {
  const deadline = Date.now() + ORPHAN_READY_MS_MAX;
  while (Date.now() < deadline) {
    // Its socket's place is read anew each time: a PostgreSQL that is starting writes it last.
    const lines = (await readFile(join(cluster.directory, 'postmaster.pid'), 'utf8').catch(() => '')).split(
      '\n',
    );
    const [port, socketDirectory] = [Number(lines[3]), lines[4]];
    if (port > 0 && socketDirectory) {
      const attempt = await tryConnect({ socketDirectory, port });
      if (attempt.client !== undefined) return attempt.client;
      if (attempt.refusal === 'silent') break;
    }
    if ((await identify(pid, cluster)) !== 'serving') return undefined;
    await delay(POLL_MS);
  }
  throw unresponsiveError(pid, cluster);
}

/** Takes the lock of a PostgreSQL without an owner; false if the connection failed. Throws if it has one. */
async function takeOrphanLock(client: pg.Client, cluster: Cluster): Promise<boolean> {
  const deadline = Date.now() + OWNER_GONE_MS_MAX;
  try {
    while (!(await takeOwnerLock(client))) {
      const owner = await readOwner(client);
      // A holder that is alive will not let go. One that is dead, or in another container, may or may not.
      if ((owner !== undefined && isAlive(owner)) || Date.now() > deadline) {
        throw await inUseError(cluster, client);
      }
      await delay(POLL_MS);
    }
    return true;
  } catch (error) {
    if (error instanceof StartError) throw error;
    return false;
  }
}

function unresponsiveError(pid: number, { directory }: Cluster): StartError {
  return new StartError(
    `PostgreSQL process ${pid} serves ${directory} but does not answer. End it, and start Halo again.`,
  );
}

async function waitUntilGone(pid: number, cluster: Cluster, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (Date.now() < deadline) {
    if ((await identify(pid, cluster)) !== 'serving') return true;
    await delay(POLL_MS);
  }
  return false;
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM means that it lives, as another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** What the process `pid` is to the cluster. `unknown`: a PostgreSQL that does not let us see its directory. */
async function identify(
  pid: number,
  cluster: Cluster,
): Promise<'gone' | 'unrelated' | 'serving' | 'unknown'> {
  if (!isAlive(pid)) return 'gone';
  const args = await readCommandLine(pid);
  if (args.includes(`cluster_name=${cluster.name}`)) return 'serving';
  // A zombie has no arguments. It serves nothing, but PostgreSQL would take its id for a living server's.
  if (!/^(\S*\/)?postgres(:|\s|$)/.test(args)) return 'unrelated';
  if (process.platform !== 'linux') return 'unknown';
  try {
    const [cwd, own] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(cluster.directory)]);
    return cwd.dev === own.dev && cwd.ino === own.ino ? 'serving' : 'unrelated';
  } catch {
    return isAlive(pid) ? 'unknown' : 'gone';
  }
}

async function readCommandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const args = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return args.replaceAll('\0', ' ');
  }
  const shown = await promisify(execFile)('ps', ['-o', 'args=', '-p', String(pid)]).catch(() => undefined);
  return shown?.stdout ?? '';
}
