import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMemo } from './memo.js';

describe('createMemo', () => {
  test('never holds more than its maximum, and never a wrong value', () => {
    const operations = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 30 })), { maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), operations, (max, steps) => {
        const memo = createMemo<number>(max);
        const model = new Map<string, number>();
        for (const [index, [isSet, number]] of steps.entries()) {
          const key = String(number);
          if (isSet) {
            memo.set(key, index);
            model.set(key, index);
            expect(memo.get(key)).toBe(index);
          } else {
            expect([undefined, model.get(key)]).toContain(memo.get(key));
          }
          expect(memo.size).toBeLessThanOrEqual(max);
        }
      }),
    );
  });

  test('keeps what is asked for while others pass through', () => {
    const memo = createMemo<string>(10);
    memo.set('wanted', 'still here');
    for (let other = 0; other < 1_000; other += 1) {
      memo.set(String(other), 'passing');
      expect(memo.get('wanted')).toBe('still here');
    }
    expect(memo.get('0')).toBeUndefined();
  });
});
