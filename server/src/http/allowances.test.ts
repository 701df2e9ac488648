import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAllowances } from './allowances.js';

/** A clock that stands until it is moved. */
function clockAt(start: number) {
  let ms = start;
  return {
    now: () => ms,
    wait: (forMs: number) => {
      ms += forMs;
    },
  };
}

describe('createAllowances', () => {
  test('gives the whole quota at once and nothing more', () => {
    const allowances = createAllowances({ requests: 3, seconds: 60 }, clockAt(1_000).now);
    expect([1, 2, 3, 4, 5].map(() => allowances.take('1'))).toEqual([true, true, true, false, false]);
    expect(allowances.allowanceOf('1')).toEqual({ remaining: 0, nextS: 20 });
  });

  test('gives back steadily, and is full again after the window', () => {
    const clock = clockAt(0);
    const allowances = createAllowances({ requests: 3, seconds: 60 }, clock.now);
    for (let i = 0; i < 3; i++) allowances.take('1');
    clock.wait(19_999);
    expect(allowances.take('1')).toBe(false);
    expect(allowances.allowanceOf('1')).toEqual({ remaining: 0, nextS: 1 });
    clock.wait(1);
    expect(allowances.take('1')).toBe(true);
    clock.wait(60_000);
    expect([1, 2, 3, 4].map(() => allowances.take('1'))).toEqual([true, true, true, false]);
  });

  test('after the time that it names there is one more, to the second', () => {
    const clock = clockAt(0);
    const allowances = createAllowances({ requests: 7, seconds: 20 }, clock.now);
    for (let i = 0; i < 30; i++) {
      while (allowances.take('1'));
      const { nextS } = allowances.allowanceOf('1');
      clock.wait(nextS * 1_000);
      expect(allowances.take('1')).toBe(true);
    }
  });

  test('keeps accounts apart', () => {
    const allowances = createAllowances({ requests: 1, seconds: 60 }, clockAt(0).now);
    expect([allowances.take('1'), allowances.take('1'), allowances.take('2')]).toEqual([true, false, true]);
  });

  test('takes back what is refunded, and never gives more than the quota for it', () => {
    const allowances = createAllowances({ requests: 2, seconds: 60 }, clockAt(0).now);
    allowances.take('1');
    allowances.refund('1');
    allowances.refund('1');
    allowances.refund('2');
    expect(allowances.allowanceOf('1').remaining).toBe(2);
    expect([1, 2, 3].map(() => allowances.take('1'))).toEqual([true, true, false]);
    expect([1, 2, 3].map(() => allowances.take('2'))).toEqual([true, true, false]);
  });

  test('is paid back what it could not refuse, at most for another window', () => {
    const clock = clockAt(0);
    const allowances = createAllowances({ requests: 2, seconds: 10 }, clock.now);
    for (let i = 0; i < 100; i++) allowances.charge('1');
    expect(allowances.allowanceOf('1')).toEqual({ remaining: 0, nextS: 15 });
    clock.wait(15_000);
    expect([allowances.take('1'), allowances.take('1')]).toEqual([true, false]);
  });

  test('never lets more through than the quota and what time has given back', () => {
    const steps = fc.array(fc.record({ waitMs: fc.nat(5_000), asks: fc.integer({ min: 1, max: 8 }) }), {
      maxLength: 60,
    });
    const property = fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 30 }),
      steps,
      (requests, seconds, turns) => {
        const clock = clockAt(0);
        const allowances = createAllowances({ requests, seconds }, clock.now);
        const takenAt: number[] = [];
        for (const { waitMs, asks } of turns) {
          clock.wait(waitMs);
          for (let i = 0; i < asks; i++) {
            const { remaining } = allowances.allowanceOf('1');
            const isTaken = allowances.take('1');
            // What was announced is what happens.
            expect(isTaken).toBe(remaining > 0);
            if (isTaken) takenAt.push(clock.now());
          }
        }
        // Of any stretch of time, from each request to each later one.
        for (const [first, from] of takenAt.entries()) {
          for (const [last, to] of takenAt.entries()) {
            if (last < first) continue;
            const givenBack = ((to - from) * requests) / (seconds * 1_000);
            expect(last - first + 1).toBeLessThanOrEqual(requests + givenBack + 1e-3);
          }
        }
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  test('forgets accounts rather than hold more than its bound', () => {
    const allowances = createAllowances({ requests: 1, seconds: 86_400 }, clockAt(0).now);
    allowances.take('first');
    for (let i = 0; i < 100_000; i++) allowances.take(String(i));
    expect(allowances.take('99999')).toBe(false);
    expect(allowances.take('first')).toBe(true);
  });
});
