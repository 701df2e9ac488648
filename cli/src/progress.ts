import type { ImportProgress } from 'halo-client';
import { count } from 'halo-server/operator/terminal';

/** How far something long is. */
export interface Progress {
  /** What has been done, in words, such as `3 keys`. */
  readonly done: readonly string[];
  /** How many keys, for the speed. */
  readonly keys: number;
  /** How much of all, from 0 to 1, where that is known. */
  readonly share: number | undefined;
}

/** Shows how far something is: one line that is written over on a terminal, a line now and then elsewhere. */
export interface ProgressView {
  show(progress: Progress): void;
  /** Makes room for other lines. */
  clear(): void;
}

export interface ProgressSettings {
  readonly errors: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly now: () => number;
}

const lineEveryMs = 2_000;
/** More often than that nobody can read, and drawing would cost more than what it tells of. */
const drawEveryMs = 100;
const barWidth = 20;
const columnsDefault = 80;

export function createProgressView({ errors, now }: ProgressSettings): ProgressView {
  const startedMs = now();
  if (errors.isTTY !== true) {
    let saidMs = startedMs;
    return {
      show(progress) {
        if (now() - saidMs < lineEveryMs) return;
        saidMs = now();
        errors.write(`${progressText(progress, now() - startedMs)}\n`);
      },
      clear: () => {},
    };
  }
  let drawnMs = Number.NEGATIVE_INFINITY;
  return {
    show(progress) {
      if (now() - drawnMs < drawEveryMs) return;
      drawnMs = now();
      const bar = progress.share === undefined ? '' : `${barOf(progress.share)} `;
      const text = bar + progressText(progress, now() - startedMs);
      // A longer one would wrap, and could not be written over.
      errors.write(`\r${text.slice(0, (errors.columns || columnsDefault) - 1)}\u001b[K`);
    },
    clear() {
      if (drawnMs > Number.NEGATIVE_INFINITY) errors.write('\r\u001b[K');
      drawnMs = Number.NEGATIVE_INFINITY;
    },
  };
}

/** What an import has told, of a file of `totalBytes` where that is known. */
export function importProgress(
  { imported, skipped, failed, bytes }: ImportProgress,
  totalBytes: number | undefined,
): Progress {
  return {
    done: [
      count(imported, 'key', 'keys'),
      ...(skipped > 0 ? [`${skipped} skipped`] : []),
      ...(failed > 0 ? [`${failed} rejected`] : []),
    ],
    keys: imported + skipped,
    share: totalBytes === undefined || totalBytes === 0 ? undefined : Math.min(1, bytes / totalBytes),
  };
}

/** What an export has brought, of `totalKeys` where they were counted. */
export function exportProgress(keys: number, bytes: number, totalKeys: number | undefined): Progress {
  return {
    done: [count(keys, 'key', 'keys'), sizeText(bytes)],
    keys,
    // Keys that were set after they were counted make it more than all.
    share: totalKeys === undefined || totalKeys === 0 ? undefined : Math.min(1, keys / totalKeys),
  };
}

/** How far it is, how fast, and how long the rest will take at that speed. */
export function progressText({ done, keys, share }: Progress, elapsedMs: number): string {
  const seconds = elapsedMs / 1_000;
  const parts = [...done];
  if (seconds > 0) parts.push(`${Math.round(keys / seconds)} a second`);
  if (share !== undefined) {
    parts.unshift(`${Math.floor(share * 100)} %`);
    if (share > 0 && share < 1) parts.push(`${durationText((seconds / share) * (1 - share))} left`);
  }
  return parts.join(', ');
}

export function durationText(seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

const sizeUnits = ['KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes as people say them, such as `1.5 MiB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1_024) return count(bytes, 'byte', 'bytes');
  let [size, unit] = [bytes / 1_024, 0];
  // What would be shown as 1024.0 is one of the next.
  while (size >= 1_023.95 && unit < sizeUnits.length - 1) {
    size /= 1_024;
    unit += 1;
  }
  return `${size.toFixed(1)} ${sizeUnits[unit]}`;
}

function barOf(share: number): string {
  const full = Math.round(share * barWidth);
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}]`;
}
