import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { access, open, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { BackupError, cut, damaged, noBackup } from '../database/backup-format.js';
import { CommandError } from './command-error.js';

/** The quickest: values are often compressed already, and a backup should not take the server's processor. */
const gzipLevel = 1;
/** For whoever made it, and nobody else: everything that people keep is in it. */
const fileMode = 0o600;

export interface FileOptions {
  /** Told how many bytes more of the file were written or read. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * Writes a backup, zipped. The file appears when it is whole and on disk, or not at all.
 *
 * @returns its bytes
 * @throws CommandError when there is such a file already, or it cannot be written
 */
export async function writeBackupFile(
  file: string,
  content: AsyncIterable<Buffer>,
  { replace, onBytes }: FileOptions & { readonly replace: boolean },
): Promise<number> {
  if (!replace && (await exists(file)))
    throw new CommandError(`There is ${file} already. Name another file, or add --replace.`);
  const temporary = `${file}.part-${randomBytes(6).toString('hex')}`;
  const remove = (): void => rmSync(temporary, { force: true });
  // An interrupt ends the process wherever it is.
  process.once('exit', remove);
  try {
    const bytes = await writeTemporary(temporary, content, onBytes);
    await rename(temporary, file);
    await syncDirectory(dirname(file));
    return bytes;
  } catch (error) {
    throw fileError(file, 'written', error);
  } finally {
    process.off('exit', remove);
    // Where the directory is none, there is nothing to remove, and what went wrong is being told.
    await rm(temporary, { force: true }).catch(() => {});
  }
}

async function writeTemporary(
  file: string,
  content: AsyncIterable<Buffer>,
  onBytes: (bytes: number) => void,
): Promise<number> {
  let bytes = 0;
  const counter = counting((more) => {
    bytes += more;
    onBytes(more);
  });
  const output = createWriteStream(file, { flags: 'wx', mode: fileMode, flush: true });
  await pipeline(Readable.from(content), createGzip({ level: gzipLevel }), counter, output);
  return bytes;
}

/** Yields what is in a backup's file, unzipped. Throws BackupError when it is not zipped or cut, CommandError else. */
export async function* readBackupFile(file: string, { onBytes }: FileOptions): AsyncGenerator<Buffer> {
  let begun = false;
  const input = createReadStream(file);
  const unzipped = createGunzip();
  const whole = pipeline(input, counting(onBytes), unzipped);
  // Heard of by whoever reads `unzipped`, which fails too.
  whole.catch(() => {});
  try {
    for await (const bytes of unzipped) {
      begun = true;
      yield bytes as Buffer;
    }
    await whole;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') throw cut();
    if (code?.startsWith('Z_')) throw begun ? damaged() : noBackup();
    throw fileError(file, 'read', error);
  } finally {
    input.destroy();
  }
}

/** Puts what is wrong with a backup into a sentence about its file. */
export function backupFailure(file: string, error: unknown): unknown {
  if (!(error instanceof BackupError)) return error;
  return new CommandError(`${basename(file)} ${error.message}.`);
}

function counting(onBytes: (bytes: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
}

/** The name of a file lasts through a power cut once its directory is on disk. Windows cannot open one. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function fileError(file: string, done: 'read' | 'written', error: unknown): unknown {
  const { syscall, code, message } = error as NodeJS.ErrnoException;
  if (syscall === undefined || code === undefined) return error;
  return new CommandError(`${file} cannot be ${done}: ${message}.`);
}
