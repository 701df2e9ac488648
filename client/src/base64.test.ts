import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase64, toBase64 } from './base64.js';

test('bytes become what Node makes of them, and come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = toBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64'));
      expect(fromBase64(text)).toEqual(new Uint8Array(bytes));
    }),
  );
});

test('megabytes do not overflow the stack, at and around the bounds of what is taken at a time', () => {
  for (const length of [0x8000 - 1, 0x8000, 0x8000 + 1, 5_000_000]) {
    const bytes = new Uint8Array(length).map((_, n) => (n * 31) % 256);
    const text = toBase64(bytes);
    expect(text === Buffer.from(bytes).toString('base64')).toBe(true);
    expect(Buffer.compare(fromBase64(text), bytes)).toBe(0);
  }
});
