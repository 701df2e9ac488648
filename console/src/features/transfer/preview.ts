import type { ValuedEntry } from 'halo-contract';
import { createFileCheck, type FileVerdict, readMark } from './file-check.js';
import { readSlices } from './file-slices.js';
import { type FileEntry, judgeLine, tooLong } from './import-line.js';
import { linesIn, offsetAfter } from './line-blocks.js';
import { isSame } from './same-entry.js';

/** What an import of a file would meet, as far as the file was read. */
export interface Preview {
  /** Lines that were read, the empty ones included. */
  readonly lines: number;
  readonly bytes: number;
  /** False: the file is longer than what a preview looks at. */
  readonly isWhole: boolean;
  /** Keys that do not exist. */
  readonly fresh: number;
  /** Keys that exist with another value, type, metadata or expiry. */
  readonly changed: number;
  /** Keys that exist just so. */
  readonly same: number;
  /** Keys whose time has come already; an import leaves them out. */
  readonly over: number;
  /** Lines whose key came before. */
  readonly repeated: number;
  readonly invalid: number;
  /** The first of the invalid lines. */
  readonly faults: readonly PreviewFault[];
  readonly verdict: FileVerdict;
}

export interface PreviewFault {
  readonly line: number;
  readonly reason: string;
}

export interface PreviewOptions {
  readonly file: Blob;
  /** Answers what the server has of these keys, in their order; null: nothing. */
  readonly read: (keys: readonly string[]) => Promise<readonly (ValuedEntry | null)[]>;
  /** Told now and then of what is known so far. */
  readonly onProgress: (preview: Preview) => void;
  readonly signal: AbortSignal;
  readonly limits?: PreviewLimits;
}

export interface PreviewLimits {
  readonly lines: number;
  readonly bytes: number;
}

/** Enough for most files, and for a good idea of the others, in fifty questions to the server. */
const usualLimits: PreviewLimits = { lines: 50_000, bytes: 64 * 1024 * 1024 };
/** Read at once: a few milliseconds of work, so that the page stays quick. */
const sliceBytes = 256 * 1024;
/** As many as one question may be about. */
const batchKeysMax = 1_000;
/** Lines that one question is about; the answer will be about as long. */
const batchBytesMax = 1024 * 1024;
/** Invalid lines that are shown. */
const faultsMax = 5;
/** The end line of a file that is not read to its end is looked for here. */
const tailBytes = 1_024;

/**
 * Reads a file from its beginning and compares it with what the server has. Nothing but a slice of the file, a
 * batch of entries and the keys that came is held.
 *
 * @throws what `read` and the browser's reading of files throw; the signal's reason
 */
export async function previewFile(options: PreviewOptions): Promise<Preview> {
  const { file, read, onProgress, signal, limits = usualLimits } = options;
  const check = createFileCheck();
  const seen = new Set<string>();
  const faults: PreviewFault[] = [];
  const counts = { lines: 0, bytes: 0, fresh: 0, changed: 0, same: 0, over: 0, repeated: 0, invalid: 0 };
  let batch: FileEntry[] = [];
  let batchBytes = 0;
  /** Whether there were more lines than are looked at. */
  let isCut = false;

  function refuse(line: number, reason: string): void {
    counts.invalid += 1;
    if (faults.length < faultsMax) faults.push({ line, reason });
  }

  function take(line: Uint8Array, number: number): void {
    if (line.length === 0) return;
    check.add(line);
    const judged = judgeLine(line, Date.now());
    if (judged.kind === 'fault') refuse(number, judged.reason);
    else if (judged.kind === 'entry') {
      const { entry, isOver } = judged;
      if (isOver) counts.over += 1;
      else if (seen.has(entry.key)) counts.repeated += 1;
      else {
        seen.add(entry.key);
        batch.push(entry);
        batchBytes += line.length;
      }
    }
  }

  async function compare(): Promise<void> {
    const entries = batch;
    batch = [];
    batchBytes = 0;
    if (entries.length === 0) return;
    const stored = await read(entries.map(({ key }) => key));
    for (const [index, entry] of entries.entries()) {
      const there = stored[index] ?? null;
      if (there === null) counts.fresh += 1;
      else if (isSame(entry, there)) counts.same += 1;
      else counts.changed += 1;
    }
  }

  const result = (isWhole: boolean, verdict: FileVerdict): Preview => ({
    ...counts,
    isWhole,
    faults: [...faults],
    verdict,
  });

  for await (const slice of readSlices(file, () => sliceBytes)) {
    if (slice.isTooLong) {
      refuse(slice.firstLine, tooLong);
      counts.lines += 1;
    }
    for (const line of linesIn(slice.bytes)) {
      signal.throwIfAborted();
      isCut = counts.lines >= limits.lines;
      if (isCut) break;
      counts.lines += 1;
      take(line, counts.lines);
      if (batch.length >= batchKeysMax || batchBytes >= batchBytesMax) await compare();
    }
    const offset = isCut ? offsetAfter(slice.bytes, counts.lines - slice.firstLine + 1) : undefined;
    counts.bytes = offset === undefined ? slice.end : slice.start + offset;
    onProgress(result(false, check.verdict()));
    if (isCut || counts.bytes >= limits.bytes) break;
  }
  await compare();
  if (!isCut && counts.bytes >= file.size) return result(true, check.verdict());
  // The checksum needs all of it; that the end line is missing can be seen at once.
  const hasNoEnd = check.header !== undefined && !(await hasEndLine(file));
  return result(false, hasNoEnd ? 'truncated' : 'unmarked');
}

async function hasEndLine(file: Blob): Promise<boolean> {
  const tail = new Uint8Array(await file.slice(Math.max(file.size - tailBytes, 0)).arrayBuffer());
  const last = [...linesIn(tail)].findLast((line) => line.length > 0);
  const mark = last === undefined ? undefined : readMark(last);
  return mark !== undefined && 'end' in mark;
}
