import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { httpDate, rfc3339Date } from './dates.js';

const instants = fc.integer({ min: Date.UTC(1000, 0, 1), max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) });

describe('dates', () => {
  test('are those of Date', () => {
    const same = (ms: number) => {
      expect(httpDate(ms)).toBe(new Date(ms).toUTCString());
      expect(rfc3339Date(ms)).toBe(new Date(ms).toISOString());
    };
    fc.assert(fc.property(instants, same), { numRuns: 5_000 });
  });

  test('stay right when more days are asked for than are remembered', () => {
    for (let day = 0; day < 2_500; day += 1) {
      const ms = Date.UTC(2026, 0, 31, 9, 30) + day * 86_400_000;
      expect(httpDate(ms)).toBe(new Date(ms).toUTCString());
    }
  });
});
