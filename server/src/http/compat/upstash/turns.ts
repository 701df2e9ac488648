import { HaloError } from '../../../errors.js';

/**
 * Lets work on the same names take turns, in the order in which it came. Reading and then committing with checks is
 * right without it; but of a hundred who append to one key, only one could succeed at a time, and all others would
 * have read in vain.
 */
export interface Turns {
  /** @throws HaloError `overloaded` when too many are waiting */
  take<Result>(names: readonly string[], work: () => Promise<Result>): Promise<Result>;
}

/** Each waits with its request in memory; some seconds of work on one key. */
const waitingMax = 2_000;

export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>();
  let waiting = 0;

  return {
    take: async (names, work) => {
      if (waiting >= waitingMax) {
        throw new HaloError('overloaded', 'Too many commands wait for their keys.', { retryAfterS: 1 });
      }
      const before = names.flatMap((name) => last.get(name) ?? []);
      let leave = (): void => {};
      const left = new Promise<void>((resolve) => {
        leave = resolve;
      });
      // All places are taken in one go, so that no two can wait for each other.
      for (const name of names) last.set(name, left);
      waiting += 1;
      await Promise.all(before);
      waiting -= 1;
      try {
        return await work();
      } finally {
        for (const name of names) if (last.get(name) === left) last.delete(name);
        leave();
      }
    },
  };
}
