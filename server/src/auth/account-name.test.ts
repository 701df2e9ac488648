import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldAccountName, parseAccountName, readAccountName } from './account-name.js';

describe('an account name', () => {
  test.each([
    'ada',
    'Ada.Lovelace',
    'ada@example.com',
    'a_b-c+d',
    '123',
    'Zoë',
    'Ζωή',
    '小田原',
    'हिन्दी',
    'שלום',
    '𝒶𝒹𝒶',
    'x'.repeat(64),
  ])('may be %s', (name) => {
    expect(parseAccountName(name)?.name).toBe(name.normalize('NFKC'));
  });

  test.each([
    '',
    'ab',
    'x'.repeat(65),
    'x'.repeat(100_000),
    'a b',
    ' ada',
    'ada\n',
    'ada\0',
    'ada/bob',
    'ada:bob',
    '<ada>',
    'ada😀',
    'ada\ud800',
    'ada\u200b',
    'ada\u200d',
    'ada\u202e',
    'ada\ufe0f',
    'ada\u034f',
    'ada\u3164',
    '\u0301ada',
    '.\u0301ada',
  ])('may not be %j', (name) => {
    expect(parseAccountName(name)).toBeUndefined();
    expect(() => readAccountName(name)).toThrow(
      expect.objectContaining({ code: 'invalid-request', extra: { pointer: '/name' } }) as Error,
    );
  });

  test('is counted in characters after NFKC', () => {
    expect(parseAccountName('𝒶𝒹')).toBeUndefined();
    expect(parseAccountName('ﬃ')?.name).toBe('ffi');
    expect(parseAccountName('한'.normalize('NFD').repeat(64))?.name).toBe('한'.repeat(64));
  });

  test('is one with its capitals and its compatible forms', () => {
    for (const [one, other] of [
      ['Ada', 'ADA'],
      ['ａｄａ', 'ada'],
      ['straße', 'STRASSE'],
      ['straße', 'STRAẞE'],
      ['ΟΔΟΣ', 'οδος'],
      ['ΟΔΟΣ', 'οδοσ'],
      ['Zoe\u0308', 'zoë'],
      ['K\u212a1', 'kk1'],
    ] as const) {
      expect(parseAccountName(one)?.folded).toBe(parseAccountName(other)?.folded);
    }
  });

  test('folds to the same whatever its case, once and for all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (name) => {
        const folded = foldAccountName(name);
        expect(foldAccountName(folded)).toBe(folded);
        expect(foldAccountName(name.normalize('NFD').toUpperCase())).toBe(folded);
        expect(foldAccountName(name.toLowerCase())).toBe(folded);
        expect(foldAccountName(name.normalize('NFD'))).toBe(folded);
      }),
      { numRuns: 5_000 },
    );
  });
});
