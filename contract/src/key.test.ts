import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyFault, keyToPath, utf8Bytes } from './key.js';
import { limits } from './limits.js';

/** Any sequence of UTF-16 units: whole characters, halves of them, controls. */
const unit = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  fc.integer({ min: 0xd800, max: 0xdfff }).map((code) => String.fromCharCode(code)),
  fc.constantFrom('a', 'é', '€', '😀', '\u{10ffff}', '/', '%'),
);
const text = fc.array(unit, { maxLength: 20 }).map((units) => units.join(''));
/** Texts whose size lies around the limit, repeated from characters of one to four bytes. */
const long = fc
  .tuple(fc.constantFrom('a', 'é', '€', '😀'), fc.integer({ min: 1_015, max: 1_035 }), text)
  .map(([character, bytes, rest]) => character.repeat(bytes / Buffer.byteLength(character)) + rest);
/** What is wrong with a key by definition: the bytes of its UTF-8 say so, and whether they mean the same text. */
function isLegal(key: string): boolean {
  const bytes = new TextEncoder().encode(key);
  const meansItself = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) === key;
  return bytes.length >= 1 && bytes.length <= limits.keyBytesMax && !bytes.includes(0) && meansItself;
}

describe('keyFault', () => {
  test('finds a fault in exactly the texts that are not 1 to 1,024 bytes of UTF-8 without NUL', () => {
    fc.assert(
      fc.property(fc.oneof(text, long), (key) => {
        expect(keyFault(key) === undefined).toBe(isLegal(key));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    'a',
    'a/',
    '../a',
    '.',
    '..',
    '/',
    '//',
    '__proto__',
    '%2F',
    '😀',
    ' ',
    '\u{1}',
    '\u{feff}a',
    '\u{ffff}',
  ])('finds none in %j', (key) => {
    expect(keyFault(key)).toBeUndefined();
  });

  test.each([
    ['', 'A key has at least one byte.'],
    ['a\0b', 'A key may not contain NUL.'],
    ['a\ud800', 'A key may not contain lone surrogates.'],
    ['\udc00a', 'A key may not contain lone surrogates.'],
    ['\udc00\ud800', 'A key may not contain lone surrogates.'],
    ['a'.repeat(1_025), 'A key has at most 1024 bytes of UTF-8.'],
    ['é'.repeat(513), 'A key has at most 1024 bytes of UTF-8.'],
    ['a'.repeat(100_000), 'A key has at most 1024 bytes of UTF-8.'],
  ])('says what is wrong with %j', (key, fault) => {
    expect(keyFault(key)).toBe(fault);
  });
});

test('utf8Bytes counts as Buffer does, halves of characters included', () => {
  fc.assert(
    fc.property(fc.oneof(text, long), (any) => {
      expect(utf8Bytes(any)).toBe(Buffer.byteLength(any));
    }),
    { numRuns: 2_000 },
  );
});

describe('keyToPath', () => {
  const legal = fc.oneof(text, long).filter((key) => keyFault(key) === undefined);

  test('is undone by percent-decoding', () => {
    fc.assert(
      fc.property(legal, (key) => {
        expect(decodeURIComponent(keyToPath(key))).toBe(key);
      }),
    );
  });

  test('survives a URL parser, which removes dot segments, for every key but . and .. themselves', () => {
    const dotted = fc
      .array(fc.constantFrom('.', '..', '...', 'a', '', '%2e'), { minLength: 2, maxLength: 5 })
      .map((segments) => segments.join('/'));
    fc.assert(
      fc.property(fc.oneof(legal, dotted), (key) => {
        fc.pre(key !== '.' && key !== '..');
        const { pathname, search, hash } = new URL(`http://localhost/v1/keys/${keyToPath(key)}`);
        expect(decodeURIComponent(pathname)).toBe(`/v1/keys/${key}`);
        expect(search + hash).toBe('');
      }),
    );
  });

  test.each([
    ['a/b', 'a/b'],
    ['a b', 'a%20b'],
    ['%2F', '%252F'],
    ['?#&+;', '%3F%23%26%2B%3B'],
    ['é', '%C3%A9'],
    ['\\', '%5C'],
  ])('writes %j as %s', (key, path) => {
    expect(keyToPath(key)).toBe(path);
  });
});
