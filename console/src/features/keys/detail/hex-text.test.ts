import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOfHex, hexOf } from './hex-text.js';

test('any bytes come back from their hex', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(bytesOfHex(hexOf(bytes))).toEqual({ bytes: Uint8Array.from(bytes) });
    }),
  );
});

test('white space and letter case do not matter', () => {
  expect(bytesOfHex(' 0aFF\n\t00')).toEqual({ bytes: Uint8Array.of(10, 255, 0) });
  expect(bytesOfHex('')).toEqual({ bytes: new Uint8Array() });
});

test.each([
  ['48 6g', 1, 5, '“g” is no hex digit'],
  ['48\n65 x1', 2, 4, '“x” is no hex digit'],
  ['48 6', 1, 4, 'a byte has two digits'],
  ['4 8', 1, 1, 'a byte has two digits'],
])('%j has a fault in line %i, column %i: %s', (text, line, column, message) => {
  expect(bytesOfHex(text)).toEqual({ fault: { line, column, message } });
});
