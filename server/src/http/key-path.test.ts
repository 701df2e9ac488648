import fc from 'fast-check';
import { keyFault, keyToPath, limits } from 'halo-contract';
import { describe, expect, test } from 'vitest';
import { keyOf, keyPathPrefix } from './key-path.js';

/** Keys made of what URLs, routers and decoders treat specially, besides any text at all. */
const trap = fc.constantFrom(
  '/',
  '.',
  '..',
  '%',
  '%2F',
  '%25',
  '?',
  '#',
  '+',
  ' ',
  ';',
  '\\',
  '__proto__',
  'é',
  '😀',
);
const legalKey = fc
  .oneof(
    fc.array(trap, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary', minLength: 1, maxLength: limits.keyBytesMax, size: 'large' }),
  )
  .filter((key) => keyFault(key) === undefined);
const refusal = expect.objectContaining({ code: 'invalid-key' });

/** Every byte escaped, which is as good an encoding as the shortest. */
const escapeAll = (key: string): string =>
  [...Buffer.from(key)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

describe('keyOf', () => {
  test('reads back every legal key from its path, with and without a query', () => {
    fc.assert(
      fc.property(legalKey, (key) => {
        expect(keyOf(keyPathPrefix + keyToPath(key))).toBe(key);
        expect(keyOf(`${keyPathPrefix}${keyToPath(key)}?ttl=5?/`)).toBe(key);
        expect(keyOf(keyPathPrefix + escapeAll(key))).toBe(key);
      }),
    );
  });

  test('reads keys of exactly 1,024 bytes and refuses those of one more', () => {
    for (const character of ['a', 'é', '€', '😀']) {
      const size = Buffer.byteLength(character);
      const fill = 'a'.repeat(limits.keyBytesMax % size);
      const longest = fill + character.repeat(Math.floor(limits.keyBytesMax / size));
      expect(keyOf(keyPathPrefix + keyToPath(longest))).toBe(longest);
      expect(() => keyOf(`${keyPathPrefix}${keyToPath(longest)}a`)).toThrow(refusal);
    }
  });

  test('refuses every key with NUL, wherever it stands', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (before, after) => {
        expect(() => keyOf(keyPathPrefix + keyToPath(`${before}\0${after}`))).toThrow(refusal);
      }),
    );
  });

  test.each([
    ['no key', ''],
    ['no key before a query', '?ttl=1'],
    ['a percent sign alone', '%'],
    ['a percent sign at the end', 'a%4'],
    ['digits that are not hexadecimal', '%zz'],
    ['a byte that is not UTF-8', '%ff'],
    ['an overlong slash', '%C0%AF'],
    ['an overlong NUL', '%C0%80'],
    ['a lone surrogate', '%ED%A0%80'],
    ['a surrogate pair in CESU-8', '%ED%A0%BD%ED%B8%80'],
    ['a sequence cut short', '%E2%82'],
    ['letters beyond ASCII as they are', 'é'],
    ['a space as it is', 'a b'],
    ['a control character as it is', 'a\tb'],
  ])('refuses %s', (_what, path) => {
    expect(() => keyOf(keyPathPrefix + path)).toThrow(refusal);
  });

  test('decodes once: %2525 is the key %25', () => {
    expect(keyOf(`${keyPathPrefix}%2525`)).toBe('%25');
  });

  test('reads a plus sign as a plus sign, unlike in a query', () => {
    expect(keyOf(`${keyPathPrefix}a+b`)).toBe('a+b');
  });

  test('reads the key of a request in absolute form, as RFC 9112 section 3.2.2 asks of every server', () => {
    expect(keyOf('http://localhost:5000/v1/keys/a/b?ttl=1')).toBe('a/b');
  });

  test('never takes part of an escaped prefix for the key: routers match /v1/%6Beys/a too', () => {
    const read = (url: string): string => {
      try {
        return keyOf(url);
      } catch {
        return 'a';
      }
    };
    expect(read('/v1/%6Beys/a')).toBe('a');
    expect(read('/%76%31/keys/a')).toBe('a');
  });
});
