import fc from 'fast-check';
import { limits } from 'halo-contract';
import { describe, expect, test } from 'vitest';
import { contentTypeOf, metadataHeader, metadataOf } from './value-headers.js';

/** What Node makes of bytes in a header. */
const asHeader = (text: string): string => Buffer.from(text).toString('latin1');

const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 });
/** Objects that metadata can hold: small enough, and without what PostgreSQL cannot keep. */
const metadataText = object
  .map((value) => JSON.stringify(value))
  .filter((text) => Buffer.byteLength(text) <= limits.metadataBytesMax)
  .filter((text) => !text.includes('\\u0000') && !text.includes('\u007f') && !/\\u[dD][89a-fA-F]/.test(text));

describe('metadataOf', () => {
  test('gives back the JSON text as it was sent, byte for byte', () => {
    fc.assert(
      fc.property(metadataText, (text) => {
        expect(metadataOf(asHeader(text))).toBe(text);
      }),
    );
  });

  test.each([
    '{}',
    '{ "a" : 1 , "b":[ ] }',
    '{"n":12345678901234567890.000,"e":1E+2}',
    '{"a":"\\u00e9\\/\\ud83d\\ude00"}',
    '{"a":"\\\\u0000 \\\\ud800"}',
    '{"__proto__":{"admin":true}}',
    '{"a":"😀 é \u2028"}',
  ])('never writes it anew: %s', (text) => {
    expect(metadataOf(asHeader(text))).toBe(text);
  });

  test('is null without the header or with an empty one', () => {
    expect(metadataOf(undefined)).toBeNull();
    expect(metadataOf('')).toBeNull();
  });

  test('takes 1,024 bytes of UTF-8 and refuses one more', () => {
    for (const [character, bytes] of [
      ['x', 1],
      ['é', 2],
      ['😀', 4],
    ] as const) {
      const frame = '{"a":""}'.length;
      const count = (limits.metadataBytesMax - frame) / bytes;
      const longest = JSON.stringify({ a: character.repeat(count) });
      expect(metadataOf(asHeader(longest))).toBe(longest);
      expect(() => metadataOf(asHeader(longest.replace('"a"', '"ab"')))).toThrow(/at most 1024 bytes/);
    }
  });

  test.each([
    ['an array', '[]'],
    ['null', 'null'],
    ['a number', '1'],
    ['a string', '"{}"'],
    ['no JSON', '{a:1}'],
    ['two documents', '{}{}'],
    ['a member twice', '{"a":1,"a":2}'],
    ['a member twice further down', '{"a":[{"b":1,"\\u0062":2}]}'],
    ['NUL in a value', '{"a":"\\u0000"}'],
    ['NUL in a name', '{"\\u0000":1}'],
    ['NUL further down', '{"a":[[{"b":["\\u0000"]}]]}'],
    ['a lone high surrogate', '{"a":"\\ud800"}'],
    ['a lone low surrogate', '{"a":"\\uDC00x"}'],
    ['surrogates in the wrong order', '{"a":"\\udc00\\ud800"}'],
    ['65 levels', `{"a":${'['.repeat(64)}${']'.repeat(64)}}`],
  ])('refuses %s', (_what, text) => {
    expect(() => metadataOf(asHeader(text))).toThrow(
      expect.objectContaining({ code: 'invalid-value', extra: { pointer: '/metadata' } }),
    );
  });

  test('refuses bytes that are not UTF-8', () => {
    expect(() => metadataOf('{"a":"\xff"}')).toThrow(expect.objectContaining({ code: 'invalid-value' }));
  });

  test('keeps nothing that JSON.parse cannot read: a byte order mark would break the list it is pasted into', () => {
    const kept = (() => {
      try {
        return metadataOf(asHeader('\ufeff{"a":1}'));
      } catch {
        return '{}';
      }
    })();
    expect(() => JSON.parse(kept ?? 'null')).not.toThrow();
  });
});

describe('metadataHeader', () => {
  test('is ASCII that parses to what was stored', () => {
    fc.assert(
      fc.property(metadataText, (text) => {
        const header = metadataHeader(text);
        expect(header).toMatch(/^[\x20-\x7e]*$/);
        expect(JSON.stringify(JSON.parse(header))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  test('escapes beyond the basic plane as a surrogate pair', () => {
    expect(metadataHeader('{"é":"😀"}')).toBe('{"\\u00e9":"\\ud83d\\ude00"}');
  });
});

describe('contentTypeOf', () => {
  test('is application/octet-stream where none was declared', () => {
    expect(contentTypeOf(undefined)).toBe('application/octet-stream');
    expect(contentTypeOf('')).toBe('application/octet-stream');
  });

  test.each([
    'text/plain',
    'TEXT/Plain;Charset=UTF-8',
    'text/plain; charset="utf-8"',
    'text/plain \t;\t charset=utf-8',
    'multipart/form-data; boundary="a;b, \\"c\\""',
    'application/vnd.halo+json;v=1;w=2',
    'text/plain;',
    'text/plain;;charset=utf-8',
    "x-!#$%&'*+.^_`|~/x",
    'text/html',
  ])('keeps %s as it was sent', (header) => {
    expect(contentTypeOf(header)).toBe(header);
  });

  test.each([
    'text',
    'text/',
    '/plain',
    'text / plain',
    'text/plain, text/html',
    'text/plain charset=utf-8',
    'text/plain; charset',
    'text/plain; charset=',
    'text/plain; =utf-8',
    'text/plain; charset = utf-8',
    'text/plain; charset="utf-8',
    'text/plain; charset="a"b',
    'text/pläin',
    'text/plain\r\nx: y',
    'text/plain\n',
    '*/*;q=\u0000',
    ' text/plain',
    'application/json\ta',
  ])('refuses %j', (header) => {
    expect(() => contentTypeOf(header)).toThrow(expect.objectContaining({ code: 'unsupported-media-type' }));
  });

  test('takes 255 bytes and refuses 256', () => {
    const longest = `text/${'x'.repeat(limits.contentTypeBytesMax - 'text/'.length)}`;
    expect(contentTypeOf(longest)).toBe(longest);
    expect(() => contentTypeOf(`${longest}x`)).toThrow(
      expect.objectContaining({ code: 'unsupported-media-type' }),
    );
  });

  // A few dozen bytes suffice where an expression backtracks exponentially; 255 would then never end.
  test.each([
    ['separators', `a/b${'; '.repeat(26)}!`],
    ['parameters', `a/b${'; a=b '.repeat(26)}!`],
    ['quoted pairs', `a/b; a="${'\\\\'.repeat(26)}`],
  ])('refuses a hostile run of %s in linear time', (_what, header) => {
    const started = performance.now();
    expect(() => contentTypeOf(header)).toThrow(expect.objectContaining({ code: 'unsupported-media-type' }));
    expect(performance.now() - started).toBeLessThan(500);
  });
});
