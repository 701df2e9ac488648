import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { CommandError } from 'halo-server/operator/command-error';
import { exitCodes } from './failure.js';
import type { Terminal } from './terminal.js';

/** A value to set, and what it seems to be. */
export interface ValueInput {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

export interface ValueSource {
  readonly value?: string | undefined;
  readonly file?: string | undefined;
}

/** The largest value that a Halo takes: more is not even read. */
const valueBytesMax = 25 * 1024 * 1024;

const textType = 'text/plain; charset=utf-8';
const bytesType = 'application/octet-stream';
const typesByExtension: Readonly<Record<string, string>> = {
  '.json': 'application/json',
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.xml': 'application/xml',
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.pdf': 'application/pdf',
};

/**
 * Gets a value from the command line, a file or standard input. Bytes are text when they are UTF-8 without NUL.
 *
 * @throws CommandError when there is none, two, or one that is too large; the system's error for a file
 */
export async function readValue(terminal: Terminal, { value, file }: ValueSource): Promise<ValueInput> {
  if (value !== undefined && file !== undefined)
    throw new CommandError('Give either a value or --file, not both.', exitCodes.usage);
  if (value !== undefined) return { bytes: new TextEncoder().encode(value), contentType: textType };
  if (file !== undefined && file !== '-') {
    const bytes = await readAtMost(createReadStream(file), valueBytesMax, 'A value');
    return { bytes, contentType: typesByExtension[extname(file).toLowerCase()] ?? guessType(bytes) };
  }
  if (terminal.input.isTTY === true && file === undefined)
    throw new CommandError('Give a value, --file, or pipe one into standard input.', exitCodes.usage);
  const bytes = await readAtMost(terminal.input, valueBytesMax, 'A value');
  return { bytes, contentType: guessType(bytes) };
}

/** Reads a file, or standard input for `-`, as UTF-8. Throws CommandError for more than `bytesMax` bytes. */
export async function readText(terminal: Terminal, file: string, bytesMax: number): Promise<string> {
  const stream = file === '-' ? terminal.input : createReadStream(file);
  const what = file === '-' ? 'Standard input' : file;
  const bytes = await readAtMost(stream, bytesMax, what);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CommandError(`${what} is not UTF-8.`);
  }
}

/** Whether bytes can be shown as text. */
export function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function guessType(bytes: Uint8Array): string {
  return isText(bytes) ? textType : bytesType;
}

async function readAtMost(
  stream: NodeJS.ReadableStream,
  bytesMax: number,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const part = Buffer.from(chunk);
    length += part.length;
    if (length > bytesMax)
      throw new CommandError(`${what} has more than ${bytesMax} bytes, which no Halo takes.`);
    chunks.push(part);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
