import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../until.js';

/** A PostgreSQL that an operator might already have, on a socket of its own. */
export interface DebianPostgres {
  readonly databaseUrl: string;
  /** Runs SQL and returns what psql prints, columns apart by `|`. */
  query(sql: string): Promise<string>;
  /** Runs SQL in a transaction that stays open until it is let go, with the locks that it has taken. */
  hold(sql: string): Promise<{ letGo(): Promise<void> }>;
  /** Everything in the database, as pg_dump writes it. */
  dump(): Promise<string>;
  /** Runs what pg_dump has written. */
  load(dump: string): Promise<void>;
  stop(): Promise<void>;
}

const run = promisify(execFile);
const superuser = 'halo';

/** Far above what tests store. */
const dumpBytesMax = 256 * 1024 * 1024;

/** Fifteen is the oldest that Halo promises to work on, and what Debian 12 ships. */
const programs = '/usr/lib/postgresql/15/bin';

/** Makes a cluster in a temporary directory and serves it. As root, it runs as the user `postgres`. */
export async function startDebianPostgres(): Promise<DebianPostgres> {
  if (!existsSync(join(programs, 'postgres'))) {
    throw new Error(`There is no ${programs}/postgres. Install it with "apt-get install postgresql-15".`);
  }
  const directory = await mkdtemp(join(tmpdir(), 'halo-e2e-pg15-'));
  const user = process.getuid?.() === 0 ? await findUser('postgres') : undefined;
  if (user !== undefined) await chown(directory, user.uid, user.gid);
  const options = { ...user, cwd: directory, env: { LC_ALL: 'C', TZ: 'UTC', PATH: programs } };
  const cluster = join(directory, 'cluster');
  await run(
    join(programs, 'initdb'),
    ['-D', cluster, '-U', superuser, '-A', 'trust', '-E', 'UTF8', '-N'],
    options,
  );
  const settings = ['listen_addresses=', `unix_socket_directories=${directory}`, 'max_connections=60'];
  const server = spawn(
    join(programs, 'postgres'),
    ['-D', cluster, ...settings.flatMap((setting) => ['-c', setting])],
    { ...options, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  server.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk;
  });
  let hasExited = false;
  server.once('exit', () => {
    hasExited = true;
  });
  const stop = async (): Promise<void> => {
    // A fast shutdown, which ends the connections that are left.
    server.kill('SIGINT');
    await until('The end of PostgreSQL 15', () => hasExited, 30_000);
    await rm(directory, { recursive: true, force: true });
  };
  const connection = ['-h', directory, '-U', superuser];
  try {
    await until('A PostgreSQL 15 that answers', async () => {
      if (hasExited) throw new Error('PostgreSQL 15 ended.');
      return run(join(programs, 'createdb'), [...connection, 'halo'], options).then(
        () => true,
        () => false,
      );
    });
  } catch (error) {
    await stop();
    throw new Error(`PostgreSQL 15 did not start:\n${log}`, { cause: error });
  }
  return {
    query: async (sql) => {
      const args = [...connection, '-d', 'halo', '-v', 'ON_ERROR_STOP=1', '-Atqc', sql];
      return (await run(join(programs, 'psql'), args, options)).stdout.trim();
    },
    hold: async (sql) => {
      const args = [...connection, '-d', 'halo', '-v', 'ON_ERROR_STOP=1', '-Atq'];
      const session = spawn(join(programs, 'psql'), args, { ...options, stdio: ['pipe', 'pipe', 'ignore'] });
      let [printed, isOver] = ['', false];
      session.stdout.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
      });
      session.once('exit', () => {
        isOver = true;
      });
      session.stdin.write(`begin;\n${sql};\n\\echo held\n`);
      await until('A transaction that holds', () => isOver || printed.includes('held'));
      return {
        letGo: async () => {
          session.stdin.end('rollback;\n');
          await until('The end of a transaction', () => isOver);
        },
      };
    },
    dump: async () => {
      const args = [...connection, '-d', 'halo'];
      return (await run(join(programs, 'pg_dump'), args, { ...options, maxBuffer: dumpBytesMax })).stdout;
    },
    load: async (dump) => {
      const args = [...connection, '-d', 'halo', '-v', 'ON_ERROR_STOP=1', '-1q'];
      const loading = run(join(programs, 'psql'), args, options);
      loading.child.stdin?.end(dump);
      await loading;
    },
    databaseUrl: `postgresql://${superuser}@localhost/halo?host=${encodeURIComponent(directory)}`,
    stop,
  };
}

async function findUser(name: string): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, name])).stdout)),
  );
  if (uid === undefined || gid === undefined) throw new Error(`There is no user ${name}.`);
  return { uid, gid };
}
