import fc from 'fast-check';
import { limits, prefixEnd } from 'halo-contract';
import { describe, expect, test } from 'vitest';
import { type Bounds, boundsAfter, boundsAfterPrefix, boundsOf, compareKeys, highest } from './bounds.js';

/** Keys that meet every trap: the surrogate gap, the highest code point, low controls, shared beginnings. */
const piece = fc.constantFrom(
  'a',
  'b',
  '/',
  '\u{1}',
  '\u{7f}',
  'é',
  '\u{d7ff}',
  '\u{e000}',
  '\u{ffff}',
  '😀',
  '\u{10ffff}',
);
const key = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''));
const prefix = fc.array(piece, { maxLength: 3 }).map((pieces) => pieces.join(''));

const within = (bounds: Bounds, candidate: string) =>
  compareKeys(bounds.lower, candidate) <= 0 && compareKeys(candidate, bounds.upper) < 0;

describe('bounds', () => {
  test('hold exactly the keys with the prefix, from start up to end', () => {
    fc.assert(
      fc.property(
        prefix,
        fc.option(key, { nil: undefined }),
        fc.option(key, { nil: undefined }),
        key,
        (p, start, end, k) => {
          const expected =
            k.startsWith(p) &&
            (start === undefined || compareKeys(start, k) <= 0) &&
            (end === undefined || compareKeys(k, end) < 0);
          expect(within(boundsOf(p, start, end), k)).toBe(expected);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test('after a key hold what comes later in the direction of reading, and not the key itself', () => {
    fc.assert(
      fc.property(key, key, fc.boolean(), (last, k, reverse) => {
        const bounds = boundsAfter(boundsOf('', undefined, undefined), last, reverse);
        const expected = reverse ? compareKeys(k, last) < 0 : compareKeys(k, last) > 0;
        expect(within(bounds, k)).toBe(expected);
      }),
      { numRuns: 5_000 },
    );
  });

  test('after a prefix hold what comes later in the direction of reading, and no key that begins with it', () => {
    fc.assert(
      fc.property(key, key, fc.boolean(), (group, k, reverse) => {
        const bounds = boundsAfterPrefix(boundsOf('', undefined, undefined), group, reverse);
        const later = reverse ? compareKeys(k, group) < 0 : compareKeys(k, group) > 0;
        expect(within(bounds, k)).toBe(later && !k.startsWith(group));
      }),
      { numRuns: 5_000 },
    );
  });

  test('have an upper end that no key reaches', () => {
    const greatest = '\u{10ffff}'.repeat(limits.keyBytesMax / 4);
    expect(compareKeys(greatest, highest)).toBeLessThan(0);
  });

  test('a prefix of nothing but the highest code point has no end', () => {
    expect(prefixEnd('\u{10ffff}\u{10ffff}')).toBeUndefined();
    expect(prefixEnd('')).toBeUndefined();
    expect(prefixEnd('a\u{10ffff}')).toBe('b');
    expect(prefixEnd('\u{d7ff}')).toBe('\u{e000}');
  });
});
