import type { HistoryPage } from 'halo-contract';

/** One of the versions that a key has had. */
export type Version = HistoryPage['versions'][number];

/** Returns whether a version was set but its value is no longer kept. */
export function isPruned({ kind, size }: Version): boolean {
  return kind === 'set' && size === null;
}
