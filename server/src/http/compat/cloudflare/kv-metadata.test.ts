import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unwrapMetadata, wrapMetadata } from './kv-metadata.js';

describe('metadata of Workers KV', () => {
  test('comes back as it was, and is kept as an object', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const source = JSON.stringify(value);
        fc.pre(source.length < 1_000 && !/\\u0000|\\ud/i.test(source) && Buffer.byteLength(source) < 1_000);
        const stored = wrapMetadata(source);
        if (value === null) expect(stored).toBeNull();
        else expect(JSON.parse(stored ?? '')).toBeTypeOf('object');
        expect(stored === null || !Array.isArray(JSON.parse(stored))).toBe(true);
        expect(unwrapMetadata(stored)).toBe(source);
      }),
    );
  });

  test.each(['{"":1}', '{"":{"":2}}', '12345678901234567890', '"a \\" quote"', '[ 1 ]', '{"a": 1e400}'])(
    'comes back letter by letter: %s',
    (source) => {
      expect(unwrapMetadata(wrapMetadata(source))).toBe(source);
    },
  );

  test.each([
    ['', 'invalid-request'],
    ['{', 'invalid-request'],
    ['{"a":1,"a":2}', 'invalid-request'],
    ['"\\u0000"', 'invalid-value'],
    ['["\\ud800"]', 'invalid-value'],
    [`"${'x'.repeat(1_018)}"`, 'too-large'],
    [JSON.stringify({ a: 'x'.repeat(1_017) }), 'too-large'],
  ])('is refused: %.20s', (source, code) => {
    expect(() => wrapMetadata(source)).toThrow(expect.objectContaining({ code }));
  });

  test('may have 1,024 bytes as an object, and 1,019 otherwise', () => {
    for (const source of [JSON.stringify({ a: 'x'.repeat(1_016) }), `"${'x'.repeat(1_017)}"`]) {
      expect(unwrapMetadata(wrapMetadata(source))).toBe(source);
    }
  });
});
