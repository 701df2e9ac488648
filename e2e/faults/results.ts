import { appendFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** The directory where test files leave their results, for one report of all of them. */
    readonly faultResults: string;
  }
}

/** What a fault came to. Counts, and times in milliseconds. */
export interface Row {
  readonly name: string;
  readonly postgres: string;
  readonly seed: number;
  readonly rounds: number;
  /** Requests that waited for their answer when it struck: the fewest of all rounds. */
  readonly inFlight: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly wrong: number;
  readonly unknown: number;
  readonly hung: number;
  readonly firstErrorMs: number;
  readonly longestMs: number;
  readonly recoveryP50Ms: number;
  readonly recoveryMaxMs: number;
  /** Whether it is meant to be found faulty. */
  readonly isControl?: boolean;
}

/** A figure that has no place in the table of faults. */
export interface Figure {
  readonly what: string;
  readonly result: string;
  readonly of: string;
}

export interface Results {
  readonly rows: readonly Row[];
  readonly figures: readonly Figure[];
  /** What could not be tried on this machine, and why. */
  readonly skipped: readonly string[];
}

/** The whole suite rather than the part that runs with all tests. */
export const isWhole = process.env.HALO_TEST_WHOLE === '1';

export async function report(result: Row | Figure | string): Promise<void> {
  const directory = inject('faultResults');
  await mkdir(directory, { recursive: true });
  await appendFile(join(directory, `${process.pid}.ndjson`), `${JSON.stringify(result)}\n`);
}

/** Everything that was reported, in the order of names. */
export async function collectResults(directory: string): Promise<Results> {
  const files = await readdir(directory).catch(() => []);
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
  const all = texts.flatMap((text) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row | Figure | string),
  );
  const rows = all.filter((one): one is Row => typeof one === 'object' && 'name' in one);
  const figures = all.filter((one): one is Figure => typeof one === 'object' && 'what' in one);
  const order = new Intl.Collator('en');
  return {
    rows: rows.sort(
      (a, b) => Number(a.isControl ?? 0) - Number(b.isControl ?? 0) || order.compare(a.name, b.name),
    ),
    figures: figures.sort((a, b) => order.compare(a.what, b.what)),
    skipped: all.filter((one): one is string => typeof one === 'string').sort(order.compare),
  };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new Error('Nothing was measured.');
  return value;
}
