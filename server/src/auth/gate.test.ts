import { describe, expect, test } from 'vitest';
import { createGate, createNamedGate } from './gate.js';

/** Work whose end the test decides. */
function controlled() {
  const ends: Array<() => void> = [];
  const started: number[] = [];
  return {
    started,
    work: (id: number) => () =>
      new Promise<number>((resolve) => {
        started.push(id);
        ends.push(() => resolve(id));
      }),
    endFirst: () => ends.shift()?.(),
  };
}

describe('createGate', () => {
  test('runs so many at a time, queues so many in order, and refuses the rest', async () => {
    const enter = createGate({ concurrency: 2, queueMax: 2 });
    const { started, work, endFirst } = controlled();
    const results = [0, 1, 2, 3].map((id) => enter(work(id)));
    await expect(enter(work(4))).rejects.toMatchObject({ code: 'overloaded', retryAfterS: 1 });
    expect(started).toEqual([0, 1]);
    endFirst();
    await results[0];
    await expect.poll(() => started).toEqual([0, 1, 2]);
    endFirst();
    await expect.poll(() => started).toEqual([0, 1, 2, 3]);
    endFirst();
    endFirst();
    expect(await Promise.all(results)).toEqual([0, 1, 2, 3]);
  });

  test('gives the place back when work fails', async () => {
    const enter = createGate({ concurrency: 1, queueMax: 0 });
    const fail = () => enter(() => Promise.reject(new Error('failed')));
    await expect(fail()).rejects.toThrow('failed');
    await expect(fail()).rejects.toThrow('failed');
    expect(await enter(() => Promise.resolve('done'))).toBe('done');
  });
});

describe('createNamedGate', () => {
  test('holds up only work of the same name', async () => {
    const enter = createNamedGate({ concurrency: 1, queueMax: 1 });
    const { started, work, endFirst } = controlled();
    const results = [enter('a', work(0)), enter('a', work(1)), enter('b', work(2))];
    await expect(enter('a', work(3))).rejects.toMatchObject({ code: 'overloaded' });
    await expect.poll(() => started).toEqual([0, 2]);
    endFirst();
    await expect.poll(() => started).toEqual([0, 2, 1]);
    endFirst();
    endFirst();
    expect(await Promise.all(results)).toEqual([0, 1, 2]);
    const next = enter('a', work(4));
    endFirst();
    expect(await next).toBe(4);
  });
});
