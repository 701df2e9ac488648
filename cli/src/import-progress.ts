import type { ImportProgress } from 'halo-client';
import { count } from 'halo-server/operator/terminal';

/** Shows how far an import is: one line that is written over on a terminal, a line now and then elsewhere. */
export interface ProgressView {
  show(progress: ImportProgress): void;
  /** Makes room for other lines. */
  clear(): void;
}

export interface ProgressSettings {
  readonly errors: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  /** Of the whole file, where that is known. */
  readonly totalBytes: number | undefined;
  readonly now: () => number;
}

const lineEveryMs = 2_000;
const barWidth = 20;
const columnsDefault = 80;

export function createProgressView({ errors, totalBytes, now }: ProgressSettings): ProgressView {
  const startedMs = now();
  if (errors.isTTY !== true) {
    let saidMs = startedMs;
    return {
      show(progress) {
        if (now() - saidMs < lineEveryMs) return;
        saidMs = now();
        errors.write(`${progressText(progress, totalBytes, now() - startedMs)}\n`);
      },
      clear: () => {},
    };
  }
  const columns = errors.columns ?? columnsDefault;
  const clear = () => errors.write('\r\u001b[K');
  return {
    show(progress) {
      const bar = totalBytes === undefined ? '' : `${barOf(progress.bytes / totalBytes)} `;
      const text = bar + progressText(progress, totalBytes, now() - startedMs);
      // A longer one would wrap, and could not be written over.
      errors.write(`\r${text.slice(0, columns - 1)}\u001b[K`);
    },
    clear,
  };
}

/** How far it is, how fast, and how long the rest will take at that speed. */
export function progressText(
  { imported, skipped, failed, bytes }: ImportProgress,
  totalBytes: number | undefined,
  elapsedMs: number,
): string {
  const seconds = elapsedMs / 1_000;
  const rate = seconds > 0 ? (imported + skipped) / seconds : 0;
  const parts = [
    count(imported, 'key', 'keys'),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(failed > 0 ? [`${failed} rejected`] : []),
    `${Math.round(rate)} a second`,
  ];
  if (totalBytes !== undefined && totalBytes > 0) {
    const share = Math.min(1, bytes / totalBytes);
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

function barOf(share: number): string {
  const full = Math.round(Math.min(1, share) * barWidth);
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}]`;
}
