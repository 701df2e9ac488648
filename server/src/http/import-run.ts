import { createHash, type Hash } from 'node:crypto';
import { type ImportEnd, type ImportFault, type ImportProgress, limits } from 'halo-contract';
import type { Imported, Incoming } from '../engine/import.js';
import { HaloError } from '../errors.js';
import { type ImportLine, parseImportLine } from './import-line.js';
import { createLineReader, type Line } from './ndjson-lines.js';

/**
 * Takes the bytes of an import and tells what becomes of them. Its promises: what `lines` counts is done and
 * durable; nothing is read ahead of the commits but what was pushed; what is told is bounded.
 */
export interface ImportRun {
  /** Reads a chunk, and commits what it fills. False: the import has stopped, and the rest is of no use. */
  push(chunk: Buffer): Promise<boolean>;
  /** Nothing comes for a while: commits what has come, and tells of it. */
  pause(): Promise<void>;
  /** Commits the rest, and tells that it is done. */
  finish(): Promise<void>;
  /** Commits what has been read, and tells why the import stops. */
  stop(error: HaloError): Promise<void>;
}

export interface ImportRunOptions {
  /** Of the account, before anything is imported. */
  readonly revision: number;
  readonly commit: (entries: readonly Incoming[]) => Promise<Imported>;
  readonly tell: (line: ImportProgress | ImportFault | ImportEnd) => void;
  /** Whether whoever listens keeps up; progress is only for those who do. */
  readonly isHeard: () => boolean;
}

/** Keys in a commit: a small part of what one may have, so that others' writes get their turn in between. */
const partKeysMax = 500;
/** Bytes of values in a commit, unless one value alone is more. */
const partBytesMax = 4 * 1024 * 1024;
/** How often progress is told, from the first commit on. */
const progressMs = 400;
/** Faults that are told each by itself. A file that has more is not the file that was meant. */
const faultsToldMax = 100;

export function createImportRun({ revision, commit, tell, isHeard }: ImportRunOptions): ImportRun {
  const reader = createLineReader(limits.lineBytesMax);
  const checksum = createChecksum();
  const progress = { lines: 0, imported: 0, skipped: 0, failed: 0, bytes: 0, revision };
  let entries: Incoming[] = [];
  let entryBytes = 0;
  let lastLine = 0;
  /** What has come, and how much of it was read as lines. */
  let bytesCome = 0;
  let bytesRead = 0;
  let toldMs = Number.NEGATIVE_INFINITY;
  let hasStopped = false;

  function refuse(line: number, error: unknown): void {
    progress.failed += 1;
    if (progress.failed <= faultsToldMax) tell({ error: { line, ...faultOf(error) } });
  }

  async function take({ number, bytes }: Line): Promise<void> {
    bytesRead += (bytes?.length ?? 0) + 1;
    if (bytes === undefined) {
      checksum.spoil();
      refuse(number, new HaloError('too-large', `A line has at most ${limits.lineBytesMax} bytes.`));
    } else {
      try {
        note(number, bytes, parseImportLine(bytes));
      } catch (error) {
        checksum.add(bytes);
        refuse(number, error);
      }
    }
    lastLine = number;
    if (entries.length >= partKeysMax || entryBytes >= partBytesMax) await flush();
  }

  function note(line: number, bytes: Buffer, said: ImportLine): void {
    if (said.kind === 'header') checksum.begin();
    else if (said.kind === 'end') checksum.end(said.keys, said.sha256);
    else {
      checksum.add(bytes);
      if (said.isOver) progress.skipped += 1;
      else {
        entries.push({ line, set: said.set });
        entryBytes += said.set.value.length;
      }
    }
  }

  /**
   * @param isLast what it comes to is told by the end, which follows
   * @throws HaloError when none of the entries was imported, or nobody knows
   */
  async function flush(isLast = false): Promise<void> {
    const part = entries;
    entries = [];
    entryBytes = 0;
    if (part.length > 0) {
      const done = await commit(part);
      progress.imported += done.imported;
      progress.skipped += done.skipped;
      progress.revision = done.revision ?? progress.revision;
      for (const { line, error } of done.refused) refuse(line, error);
      if (done.stopped !== undefined) {
        progress.lines = done.stopped.line - 1;
        throw new Stopped(done.stopped.line, done.stopped.error);
      }
    }
    progress.lines = lastLine;
    // A line that was too long is not kept, nor its length.
    progress.bytes = isLast ? bytesCome : Math.min(bytesCome, bytesRead);
    if (isLast || performance.now() - toldMs < progressMs || !isHeard()) return;
    tell({ ...progress });
    toldMs = performance.now();
  }

  /** Runs a step, and tells the end if it fails. False: it did. */
  async function attempt(step: () => Promise<void>): Promise<boolean> {
    if (hasStopped) return false;
    try {
      await step();
    } catch (error) {
      hasStopped = true;
      const stopped = error instanceof Stopped ? error : undefined;
      const fault = faultOf(stopped?.cause ?? error);
      const line = stopped === undefined ? {} : { line: stopped.line };
      tell({ done: false, error: { ...line, ...fault }, ...progress, sha256_ok: null });
    }
    return !hasStopped;
  }

  return {
    push: (chunk) =>
      attempt(async () => {
        bytesCome += chunk.length;
        for (const line of reader.push(chunk)) await take(line);
      }),
    pause: async () => {
      if (progress.lines < lastLine) await attempt(() => flush());
    },
    finish: async () => {
      const isDone = await attempt(async () => {
        for (const line of reader.end()) await take(line);
        await flush(true);
      });
      if (isDone) tell({ done: true, ...progress, sha256_ok: checksum.verdict() });
    },
    stop: async (error) => {
      await attempt(async () => {
        await flush(true);
        throw error;
      });
    },
  };
}

/** The import ends at a line, whose refusal is the cause. */
class Stopped extends Error {
  constructor(
    readonly line: number,
    override readonly cause: HaloError,
  ) {
    super('The import has stopped.', { cause });
  }
}

/** Compares entry lines with what the end line says of them. Files may follow one another. */
function createChecksum() {
  let hash: Hash = createHash('sha256');
  let keys = 0;
  let isOpen = false;
  let isSpoilt = false;
  let verdict: boolean | null = null;
  return {
    begin: () => {
      if (isOpen) verdict = false;
      hash = createHash('sha256');
      keys = 0;
      isOpen = true;
      isSpoilt = false;
    },
    add: (line: Buffer) => {
      hash.update(line).update('\n');
      keys += 1;
    },
    /** A line came that was not kept. */
    spoil: () => {
      isSpoilt = true;
    },
    end: (keysSaid: number, sha256: string) => {
      const isRight = !isSpoilt && keys === keysSaid && hash.digest('hex') === sha256;
      verdict = isRight && verdict !== false;
      hash = createHash('sha256');
      keys = 0;
      isOpen = false;
      isSpoilt = false;
    },
    /** A header without its end tells that the file is truncated. */
    verdict: () => (isOpen ? false : verdict),
  };
}

function faultOf(error: unknown): { code: string; detail: string; pointer?: string } {
  const known = error instanceof HaloError ? error : undefined;
  if (known === undefined) return { code: 'internal', detail: 'Something went wrong on the server.' };
  const pointer = known.extra?.pointer;
  return { code: known.code, detail: known.message, ...(typeof pointer === 'string' ? { pointer } : {}) };
}
