import { describe, expect, test } from 'vitest';
import { HaloError } from '../errors.js';
import { type BatcherOptions, createBatcher } from './batcher.js';

/** A batcher whose flights wait until they are told to land. */
function createHeldBatcher(options: Partial<BatcherOptions<number, number>> = {}) {
  const flights: {
    items: readonly number[];
    land: (results?: readonly (number | Error)[]) => void;
    crash: (error: Error) => void;
  }[] = [];
  const batcher = createBatcher<number, number>({
    fly: (items) =>
      new Promise((resolve, reject) => {
        flights.push({
          items,
          land: (results = items.map((item) => item * 10)) => resolve(results),
          crash: reject,
        });
      }),
    bytesOf: (item) => item,
    flightsMax: 1,
    flightItemsMax: 4,
    flightBytesMax: 100,
    queueItemsMin: 6,
    queueMsMax: 60_000,
    queueItemsMax: 6,
    queueBytesMax: 1_000,
    ...options,
  });
  return { batcher, flights };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the batcher', () => {
  test('lets a lone item leave at once and gives each submitter its own result', async () => {
    const { batcher, flights } = createHeldBatcher();
    const result = batcher.submit(1);
    await turn();
    expect(flights.map((flight) => flight.items)).toEqual([[1]]);
    flights[0]?.land();
    await expect(result).resolves.toBe(10);
  });

  test('gathers what arrives while its flights are out, in order and within the flight’s size', async () => {
    const { batcher, flights } = createHeldBatcher();
    const first = batcher.submit(1);
    await turn();
    const others = [2, 3, 4, 5, 6].map((item) => batcher.submit(item));
    flights[0]?.land();
    await first;
    await turn();
    expect(flights[1]?.items).toEqual([2, 3, 4, 5]);
    flights[1]?.land();
    await turn();
    await turn();
    expect(flights[2]?.items).toEqual([6]);
    flights[2]?.land();
    await expect(Promise.all(others)).resolves.toEqual([20, 30, 40, 50, 60]);
  });

  test('lets a full flight leave without waiting for the end of the turn, before and after a landing', async () => {
    const { batcher, flights } = createHeldBatcher();
    const results = [1, 2, 3, 4, 5, 6, 7, 8].map((item) => batcher.submit(item));
    expect(flights.map((flight) => flight.items)).toEqual([[1, 2, 3, 4]]);
    flights[0]?.land();
    await results[3];
    // Nothing but what was settled already came between: the turn is the same.
    await Promise.resolve();
    expect(flights.map((flight) => flight.items)).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
    flights[1]?.land();
    await Promise.all(results);
  });

  test('bounds a flight in bytes, but carries even an item that is over the bound alone', async () => {
    const { batcher, flights } = createHeldBatcher();
    const results = [150, 60, 60].map((item) => batcher.submit(item));
    for (let count = 1; count <= 3; count += 1) {
      await turn();
      await turn();
      expect(flights).toHaveLength(count);
      flights[count - 1]?.land();
    }
    await expect(Promise.all(results)).resolves.toEqual([1_500, 600, 600]);
    expect(flights.map((flight) => flight.items)).toEqual([[150], [60], [60]]);
  });

  test('takes more than its queue is meant for as long as nobody has waited too long', async () => {
    const batcherOf = (queueMsMax: number) =>
      createHeldBatcher({ queueItemsMin: 2, queueItemsMax: 6, queueMsMax });
    for (const [queueMsMax, taken] of [
      [60_000, 6],
      [-1, 2],
    ] as const) {
      const { batcher, flights } = batcherOf(queueMsMax);
      const first = batcher.submit(1);
      await turn();
      const all = Array.from({ length: 10 }, () => batcher.submit(1).catch((error: HaloError) => error.code));
      expect(batcher.waiting).toBe(taken);
      for (let flight = 0; flight < 3; flight += 1) {
        flights[flight]?.land();
        await turn();
        await turn();
      }
      await first;
      expect((await Promise.all(all)).filter((outcome) => outcome === 'overloaded')).toHaveLength(10 - taken);
    }
  });

  test('sheds with overloaded when the queue is full, and takes more once it has drained', async () => {
    let shed = 0;
    const onShed = () => {
      shed += 1;
    };
    const { batcher, flights } = createHeldBatcher({ onShed });
    const first = batcher.submit(1);
    await turn();
    const queued = [1, 1, 1, 1, 1, 1].map((item) => batcher.submit(item));
    expect([batcher.waiting, shed]).toEqual([6, 0]);
    await expect(batcher.submit(1)).rejects.toMatchObject({ code: 'overloaded', retryAfterS: 1 });
    expect([batcher.waiting, shed]).toEqual([6, 1]);
    flights[0]?.land();
    await first;
    await turn();
    const late = batcher.submit(1);
    for (const flight of [1, 2]) {
      flights[flight]?.land();
      await turn();
      await turn();
    }
    await Promise.all([...queued, late]);
  });

  test('counts those who wait elsewhere as its own', async () => {
    let elsewhere = 5;
    const { batcher, flights } = createHeldBatcher({ waitingElsewhere: () => elsewhere });
    const taken = [batcher.submit(1)];
    await expect(batcher.submit(1)).rejects.toMatchObject({ code: 'overloaded' });
    elsewhere = 4;
    taken.push(batcher.submit(1));
    await turn();
    flights[0]?.land();
    await Promise.all(taken);
  });

  test('fails only those whose result is an error, and all when the flight fails', async () => {
    const { batcher, flights } = createHeldBatcher();
    const pair = Promise.allSettled([batcher.submit(1), batcher.submit(2)]);
    await turn();
    const refusal = new HaloError('not-found', 'No.');
    flights[0]?.land([refusal, 20]);
    expect(await pair).toEqual([
      { status: 'rejected', reason: refusal },
      { status: 'fulfilled', value: 20 },
    ]);
    const both = Promise.allSettled([batcher.submit(1), batcher.submit(2)]);
    await turn();
    const crash = new Error('gone');
    flights[1]?.crash(crash);
    expect(await both).toEqual([
      { status: 'rejected', reason: crash },
      { status: 'rejected', reason: crash },
    ]);
  });

  test('never has more flights out than it may, and uses all it may', async () => {
    const { batcher, flights } = createHeldBatcher({ flightsMax: 2, flightItemsMax: 1 });
    const results = [1, 2, 3].map((item) => batcher.submit(item));
    await turn();
    expect(flights).toHaveLength(2);
    flights[1]?.land();
    await results[1];
    await turn();
    expect(flights).toHaveLength(3);
    flights[0]?.land();
    flights[2]?.land();
    await Promise.all(results);
  });

  test('on close lands what was submitted and refuses the rest', async () => {
    const { batcher, flights } = createHeldBatcher();
    const result = batcher.submit(1);
    const closed = batcher.close();
    await expect(batcher.submit(2)).rejects.toMatchObject({ code: 'unavailable' });
    await turn();
    flights[0]?.land();
    await expect(result).resolves.toBe(10);
    await closed;
  });

  test('lets items of a lane gather while one of their flights is out, and others leave', async () => {
    const { batcher, flights } = createHeldBatcher({ flightsMax: 3, laneOf: (item) => String(item % 2) });
    const results = [1, 3].map((item) => batcher.submit(item));
    await turn();
    results.push(...[5, 2, 7, 4].map((item) => batcher.submit(item)));
    await turn();
    expect(flights.map(({ items }) => items)).toEqual([
      [1, 3],
      [2, 4],
    ]);
    flights[1]?.land();
    await turn();
    expect(flights).toHaveLength(2);
    results.push(batcher.submit(9));
    flights[0]?.land();
    await turn();
    expect(flights[2]?.items).toEqual([5, 7, 9]);
    flights[2]?.land();
    expect(await Promise.all(results)).toEqual([10, 30, 50, 20, 70, 40, 90]);
  });

  test('gives each lane a flight of its own where it is to, that which has waited longest first', async () => {
    const laneOf = (item: number) => String(item % 3);
    const options = { flightsMax: 2, flightItemsMax: 2, queueItemsMax: 20, laneOf, isLaneAlone: true };
    const { batcher, flights } = createHeldBatcher(options);
    const results = [1, 2, 3, 4, 5, 7, 6].map((item) => batcher.submit(item));
    for (let count = 2; count <= 4; count += 1) {
      await turn();
      await turn();
      expect(flights).toHaveLength(count);
      flights[count - 2]?.land();
    }
    await turn();
    flights[3]?.land();
    expect(await Promise.all(results)).toEqual([10, 20, 30, 40, 50, 70, 60]);
    expect(flights.map(({ items }) => items)).toEqual([[1, 4], [2, 5], [3, 6], [7]]);
  });

  test('keeps the order of a lane when more wait than a flight carries', async () => {
    const { batcher, flights } = createHeldBatcher({ flightsMax: 2, queueItemsMax: 20, laneOf: () => 'one' });
    const results = [1, 2, 3, 4, 5, 6].map((item) => batcher.submit(item));
    await turn();
    expect(flights.map(({ items }) => items)).toEqual([[1, 2, 3, 4]]);
    results.push(batcher.submit(7));
    flights[0]?.crash(new Error('lost'));
    await Promise.allSettled(results.slice(0, 4));
    await turn();
    expect(flights[1]?.items).toEqual([5, 6, 7]);
    flights[1]?.land();
    expect(await Promise.all(results.slice(4))).toEqual([50, 60, 70]);
  });

  test('in a file, lets a flight leave behind another only when it carries as many', async () => {
    const { batcher, flights } = createHeldBatcher({ flightsMax: 2, queueItemsMax: 20, isFile: true });
    const results = [1, 2].map((item) => batcher.submit(item));
    await turn();
    results.push(batcher.submit(3));
    await turn();
    expect(flights.map(({ items }) => items)).toEqual([[1, 2]]);
    results.push(batcher.submit(4));
    await turn();
    expect(flights[1]?.items).toEqual([3, 4]);
    results.push(...[5, 6, 7].map((item) => batcher.submit(item)));
    flights[0]?.land();
    await turn();
    expect(flights[2]?.items).toEqual([5, 6, 7]);
    results.push(batcher.submit(8));
    flights[1]?.land();
    await turn();
    expect(flights).toHaveLength(3);
    // With nothing before it, it has nothing to wait for.
    flights[2]?.land();
    await turn();
    expect(flights[3]?.items).toEqual([8]);
    flights[3]?.land();
    expect(await Promise.all(results)).toEqual([10, 20, 30, 40, 50, 60, 70, 80]);
  });

  test('on close has told all results before it says so', async () => {
    const { batcher, flights } = createHeldBatcher();
    const order: string[] = [];
    const result = batcher.submit(1).then(() => order.push('told'));
    const closed = batcher.close().then(() => order.push('closed'));
    await turn();
    flights[0]?.land();
    await Promise.all([result, closed]);
    expect(order).toEqual(['told', 'closed']);
  });

  test('keeps what is held until it is told that it no longer is, and tells whose result comes last', async () => {
    let heldFrom = 3;
    const { batcher, flights } = createHeldBatcher({ isHeld: (item) => item >= heldFrom });
    const results = [1, 3, 2, 4].map((item) => batcher.submit(item));
    await turn();
    expect(flights.map(({ items }) => items)).toEqual([[1, 2]]);
    expect(batcher.last((item) => item < 3)).toBe(results[2]);
    expect(batcher.last(() => true)).toBe(results[3]);
    flights[0]?.land();
    await turn();
    expect(flights).toHaveLength(1);
    expect(batcher.last((item) => item < 3)).toBeUndefined();
    heldFrom = 4;
    batcher.wake();
    expect(flights[1]?.items).toEqual([3]);
    heldFrom = 5;
    flights[1]?.land();
    await turn();
    expect(flights[2]?.items).toEqual([4]);
    flights[2]?.land();
    expect(await Promise.all(results)).toEqual([10, 30, 20, 40]);
  });

  test('keeps back what comes after a held item of its lane, and puts items where they belong', async () => {
    let held = 11;
    const { batcher, flights } = createHeldBatcher({
      flightItemsMax: 8,
      laneOf: (item) => (item < 10 ? 'low' : 'high'),
      placeOf: (item) => item,
      isHeld: (item) => item === held,
    });
    const results = [13, 11, 2, 12, 10].map((item) => batcher.submit(item));
    await turn();
    expect(flights.map(({ items }) => items)).toEqual([[2, 10]]);
    flights[0]?.land();
    await turn();
    expect(flights).toHaveLength(1);
    held = 0;
    batcher.wake();
    expect(flights[1]?.items).toEqual([11, 12, 13]);
    flights[1]?.land();
    expect(await Promise.all(results)).toEqual([130, 110, 20, 120, 100]);
  });
});
