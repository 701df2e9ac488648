import { createHash } from 'node:crypto';

/**
 * What a backup looks like once it is unzipped. It promises that a file which was cut, or in which a bit has
 * changed, is told from a whole one without a database:
 *
 * - a line of JSON, the header, which says what follows and with how many rows;
 * - for each of its tables PostgreSQL's binary COPY data in frames: four bytes of length, most significant first,
 *   then so many bytes; a length of 0 ends the table;
 * - a line of JSON with the SHA-256 of all bytes before it. Nothing follows.
 */
export interface BackupHeader {
  /** The version of this format. */
  readonly halo_backup: number;
  /** The Halo that made it. */
  readonly halo: string;
  /** The last migration of the schema. */
  readonly schema: string;
  readonly taken_at: string;
  /** Ids of the keys that were in use, the signing one first; empty if whoever made the backup did not know them. */
  readonly keys: readonly string[];
  /** In the order in which they can be filled. */
  readonly tables: readonly BackupTable[];
}

export interface BackupTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** Columns that PostgreSQL counts by itself, with the number given out last. */
  readonly counters: readonly BackupCounter[];
}

export interface BackupCounter {
  readonly column: string;
  /** Decimal, since it is 64 bits wide. */
  readonly last: string;
  /** False: `last` has not been given out, and comes next. */
  readonly used: boolean;
}

/** The file is no backup, or none that can be used. The message is a sentence that follows the file's name. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

export const backupFormat = 1;

/** Sixteen times what a read from a socket brings. */
const frameBytesMax = 1024 * 1024;
/** Room for hundreds of tables. */
const lineBytesMax = 1024 * 1024;
const lengthBytes = 4;
const lineFeed = 0x0a;

/** Makes the bytes of a backup in order. */
export function createBackupWriter() {
  const hash = createHash('sha256');
  const hashed = (bytes: Buffer): Buffer => {
    hash.update(bytes);
    return bytes;
  };
  return {
    header: (header: BackupHeader): Buffer => hashed(lineOf(header)),
    *data(bytes: Buffer): Generator<Buffer> {
      for (let start = 0; start < bytes.length; start += frameBytesMax) {
        const part = bytes.subarray(start, start + frameBytesMax);
        yield hashed(lengthOf(part.length));
        yield hashed(part);
      }
    },
    tableEnd: (): Buffer => hashed(lengthOf(0)),
    end: (): Buffer => lineOf({ sha256: hash.digest('hex') }),
  };
}

export interface BackupReader {
  readonly header: BackupHeader;
  /** The next table's data. Each table's has to be read to its end before the next is asked for. */
  table(): AsyncGenerator<Buffer>;
  /** Reads what must follow the last table. */
  end(): Promise<void>;
}

/**
 * Reads a backup's header, and then, as it is asked for, the rest.
 *
 * @throws BackupError, from here and from what is returned, when the bytes are not those that were written
 */
export async function readBackup(bytes: AsyncIterable<Buffer>): Promise<BackupReader> {
  const hash = createHash('sha256');
  const source = createByteSource(bytes);
  const hashed = async (read: Promise<Buffer>): Promise<Buffer> => {
    const found = await read;
    hash.update(found);
    return found;
  };
  const header = headerFrom(await hashed(source.line()));
  return {
    header,
    async *table() {
      for (;;) {
        const length = (await hashed(source.take(lengthBytes))).readUInt32BE();
        if (length === 0) return;
        if (length > frameBytesMax) throw damaged();
        yield await hashed(source.take(length));
      }
    },
    async end() {
      const expected = hash.digest('hex');
      const mark = jsonFrom(await source.line()) as { readonly sha256?: unknown } | undefined;
      if (mark?.sha256 !== expected || !(await source.isOver())) throw damaged();
    },
  };
}

/** Reads a whole backup without keeping any of it. Throws BackupError unless it is whole. */
export async function checkBackup(bytes: AsyncIterable<Buffer>): Promise<BackupHeader> {
  const backup = await readBackup(bytes);
  for (const _table of backup.header.tables) for await (const _bytes of backup.table());
  await backup.end();
  return backup.header;
}

export function damaged(): BackupError {
  return new BackupError('is damaged: its checksum does not fit what is in it');
}

export function cut(): BackupError {
  return new BackupError('is not whole: its end is missing');
}

export function noBackup(): BackupError {
  return new BackupError('is not a backup made by Halo');
}

function lineOf(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(lengthBytes);
  bytes.writeUInt32BE(length);
  return bytes;
}

function headerFrom(line: Buffer): BackupHeader {
  const header = jsonFrom(line) as Partial<BackupHeader> | null | undefined;
  if (typeof header?.halo_backup !== 'number') throw noBackup();
  if (header.halo_backup > backupFormat) {
    throw new BackupError(
      `was made by a newer Halo, ${header.halo}, in a format that this one does not read. Use that Halo`,
    );
  }
  // The checksum comes last; until then, what is read has to be what it seems.
  if (!isWhole(header)) throw damaged();
  return header;
}

function isWhole(header: Partial<BackupHeader>): header is BackupHeader {
  const { halo, schema, taken_at, keys, tables } = header;
  const areTexts = [halo, schema, taken_at].every((text) => typeof text === 'string');
  return areTexts && Array.isArray(keys) && Array.isArray(tables) && tables.every(isTable);
}

function isTable(table: Partial<BackupTable> | null): boolean {
  if (typeof table?.name !== 'string' || typeof table.rows !== 'number') return false;
  return Array.isArray(table.columns) && Array.isArray(table.counters);
}

function jsonFrom(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString());
  } catch {
    return undefined;
  }
}

/** Takes bytes in the amounts that are asked for from a stream that comes in other ones. */
function createByteSource(bytes: AsyncIterable<Buffer>) {
  const chunks = bytes[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  let begun = false;

  /** False at the end. */
  async function more(): Promise<boolean> {
    const next = await chunks.next();
    if (next.done === true) return false;
    rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
    return true;
  }

  function split(length: number): Buffer {
    const taken = rest.subarray(0, length);
    rest = rest.subarray(length);
    begun = true;
    return taken;
  }

  return {
    async take(length: number): Promise<Buffer> {
      while (rest.length < length) if (!(await more())) throw cut();
      return split(length);
    },
    async line(): Promise<Buffer> {
      for (;;) {
        const end = rest.indexOf(lineFeed);
        if (end !== -1) return split(end + 1);
        if (rest.length > lineBytesMax) throw begun ? damaged() : noBackup();
        if (!(await more())) throw begun ? cut() : noBackup();
      }
    },
    isOver: async (): Promise<boolean> => rest.length === 0 && !(await more()),
  };
}
