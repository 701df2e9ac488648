import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chown,
  lchown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { StartError } from '../errors.js';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { choosePostgresUser, mayReach, type OsUser } from './postgres-user.js';

/** A database cluster on disk that is ready to be served. */
export interface Cluster {
  /** The absolute, real path of the cluster's directory. */
  readonly directory: string;
  /** Marks this cluster's postmaster among all processes: PostgreSQL's `cluster_name`. */
  readonly name: string;
  readonly binaries: PostgresBinaries;
  /** Undefined when PostgreSQL runs as the user of this process. */
  readonly user: OsUser | undefined;
}

const POSTGRES_MAJOR = '18';
export const SUPERUSER = 'halo';

/** PostgreSQL names its socket `.s.PGSQL.<port>`; the number opens no port. */
export const SOCKET_PORT = 5432;
const SOCKET_FILE = `.s.PGSQL.${SOCKET_PORT}`;

/** The kernel allows 104 bytes (macOS) or 108 (Linux) in a socket's address. */
const SOCKET_PATH_BYTES_MAX = 100;

/** Making a cluster takes half a second here; a minute and a half allows for the slowest of disks. */
const INITDB_MS_MAX = 90_000;

/** A cluster in the making that is older than this was abandoned: `initdb` is ended long before. */
const ABANDONED_MS = 10 * INITDB_MS_MAX;

const MAKING_PREFIX = 'postgres.new-';

/**
 * The child sees none of Halo's environment: it holds secrets, and variables such as PGDATA or PGOPTIONS
 * would change what runs. TZ spares initdb a search through every time zone.
 */
const CHILD_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
};

/**
 * Returns the cluster in `<dataDirectory>/postgres`, and makes it if there is none. Throws StartError if
 * what is there belongs to another major version, to another user, or is no cluster at all.
 */
export async function openCluster(dataDirectory: string): Promise<Cluster> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const parent = await realpath(dataDirectory);
  const directory = join(parent, 'postgres');
  const exists = await checkExisting(directory);
  const user = await choosePostgresUser(exists ? directory : undefined);
  const binaries = await findPostgresBinaries(user);
  const cluster: Cluster = { directory, name: clusterNameOf(directory), binaries, user };
  await removeAbandoned(parent);
  if (!exists) await makeCluster(parent, cluster);
  return cluster;
}

/** The name of the cluster whose directory's absolute, real path is given. */
export function clusterNameOf(directory: string): string {
  return `halo-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`;
}

/** How to spawn one of PostgreSQL's programs on the cluster in `directory`: as whom, where, and its -D. */
export function spawnSettings(directory: string, user: OsUser | undefined) {
  const base = { env: CHILD_ENVIRONMENT, cwd: directory };
  if (user === undefined) return { dataArgument: directory, options: base };
  // libuv enters `cwd` before it gives up root, and /proc/self/cwd leads there without asking the
  // directories above, which may be closed to everyone but root. Other systems have no such path.
  const dataArgument = process.platform === 'linux' ? '/proc/self/cwd' : directory;
  return { dataArgument, options: { ...base, uid: user.uid, gid: user.gid } };
}

/** Whether there is a cluster in `directory`; false means absent or empty. */
async function checkExisting(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw new StartError(`The database directory ${directory} cannot be read: ${error.message}.`, {
      cause: error,
    });
  });
  if (names.length === 0) return false;
  if (!names.includes('PG_VERSION') || !existsSync(join(directory, 'global', 'pg_control'))) {
    throw new StartError(
      `${directory} is not empty and holds no complete PostgreSQL cluster. ` +
        'Move it away, or set HALO_DATA to another directory.',
    );
  }
  const version = (await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim();
  if (version !== POSTGRES_MAJOR) {
    throw new StartError(
      `${directory} was written by PostgreSQL ${version}, and this Halo runs PostgreSQL ${POSTGRES_MAJOR}. ` +
        `Start it with a Halo that runs PostgreSQL ${version}, dump the database, and restore it into a new ` +
        'HALO_DATA directory.',
    );
  }
  return true;
}

/**
 * Makes the cluster under a temporary name beside its own and renames it when it is complete and on disk,
 * so that whatever bears the real name is a whole cluster, whenever the power fails.
 */
async function makeCluster(parent: string, cluster: Cluster): Promise<void> {
  const { directory, user } = cluster;
  const making = join(parent, `${MAKING_PREFIX}${randomBytes(6).toString('hex')}`);
  await mkdir(making, { mode: 0o700 });
  try {
    await giveTo(making, user);
    await runInitdb(making, cluster);
    await rename(making, directory);
    await syncDirectory(parent);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    // The rename fails when another Halo, started at the same moment, was faster: a directory that is not
    // empty is never replaced. Its cluster is then the one to open.
    if (await checkExisting(directory)) return;
    throw error;
  }
}

async function giveTo(directory: string, user: OsUser | undefined): Promise<void> {
  if (user === undefined) return;
  await chown(directory, user.uid, user.gid).catch((cause: unknown) => {
    throw new StartError(
      `Halo runs as root but cannot give ${directory} to the user "${user.name}" that PostgreSQL runs as: ` +
        `${String(cause)}. Start Halo as an ordinary user, or set DATABASE_URL.`,
      { cause },
    );
  });
}

async function runInitdb(making: string, { binaries, user }: Cluster): Promise<void> {
  const { dataArgument, options } = spawnSettings(making, user);
  const args = [
    ...['-D', dataArgument, '-U', SUPERUSER, '-E', 'UTF8'],
    // Text orders by bytes and knows Unicode's cases, whatever locales this machine has or upgrades.
    ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    // Without a password: the only way in is a socket in a directory that its user alone may enter.
    '--auth=trust',
  ];
  const child = spawn(binaries.initdb, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: INITDB_MS_MAX,
    killSignal: 'SIGKILL',
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-OUTPUT_CHARACTERS_MAX);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const code = await new Promise<number | string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (status, signal) => resolve(status ?? signal));
  });
  if (code !== 0) {
    // Containers are often run as a user id that nobody has named.
    const isNameless = output.includes('could not look up effective user ID');
    const remedy = isNameless ? '. Add that user to /etc/passwd, or set DATABASE_URL.' : '';
    throw new StartError(
      `PostgreSQL's initdb failed (${code}) in ${dirname(making)}: ${output.trim()}${remedy}`,
    );
  }
}

/** What initdb prints is a page at most; its end holds the error. */
const OUTPUT_CHARACTERS_MAX = 4_000;

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what a killed Halo left of clusters in the making. The prefix says that none was ever in use. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(MAKING_PREFIX)) continue;
    const path = join(parent, name);
    const changed = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
    if (Date.now() - changed > ABANDONED_MS) await rm(path, { recursive: true, force: true });
  }
}

/**
 * Makes the private directory of the cluster's socket, if it is missing, and returns its path. It lies in
 * the system's temporary directory because a data directory's path may be too long for a socket's address,
 * and closed to PostgreSQL's user. Anyone can make files there, so what exists is trusted only if it is a
 * directory of PostgreSQL's user that no one else may enter; otherwise throws StartError.
 */
export async function makeSocketDirectory({ name, user }: Cluster): Promise<string> {
  const uid = user?.uid ?? process.getuid?.() ?? 0;
  const own = `${name}-${uid}`;
  const directory = join(await chooseTemporaryDirectory(user, own), own);
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new StartError(`The directory ${directory} for PostgreSQL's socket cannot be made.`, {
        cause: error,
      });
    }
  }
  const found = await lstat(directory);
  // Root's own directory here is one whose maker was interrupted before it could give it away.
  const isOurs = found.uid === uid || (process.getuid?.() === 0 && found.uid === 0);
  if (!found.isDirectory() || !isOurs || (found.mode & 0o077) !== 0) {
    throw new StartError(
      `${directory} is not a private directory of the user with id ${uid}, so Halo will not put PostgreSQL's ` +
        'socket there. Find out who made it, and remove it.',
    );
  }
  if (user !== undefined && found.uid !== uid) await lchown(directory, user.uid, user.gid);
  return directory;
}

/** The system's temporary directory, or /tmp where that is too long, or closed to PostgreSQL's user. */
async function chooseTemporaryDirectory(user: OsUser | undefined, name: string): Promise<string> {
  for (const wanted of [tmpdir(), '/tmp']) {
    const candidate = await realpath(wanted).catch(() => undefined);
    if (candidate === undefined) continue;
    if (Buffer.byteLength(join(candidate, name, SOCKET_FILE)) > SOCKET_PATH_BYTES_MAX) continue;
    // Where others may write and nothing is sticky, they could swap the socket's directory for theirs.
    const { mode } = await stat(candidate);
    if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0) continue;
    if (user === undefined || (await mayReach(candidate, user, 'enter'))) return candidate;
  }
  throw new StartError(
    `Neither ${tmpdir()} nor /tmp can hold PostgreSQL's socket. Set TMPDIR to a short path that other users ` +
      'can enter but not rename files in.',
  );
}
