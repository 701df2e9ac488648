import { describe, expect, test } from 'vitest';
import { workOff } from './work-off.js';

class Refusal extends Error {}

/** Works off the numbers below `count`, of which some are refused and one breaks everything. */
async function work(count: number, { refused = [], broken, stopAfter }: Partial<Faults> = {}) {
  const batches: (readonly number[])[] = [];
  const progress: number[] = [];
  const stop = new AbortController();
  const result = await workOff(
    Array.from({ length: count }, (_, index) => index),
    {
      batchSize: 3,
      run: async (batch) => {
        batches.push(batch);
        if (batches.length === stopAfter) stop.abort();
        if (broken !== undefined && batch.includes(broken)) throw new Error('broken');
        if (batch.some((item) => refused.includes(item))) throw new Refusal();
      },
      isRefusal: (error) => error instanceof Refusal,
      onProgress: (behind) => progress.push(behind),
      signal: stop.signal,
    },
  );
  const failed = result.failed.map(({ item }) => item);
  return { done: result.done, failed, batches, progress };
}

interface Faults {
  readonly refused: readonly number[];
  readonly broken: number;
  readonly stopAfter: number;
}

describe('workOff', () => {
  test('takes batches in order and tells how far it is', async () => {
    expect(await work(7)).toEqual({
      done: 7,
      failed: [],
      batches: [[0, 1, 2], [3, 4, 5], [6]],
      progress: [3, 6, 7],
    });
  });

  test('one that is refused keeps back no other', async () => {
    const { done, failed, batches } = await work(7, { refused: [4] });
    expect({ done, failed }).toEqual({ done: 6, failed: [4] });
    expect(batches).toEqual([[0, 1, 2], [3, 4, 5], [3], [4, 5], [4], [5], [6]]);
  });

  test('what is no refusal ends the work, and what was done counts', async () => {
    const { done, failed, batches } = await work(9, { refused: [1], broken: 4 });
    expect({ done, failed }).toEqual({ done: 2, failed: [1, 3, 4, 5] });
    expect(batches.at(-1)).toEqual([3, 4, 5]);
  });

  test('stops after the batch under way', async () => {
    expect(await work(9, { stopAfter: 2 })).toMatchObject({ done: 6, failed: [], progress: [3, 6] });
  });
});
