import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { HaloSession } from 'halo-client';
import { CommandError } from 'halo-server/operator/command-error';

/** What is kept for one Halo: where it is, and how to get in. */
export interface Profile {
  readonly url: string;
  readonly session?: HaloSession;
  readonly token?: string;
}

/** The profiles of one person, in one file that nobody else may read. */
export interface Profiles {
  readonly path: string;
  read(name: string): Promise<Profile | undefined>;
  names(): Promise<string[]>;
  /**
   * Changes one profile while no other process does. What `change` returns is kept; undefined removes the profile.
   * Throws CommandError when the file cannot be used.
   */
  update(
    name: string,
    change: (profile: Profile | undefined) => Promise<Profile | undefined> | Profile | undefined,
  ): Promise<Profile | undefined>;
}

/** The version of the file's form. */
const version = 1;
const directoryMode = 0o700;
const fileMode = 0o600;
const pollMs = 20;
/** Longer than a renewal takes with all its retries; a process that holds the lock for longer hangs. */
const lockMsMax = 60_000;

export function openProfiles(environment: NodeJS.ProcessEnv): Profiles {
  const path = join(configDirectory(environment), 'profiles.json');
  return {
    path,
    read: async (name) => (await readAll(path)).get(name),
    names: async () => [...(await readAll(path)).keys()],
    update: (name, change) =>
      whileLocked(path, async () => {
        const profiles = await readAll(path);
        const before = profiles.get(name);
        const after = await change(before);
        if (after === before) return after;
        if (after === undefined) profiles.delete(name);
        else profiles.set(name, after);
        await writeAll(path, profiles);
        return after;
      }),
  };
}

/** Says whether others may read the file; undefined when there is none. */
export async function profilesAreOpen(path: string): Promise<boolean | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? undefined : (found.mode & 0o077) !== 0;
}

function configDirectory({ XDG_CONFIG_HOME, HOME }: NodeJS.ProcessEnv): string {
  // The convention has relative paths ignored.
  const isAbsolute = XDG_CONFIG_HOME?.startsWith('/') === true;
  const base = isAbsolute ? (XDG_CONFIG_HOME ?? '') : join(HOME ?? homedir(), '.config');
  return join(base, 'halo');
}

async function readAll(path: string): Promise<Map<string, Profile>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new CommandError(`${path} cannot be read (${error.code}). Make it readable for you.`);
  });
  if (text === undefined) return new Map();
  try {
    return parseProfiles(text);
  } catch {
    throw new CommandError(`${path} is damaged. Remove it and log in again with "halo login".`);
  }
}

/** Reads the file's text. Throws when it is something else. */
export function parseProfiles(text: string): Map<string, Profile> {
  const file = JSON.parse(text) as { version?: unknown; profiles?: unknown };
  if (file.version !== version || typeof file.profiles !== 'object' || file.profiles === null)
    throw new SyntaxError('It is of another form.');
  const profiles = Object.entries(file.profiles as Record<string, Profile>);
  if (!profiles.every(([, profile]) => isProfile(profile))) throw new SyntaxError('A profile is incomplete.');
  return new Map(profiles);
}

function isProfile(profile: unknown): profile is Profile {
  if (typeof profile !== 'object' || profile === null) return false;
  const { url, token, session } = profile as Record<string, unknown>;
  const isSession =
    session === undefined ||
    (typeof session === 'object' &&
      session !== null &&
      typeof (session as HaloSession).accessToken === 'string' &&
      typeof (session as HaloSession).expiresAtMs === 'number' &&
      typeof (session as HaloSession).account?.name === 'string');
  return typeof url === 'string' && (token === undefined || typeof token === 'string') && isSession;
}

/** A crash leaves the old file or the new one, never half of one. */
async function writeAll(path: string, profiles: ReadonlyMap<string, Profile>): Promise<void> {
  const text = `${JSON.stringify({ version, profiles: Object.fromEntries(profiles) }, undefined, 2)}\n`;
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(temporary, 'wx', fileMode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw unwritable(path, error);
  }
}

/** Runs work while holding a file that only one process can make. It names its holder, so that a crash frees it. */
async function whileLocked<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const lock = `${path}.lock`;
  await makeDirectory(dirname(path));
  const deadline = Date.now() + lockMsMax;
  while (!(await tryLock(lock, path))) {
    if (await isAbandoned(lock)) await rm(lock, { force: true });
    else if (Date.now() > deadline) {
      throw new CommandError(`Another halo holds ${lock}. End that process, or remove the file.`);
    } else await delay(pollMs);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: directoryMode });
    // It may be older than this, and made by somebody less careful.
    await chmod(directory, directoryMode);
  } catch (error) {
    throw unwritable(directory, error);
  }
}

async function tryLock(lock: string, path: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx', fileMode);
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw unwritable(path, error);
  }
}

/** Whether the process that made the lock is gone. One that has not written its id yet has a moment to do so. */
async function isAbandoned(lock: string): Promise<boolean> {
  const [text, found] = await Promise.all([
    readFile(lock, 'utf8').catch(() => undefined),
    stat(lock).catch(() => undefined),
  ]);
  if (text === undefined || found === undefined) return false;
  if (text === '') return Date.now() - found.mtimeMs > 1_000;
  try {
    process.kill(Number(text), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function unwritable(path: string, error: unknown): CommandError {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  return new CommandError(
    `${path} cannot be written (${code}). Set XDG_CONFIG_HOME to a directory of yours.`,
  );
}
