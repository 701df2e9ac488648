import { lstat, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { StartError } from '../errors.js';
import type { DatabaseAddress } from './database.js';
import { DATABASE, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './postgres.js';
import { clusterNameOf, SUPERUSER } from './postgres-cluster.js';
import { InUseError, POLL_MS, type PostgresAddress, readOwner, tryConnect } from './postgres-owner.js';

/** Halo's own PostgreSQL, for as long as a command takes. */
export interface BorrowedPostgres {
  readonly address: DatabaseAddress;
  /** Gives it back: it is stopped if it was started for this, and left alone if a Halo owns it. */
  release(): Promise<void>;
}

/**
 * Every guest holds this advisory lock, shared, while it is there. A command that had to start PostgreSQL takes it
 * alone before it stops it, so that the commands beside it are not cut off. "Hag" in ASCII.
 */
const GUEST_LOCK = 0x486167;

/** Whoever meets a PostgreSQL that is starting or stopping waits this long for one or the other. */
const MEET_MS_MAX = 60_000;

/** An owner that lost its connection has another one within milliseconds; without one there is no owner. */
const OWNER_BACK_MS_MAX = 1_000;

/**
 * Connects to the PostgreSQL of a data directory without owning it, and starts it first if none runs. Throws
 * StartError when it does not answer, belongs to another user of this machine, or cannot be started.
 */
export async function borrowEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<BorrowedPostgres> {
  const deadline = Date.now() + MEET_MS_MAX;
  for (;;) {
    const visit = await visitRunning(options.directory, deadline);
    if (visit !== undefined) return visit;
    try {
      return await startForGuests(options);
    } catch (error) {
      // Another Halo was faster, and can be visited as soon as it is ready.
      if (!(error instanceof InUseError) || Date.now() > deadline) throw error;
      await delay(POLL_MS);
    }
  }
}

/** Whether the data directory holds a cluster. Throws StartError when this user may not look. */
export async function hasCluster(dataDirectory: string): Promise<boolean> {
  return (await readIfThere(join(dataDirectory, 'postgres', 'PG_VERSION'))) !== undefined;
}

async function startForGuests(options: EmbeddedPostgresOptions): Promise<BorrowedPostgres> {
  const postgres = await startEmbeddedPostgres(options);
  return {
    address: addressOf(postgres),
    release: once(async () => {
      const { client } = await tryConnect(postgres);
      // A guest that takes longer than a statement may is cut off, as by an owner that is told to stop.
      await client?.query('select pg_advisory_lock($1)', [GUEST_LOCK]).catch(() => {});
      await postgres.stop();
      void client?.end().catch(() => {});
    }),
  };
}

/** A socket's path is the same for the next PostgreSQL: what is given back twice would take that one's lock. */
function once(release: () => Promise<void>): () => Promise<void> {
  let releasing: Promise<void> | undefined;
  return () => {
    releasing ??= release();
    return releasing;
  };
}

/** Returns undefined when there is nothing to visit: none runs, or an orphan that its next owner will stop. */
async function visitRunning(dataDirectory: string, deadline: number): Promise<BorrowedPostgres | undefined> {
  for (;;) {
    const running = await findRunning(dataDirectory);
    if (running === undefined) return undefined;
    const attempt = await tryConnect(running);
    if (attempt.client === undefined) {
      if (attempt.refusal === 'absent') return undefined;
      if (attempt.refusal === 'silent') throw unresponsiveError(dataDirectory);
    } else {
      const { client } = attempt;
      const met = await meetOwner(client, running).catch(() => 'leaving' as const);
      if (met === 'welcome') return { address: addressOf(running), release: once(() => client.end()) };
      await client.end().catch(() => {});
      if (met === 'nobody') return undefined;
    }
    if (Date.now() > deadline) throw unresponsiveError(dataDirectory);
    await delay(POLL_MS);
  }
}

function unresponsiveError(dataDirectory: string): StartError {
  return new StartError(
    `The PostgreSQL of ${dataDirectory} does not answer. See whether its Halo is frozen or overloaded.`,
  );
}

interface Running extends PostgresAddress {
  readonly clusterName: string;
}

/** Where the cluster's PostgreSQL listens, if there is a socket that nobody else can have put there. */
async function findRunning(dataDirectory: string): Promise<Running | undefined> {
  const parent = await realpath(dataDirectory).catch(() => undefined);
  if (parent === undefined) return undefined;
  const directory = join(parent, 'postgres');
  const lines = (await readIfThere(join(directory, 'postmaster.pid')))?.split('\n') ?? [];
  const [port, socketDirectory] = [Number(lines[3]), lines[4]];
  if (!(port > 0) || !socketDirectory) return undefined;
  // The file may be older than the last crash, and its directory somebody else's by now.
  const [found, own] = await Promise.all([lstat(socketDirectory).catch(() => undefined), stat(directory)]);
  if (!found?.isDirectory() || found.uid !== own.uid || (found.mode & 0o077) !== 0) return undefined;
  return { socketDirectory, port, clusterName: clusterNameOf(directory) };
}

/** `leaving`: its owner is about to stop it, so that another one must be waited for. */
async function meetOwner(
  client: pg.Client,
  { clusterName }: Running,
): Promise<'welcome' | 'leaving' | 'nobody'> {
  const shown = await client.query<{ cluster_name: string }>('show cluster_name');
  if (shown.rows[0]?.cluster_name !== clusterName) return 'nobody';
  const deadline = Date.now() + OWNER_BACK_MS_MAX;
  while (!(await isOwnedAndMade(client))) {
    if (Date.now() > deadline) return 'nobody';
    await delay(POLL_MS);
  }
  const result = await client.query<{ taken: boolean }>('select pg_try_advisory_lock_shared($1) as taken', [
    GUEST_LOCK,
  ]);
  return result.rows[0]?.taken === true ? 'welcome' : 'leaving';
}

/** The owner makes the database right after taking its lock. */
async function isOwnedAndMade(client: pg.Client): Promise<boolean> {
  if ((await readOwner(client)) === undefined) return false;
  const found = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
  return found.rowCount === 1;
}

function addressOf({ socketDirectory: host, port }: PostgresAddress): DatabaseAddress {
  return { host, port, user: SUPERUSER, database: DATABASE };
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new StartError(
      `${path} cannot be read (${error.code}). Run this as the user that runs Halo, or as root.`,
      { cause: error },
    );
  });
}
