import { execFile, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../until.js';

/** A PostgreSQL that an operator might already have, on a socket of its own. */
export interface DebianPostgres {
  readonly databaseUrl: string;
  /** Runs SQL, in the database `halo` if no other is named, and returns what psql prints, columns apart by `|`. */
  query(sql: string, database?: string): Promise<string>;
  /** Runs SQL in a transaction that stays open until it is let go, with the locks that it has taken. */
  hold(sql: string): Promise<{ letGo(): Promise<void> }>;
  /** Such as `15.4`. */
  version(): Promise<string>;
  /** Everything in the database, as pg_dump writes it. */
  dump(): Promise<string>;
  /** Runs what pg_dump has written. */
  load(dump: string): Promise<void>;
  /** Where it takes connections, for those who stand in between. */
  readonly socketPath: string;
  /** The postmaster, whose children are all its other processes. */
  pid(): number;
  hasExited(): boolean;
  /** Serves the cluster again after its processes were ended, with settings that replace those of before. */
  startAgain(settings?: Settings): Promise<void>;
  stop(): Promise<void>;
}

export type Settings = Readonly<Record<string, string>>;

export interface DebianPostgresOptions {
  readonly settings?: Settings;
  /** Such as a volume of its own; it has to be there, and stays. */
  readonly parent?: string;
  /** Further arguments of initdb. */
  readonly initdb?: readonly string[];
  /** Further variables for the server's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

const run = promisify(execFile);
const superuser = 'halo';

/** Recovery after a crash takes a second or two on a quiet machine. */
const startMsMax = 60_000;

/** Far above what tests store. */
const dumpBytesMax = 256 * 1024 * 1024;

/** Fifteen is the oldest that Halo promises to work on, and what Debian 12 ships. */
const programs = '/usr/lib/postgresql/15/bin';

/** Makes a cluster in a temporary directory and serves it. As root, it runs as the user `postgres`. */
export async function startDebianPostgres({
  settings = {},
  parent = tmpdir(),
  initdb = [],
  env = {},
}: DebianPostgresOptions = {}): Promise<DebianPostgres> {
  if (!existsSync(join(programs, 'postgres'))) {
    throw new Error(`There is no ${programs}/postgres. Install it with "apt-get install postgresql-15".`);
  }
  const directory = await mkdtemp(join(parent, 'halo-e2e-pg15-'));
  const user = process.getuid?.() === 0 ? await findUser('postgres') : undefined;
  if (user !== undefined) await chown(directory, user.uid, user.gid);
  const options = { ...user, cwd: directory, env: { LC_ALL: 'C', TZ: 'UTC', PATH: programs } };
  const serving = { ...options, env: { ...options.env, ...env } };
  const cluster = join(directory, 'cluster');
  const made = ['-D', cluster, '-U', superuser, '-A', 'trust', '-E', 'UTF8', '-N', ...initdb];
  await run(join(programs, 'initdb'), made, options);
  const connection = ['-h', directory, '-U', superuser];
  let server = serveCluster(directory, settings, serving);
  const stop = async (): Promise<void> => {
    // A fast shutdown, which ends the connections that are left.
    server.child.kill('SIGINT');
    await until('The end of PostgreSQL 15', server.hasExited, 30_000);
    await rm(directory, { recursive: true, force: true });
  };
  /** Waits until it answers a program of PostgreSQL's own. */
  const answers = (program: string, args: readonly string[]): Promise<boolean> =>
    until(
      'A PostgreSQL 15 that answers',
      () => {
        if (server.hasExited()) throw new Error(`PostgreSQL 15 ended:\n${server.log()}`);
        return run(join(programs, program), [...connection, ...args], options).then(
          () => true,
          () => false,
        );
      },
      startMsMax,
    );
  try {
    await answers('createdb', ['halo']);
  } catch (error) {
    await stop();
    throw new Error(`PostgreSQL 15 did not start:\n${server.log()}`, { cause: error });
  }
  const query = async (sql: string, database = 'halo'): Promise<string> => {
    const args = [...connection, '-d', database, '-v', 'ON_ERROR_STOP=1', '-Atqc', sql];
    return (await run(join(programs, 'psql'), args, options)).stdout.trim();
  };
  return {
    query,
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
    version: async () => (await query('show server_version')).split(' ')[0] ?? '',
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
    socketPath: join(directory, '.s.PGSQL.5432'),
    pid: () => server.child.pid ?? 0,
    hasExited: () => server.hasExited(),
    startAgain: async (replaced = settings) => {
      await until('The end of PostgreSQL 15', server.hasExited);
      server = serveCluster(directory, replaced, serving);
      await answers('psql', ['-d', 'halo', '-c', 'select 1']);
    },
    stop,
  };
}

function serveCluster(directory: string, settings: Settings, options: SpawnOptions) {
  const all = {
    listen_addresses: '',
    unix_socket_directories: directory,
    max_connections: '60',
    ...settings,
  };
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(programs, 'postgres'), ['-D', join(directory, 'cluster'), ...args], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk;
  });
  let hasExited = false;
  child.once('exit', () => {
    hasExited = true;
  });
  return { child, log: () => log, hasExited: () => hasExited };
}

async function findUser(name: string): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, name])).stdout)),
  );
  if (uid === undefined || gid === undefined) throw new Error(`There is no user ${name}.`);
  return { uid, gid };
}
