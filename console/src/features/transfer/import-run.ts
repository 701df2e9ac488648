import { HaloError } from 'halo-client';
import type { ImportEnd, ImportQuery } from 'halo-contract';
import { isUnanswered } from '../../explain.js';
import { createFaultList, type FaultList } from './fault-list.js';
import { createFileCheck, type FileVerdict } from './file-check.js';
import { type FileSlice, readSlices } from './file-slices.js';
import { tooLong } from './import-line.js';
import { type ImportAnswer, type PartOutcome, sumUp } from './import-progress.js';
import { countLines, linesIn, offsetAfter } from './line-blocks.js';

export type ConflictRule = NonNullable<ImportQuery['on_conflict']>;

export interface ImportCounts {
  /** Lines of the file that are done. */
  readonly lines: number;
  /** Bytes of the file that are done. */
  readonly bytes: number;
  readonly imported: number;
  readonly skipped: number;
  readonly failed: number;
  /** Of the last commit. */
  readonly revision: number;
}

/**
 * - `running`: a part is being sent; `stopping` once the person has cancelled, until it is done.
 * - `waiting`: the server asked to wait, until `untilMs`.
 * - `paused`: the connection is gone, or the server does not serve; `resume` goes on.
 * - `stopped`: cancelled, or refused because of `error`. `unknown` are lines that may have been imported too.
 * - `done`: to the end of the file.
 */
export type ImportStage =
  | { readonly status: 'running' | 'stopping' }
  | { readonly status: 'waiting'; readonly untilMs: number; readonly error: unknown }
  | { readonly status: 'paused'; readonly error: unknown }
  | { readonly status: 'stopped'; readonly error?: StopCause; readonly unknown?: LineRange }
  | { readonly status: 'done'; readonly verdict: FileVerdict };

export type StopCause = NonNullable<ImportEnd['error']> | Error;

export interface LineRange {
  readonly first: number;
  readonly last: number;
}

export interface ImportRunOptions {
  readonly file: Blob;
  readonly rule: ConflictRule;
  readonly dryRun: boolean;
  /** The account's revision before. */
  readonly revision: number;
  /** Sends a part, and gives what is answered as it comes. Throws what a request throws. */
  readonly send: (part: PartRequest) => AsyncIterable<ImportAnswer>;
  /** The account's revision now. */
  readonly readRevision: () => Promise<number>;
  readonly onChange: () => void;
  readonly now?: () => number;
}

export interface PartRequest {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly rule: ConflictRule;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

export interface ImportRun {
  readonly counts: ImportCounts;
  readonly stage: ImportStage;
  readonly faults: FaultList;
  /** Parts that were sent again after the connection was lost, leaving alone what existed by then. */
  readonly resent: readonly LineRange[];
  /** Stops after the part that is under way; at once if that is asked for, or if none is. */
  cancel(atOnce?: boolean): void;
  /** Goes on after a pause. */
  resume(): void;
}

const firstSliceBytes = 256 * 1024;
const sliceBytesMin = 32 * 1024;
const sliceBytesMax = 8 * 1024 * 1024;
/** A part should take about so long: that is how often progress is told and Cancel is heard. */
const quickMs = 400;
const slowMs = 1_500;
/** Times that the server may ask to wait, one after the other, before the person is asked instead. */
const waitsMax = 10;
const usualWaitMs = 5_000;

/**
 * Imports a file as a row of imports of bounded parts. A browser can neither stream a request over HTTP/1.1 nor
 * say how much of it was sent, so that only what the server has answered can be told as done; and an import that
 * is cut off in the middle leaves open how far it came. Parts are sized by how long the last one took.
 */
export function startImport(options: ImportRunOptions): ImportRun {
  const { file, rule, dryRun, send, readRevision, onChange, now = () => performance.now() } = options;
  const faults = createFaultList();
  const check = createFileCheck();
  const resent: LineRange[] = [];
  const aborting = new AbortController();
  let counts = { lines: 0, bytes: 0, imported: 0, skipped: 0, failed: 0, revision: options.revision };
  let stage: ImportStage = { status: 'running' };
  let isCancelled = false;
  let sliceBytes = firstSliceBytes;
  /** What a server in between takes at once, as far as it has been found out. */
  let capBytes = sliceBytesMax;
  let waits = 0;
  /** Lines that were sent without an answer, and may have been imported. */
  let uncertain: LineRange | undefined;
  let wake = () => {};

  const become = (next: ImportStage) => {
    stage = next;
    onChange();
  };

  async function run(): Promise<void> {
    for await (const slice of readSlices(file, () => sliceBytes)) {
      for (const line of linesIn(slice.bytes)) check.add(line);
      if (slice.isTooLong) refuseLine(slice, new Uint8Array(0), 'too-large', tooLong);
      else if (!(await sendSlice(slice))) return;
      counts = { ...counts, bytes: slice.end };
      onChange();
    }
    become({ status: 'done', verdict: check.verdict() });
  }

  /** Sends a slice, in as many parts and as often as it takes. False: the import has stopped. */
  async function sendSlice(slice: FileSlice): Promise<boolean> {
    let rest = slice;
    while (rest.lines > 0) {
      if (isCancelled) return halt();
      const part = rest.bytes.length > sliceBytes ? headOf(rest, sliceBytes) : rest;
      let outcome: PartOutcome;
      let error: unknown;
      try {
        ({ outcome, error } = await sendPart(part));
      } catch (cause) {
        // Only the question for the revision throws; nothing was sent.
        ({ outcome, error } = { outcome: sumUp([]), error: cause });
      }
      record(part, outcome, slice);
      rest = restOf(rest, outcome.lines);
      if (outcome.lines > 0) waits = 0;
      if (error === undefined) continue;
      if (isTooLarge(error)) {
        if (part.lines === 1) {
          refuseLine(part, part.bytes, 'too-large', 'The server does not take so much at once.');
          rest = restOf(rest, 1);
        } else {
          capBytes = Math.max(Math.floor(part.bytes.length / 4), 1);
          sliceBytes = capBytes;
        }
      } else if (!(await overcome(error, part))) return false;
    }
    return true;
  }

  async function sendPart(part: FileSlice): Promise<{ outcome: PartOutcome; error: unknown }> {
    let used = rule;
    if (uncertain !== undefined && rule !== 'replace' && (await readRevision()) !== counts.revision) {
      used = 'skip';
      resent.push(rangeOf(part));
    }
    uncertain = undefined;
    if (stage.status !== 'stopping') become({ status: 'running' });
    const began = now();
    const answers: ImportAnswer[] = [];
    let error: unknown;
    try {
      const request = { bytes: part.bytes, rule: used, dryRun, signal: aborting.signal };
      for await (const answer of send(request)) answers.push(answer);
    } catch (cause) {
      error = cause;
    }
    const outcome = sumUp(answers);
    if (!outcome.isAnswered) error ??= new HaloError('incomplete', 'The answer broke off.');
    const isLost = !outcome.isAnswered && !isRefused(error);
    if (!dryRun && (isLost || outcome.stopped?.code === 'outcome-unknown')) {
      uncertain = rangeOf(restOf(part, outcome.lines));
    }
    error ??= outcome.stopped;
    if (error !== undefined) return { outcome, error };
    resize(now() - began, part.bytes.length);
    // The server counts no empty lines at the end.
    return { outcome: { ...outcome, lines: part.lines }, error };
  }

  function resize(tookMs: number, bytes: number): void {
    if (tookMs < quickMs && bytes >= sliceBytes / 2) sliceBytes = Math.min(sliceBytes * 2, capBytes);
    if (tookMs > slowMs) sliceBytes = Math.min(Math.max(sliceBytes >> 1, sliceBytesMin), capBytes);
  }

  function record(part: FileSlice, outcome: PartOutcome, slice: FileSlice): void {
    for (const { line, code, detail } of outcome.faults) {
      const from = offsetAfter(part.bytes, line - 1);
      const to = offsetAfter(part.bytes.subarray(from), 1) + from;
      faults.add(part.firstLine + line - 1, code, detail, part.bytes.subarray(from, to));
    }
    const lines = part.firstLine + outcome.lines - 1;
    const share = (lines - slice.firstLine + 1) / slice.lines;
    const bytes = slice.start + Math.floor((slice.end - slice.start) * share);
    counts = {
      lines: Math.max(lines, counts.lines),
      bytes: Math.max(bytes, counts.bytes),
      imported: counts.imported + outcome.imported,
      skipped: counts.skipped + outcome.skipped,
      failed: counts.failed + outcome.failed,
      revision: outcome.revision ?? counts.revision,
    };
    onChange();
  }

  function refuseLine(slice: FileSlice, bytes: Uint8Array, code: string, detail: string): void {
    faults.add(slice.firstLine, code, detail, bytes);
    counts = { ...counts, lines: slice.firstLine, failed: counts.failed + 1 };
  }

  /** Waits until it makes sense to go on. False: the import has stopped. */
  async function overcome(error: unknown, part: FileSlice): Promise<boolean> {
    if (aborting.signal.aborted) return halt();
    const code = codeOf(error);
    // The next request finds out, and waits for the log-in.
    if (code === 'session-ended' && !(error instanceof HaloError) && waits < waitsMax) {
      waits += 1;
      return true;
    }
    if (isPassing(code) && waits < waitsMax) {
      waits += 1;
      await wait(waitMsOf(error), error);
      return true;
    }
    if (isUnanswered(error) || isPassing(code) || code === 'outcome-unknown') {
      waits = 0;
      await pause(error);
      return true;
    }
    return halt(stopCause(error, part));
  }

  function halt(error?: StopCause): false {
    const unknown = uncertain === undefined || uncertain.first > uncertain.last ? undefined : uncertain;
    become({
      status: 'stopped',
      ...(error === undefined ? {} : { error }),
      ...(unknown === undefined ? {} : { unknown }),
    });
    return false;
  }

  async function wait(ms: number, error: unknown): Promise<void> {
    if (isCancelled) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      become({ status: 'waiting', untilMs: Date.now() + ms, error });
    });
  }

  async function pause(error: unknown): Promise<void> {
    if (isCancelled) return;
    await new Promise<void>((resolve) => {
      wake = resolve;
      become({ status: 'paused', error });
    });
  }

  void run().catch((error: unknown) => {
    halt(error instanceof Error ? error : new Error('The import failed.'));
  });

  return {
    get counts() {
      return counts;
    },
    get stage() {
      return stage;
    },
    faults,
    resent,
    cancel: (atOnce = false) => {
      if (stage.status === 'stopped' || stage.status === 'done') return;
      isCancelled = true;
      if (atOnce) aborting.abort();
      if (stage.status === 'running') become({ status: 'stopping' });
      wake();
    },
    resume: () => {
      if (stage.status === 'paused') wake();
    },
  };
}

/** The first lines of a slice: as many as fit, but one at least. */
function headOf(slice: FileSlice, bytes: number): FileSlice {
  const fitting = slice.bytes.lastIndexOf(0x0a, bytes - 1);
  const end = fitting === -1 ? slice.bytes.indexOf(0x0a) : fitting;
  if (end === -1) return slice;
  const head = slice.bytes.subarray(0, end + 1);
  return { ...slice, bytes: head, lines: countLines(head) };
}

function restOf(slice: FileSlice, lines: number): FileSlice {
  const bytes = slice.bytes.subarray(offsetAfter(slice.bytes, lines));
  return { ...slice, bytes, firstLine: slice.firstLine + lines, lines: slice.lines - lines };
}

function rangeOf(slice: FileSlice): LineRange {
  return { first: slice.firstLine, last: slice.firstLine + slice.lines - 1 };
}

/** Names the line of the file rather than that of the part. */
function stopCause(error: unknown, part: FileSlice): StopCause {
  if (error instanceof Error) return error;
  const cause = error as NonNullable<ImportEnd['error']>;
  return cause.line === undefined ? cause : { ...cause, line: part.firstLine + cause.line - 1 };
}

function codeOf(error: unknown): string {
  if (error instanceof HaloError) return error.code;
  if (error instanceof Error) return '';
  return (error as NonNullable<ImportEnd['error']>).code;
}

/** Whether the server has said that it did nothing of a part. */
function isRefused(error: unknown): boolean {
  return error instanceof HaloError && error.status >= 400 && error.code !== 'outcome-unknown';
}

function isTooLarge(error: unknown): boolean {
  return error instanceof HaloError && error.status === 413;
}

/** Whether a code is of what passes by itself: too many requests, a server that is busy or being replaced. */
export function isPassing(code: string): boolean {
  return ['rate-limited', 'overloaded', 'unavailable', 'request-timeout'].includes(code);
}

function waitMsOf(error: unknown): number {
  return (error instanceof HaloError ? error.retryAfterMs : undefined) ?? usualWaitMs;
}
