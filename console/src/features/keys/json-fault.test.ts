import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonFault } from './json-fault.js';

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('jsonFault', () => {
  test.each([
    ['', 1, 1, 'expected a value, found the end'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, 'expected a comma or }'],
    ['{"a" 1}', 1, 6, 'expected a colon'],
    ['[1,]', 1, 4, 'expected a value'],
    ['{"a":1,}', 1, 8, 'expected a name in double quotes'],
    ["{'a':1}", 1, 2, 'expected a name in double quotes'],
    ['"abc\n"', 1, 5, 'the string is not closed'],
    ['"\\x"', 1, 2, 'unknown escape in the string'],
    ['"a\tb"', 1, 3, 'control character in the string'],
    ['1 2', 1, 3, 'expected the end'],
    ['01', 1, 2, 'expected the end'],
    ['[\r\n1\r\n', 3, 1, 'expected a comma or ]'],
  ])('finds the fault in %j', (text, line, column, message) => {
    expect(jsonFault(text)).toMatchObject({ line, column, message });
  });

  test('accepts what JSON.parse would round or drop', () => {
    expect(jsonFault('{"id":9007199254740993,"id":1e400}')).toBeUndefined();
  });

  test('survives nesting that would overflow a stack, and strings of a megabyte', () => {
    const depth = 200_000;
    expect(jsonFault('['.repeat(depth) + ']'.repeat(depth))).toBeUndefined();
    expect(jsonFault(`"${'x'.repeat(1_048_576)}"`)).toBeUndefined();
    expect(jsonFault(`"${'\\n'.repeat(524_288)}"`)).toBeUndefined();
  });

  test('agrees with JSON.parse on every text', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      'a',
      '0',
      '1',
      '-',
      '.',
      'e',
      ' ',
    );
    const words = fc.constantFrom('null', 'true', '"a"', '"\\u12aF"', '1.5e-3', '\n', '\u2028', '\u0001');
    const text = fc.array(fc.oneof(pieces, words), { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(text, fc.json()), (json) => {
        expect(jsonFault(json) === undefined).toBe(parses(json));
      }),
      { numRuns: 5_000 },
    );
  });
});
