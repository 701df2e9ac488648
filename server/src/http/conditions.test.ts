import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conditionOf } from './conditions.js';

const revision = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const space = fc.constantFrom('', ' ', '\t', '  ');
const refusal = expect.objectContaining({ code: 'invalid-request' });

describe('conditionOf', () => {
  test('is undefined when neither header was sent', () => {
    expect(conditionOf(undefined, undefined)).toBeUndefined();
  });

  test('reads every list of revisions, however it is spaced', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(revision, space, space), { minLength: 1, maxLength: 20 }), (tags) => {
        const header = tags.map(([number, before, after]) => `${before}"${number}"${after}`).join(',');
        const revisions = tags.map(([number]) => number);
        expect(conditionOf(header, undefined)).toEqual({ match: revisions, noneMatch: undefined });
        expect(conditionOf(undefined, header)).toEqual({ match: undefined, noneMatch: revisions });
      }),
    );
  });

  test('reads the asterisk alone as any revision', () => {
    expect(conditionOf('*', ' * ')).toEqual({ match: '*', noneMatch: '*' });
    expect(() => conditionOf('*, "1"', undefined)).toThrow(refusal);
    expect(conditionOf('"*"', undefined)).toEqual({ match: [], noneMatch: undefined });
  });

  test('counts a weak tag for If-None-Match only', () => {
    expect(conditionOf('W/"1", "2"', 'W/"1", "2"')).toEqual({ match: [2], noneMatch: [1, 2] });
  });

  test.each([
    '"abc"',
    '""',
    '"0"',
    '"01"',
    '"-1"',
    '"1.0"',
    '"1e3"',
    '"99999999999999999999"',
    '"a,b"',
    '"é"',
  ])('takes %s for a tag that Halo never issued, which matches nothing', (tag) => {
    const header = Buffer.from(tag).toString('latin1');
    expect(conditionOf(header, header)).toEqual({ match: [], noneMatch: [] });
  });

  test.each([
    '1',
    '"1',
    '1"',
    "'1'",
    '"1" "2"',
    '"1"2',
    'w/"1"',
    'W /"1"',
    '"a\u007f"',
    '"1", x',
    '**',
    '"1"\n"2"',
  ])('refuses %j and names the header', (header) => {
    expect(() => conditionOf(header, undefined)).toThrow(/^If-Match must be/);
    expect(() => conditionOf(undefined, header)).toThrow(/^If-None-Match must be/);
    expect(() => conditionOf(header, undefined)).toThrow(refusal);
  });

  test.each(['', ' ', ',', ', ,'])(
    'refuses %j: a list has at least one tag, or it would ask nothing',
    (header) => {
      expect(() => conditionOf(header, undefined)).toThrow(refusal);
      expect(() => conditionOf(undefined, header)).toThrow(refusal);
    },
  );

  test.each([',"1"', '"1",', '"1",,"2"', ', "1" , , "2" ,'])(
    'ignores the empty elements of %s, as RFC 9110 section 5.6.1.2 asks of a recipient',
    (header) => {
      expect(conditionOf(header, undefined)?.match).toContain(1);
    },
  );

  test('reads a header of the longest size in linear time', () => {
    const started = performance.now();
    for (const header of [`"1"${' '.repeat(16_000)}x`, '"1", '.repeat(3_200), '"'.repeat(16_000)]) {
      try {
        conditionOf(header, header);
      } catch (error) {
        expect(error).toEqual(refusal);
      }
    }
    expect(performance.now() - started).toBeLessThan(500);
  });
});
