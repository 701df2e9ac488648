import { randomBytes } from 'node:crypto';
import { constants, link, open, unlink } from 'node:fs/promises';
import { StartError } from '../errors.js';
import { secretBytesMin } from './secrets.js';

const generatedBytes = 32;

/** Any access for group or others. Windows has no such bits and reports them set. */
const othersMask = process.platform === 'win32' ? 0 : 0o077;

/** Far above any secret; keeps a wrong path from being read whole. */
const fileBytesMax = 4_096;

/**
 * Reads the secret of an embedded Halo, which has no HALO_SECRET, from a file, and makes that file first if
 * there is none. Two processes that start at once agree on one secret: the file appears with its content or
 * not at all.
 *
 * @returns the secret, at least 32 bytes
 * @throws StartError when the file is open to other users, too short, or cannot be read or made
 */
export async function openSecretFile(path: string): Promise<string> {
  try {
    return (await readSecret(path)) ?? (await makeSecret(path));
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    throw new StartError(`The secret in ${path} cannot be read or made: ${String(cause)}.`, { cause });
  }
}

/**
 * Reads the secret without making one.
 *
 * @returns undefined where there is no file
 * @throws StartError as `openSecretFile` does
 */
export async function readSecretFile(path: string): Promise<string | undefined> {
  try {
    return await readSecret(path);
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    throw new StartError(`The secret in ${path} cannot be read: ${String(cause)}.`, { cause });
  }
}

async function makeSecret(path: string): Promise<string> {
  const temporary = `${path}.new-${randomBytes(6).toString('hex')}`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    try {
      await file.writeFile(`${randomBytes(generatedBytes).toString('base64url')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    // Linking is the exclusive create: unlike opening with O_EXCL, it never shows an empty file to the
    // other process, and a crash in between leaves none behind.
    await link(temporary, path).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
  } finally {
    await unlink(temporary);
  }
  const secret = await readSecret(path);
  if (secret === undefined) throw new StartError(`The secret file ${path} was removed while Halo started.`);
  return secret;
}

async function readSecret(path: string): Promise<string | undefined> {
  // Non-blocking, so that a FIFO in its place is refused rather than waited for.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    // Asked of the open file, so that what is checked is what is read.
    const found = await file.stat();
    if (!found.isFile() || found.size > fileBytesMax) {
      throw new StartError(`${path} is not a secret file. Remove it, and Halo makes a new one.`);
    }
    if ((found.mode & othersMask) !== 0) {
      throw new StartError(
        `The secret file ${path} can be used by other users. Give it mode 0600, or remove it if it may have ` +
          'been read: Halo then makes a new one, and access tokens issued before stop working.',
      );
    }
    const secret = (await file.readFile('utf8')).trim();
    if (Buffer.byteLength(secret) < secretBytesMin) {
      throw new StartError(
        `The secret in ${path} has fewer than ${secretBytesMin} bytes. Remove the file, and Halo makes a new one.`,
      );
    }
    return secret;
  } finally {
    await file.close();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
