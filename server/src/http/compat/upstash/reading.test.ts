import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CommandError } from './command.js';
import { addDecimals, isDecimal } from './decimal.js';
import { compileGlob } from './glob.js';
import { parseCommand } from './parse.js';
import { readRequest } from './request.js';
import { isCursor, readScanCursor, writeScanCursor } from './scan-cursor.js';

describe('a command', () => {
  test('is read in any case, with its options in any order', () => {
    const read = parseCommand(['sEt', 'k', 'v', 'Px', '5', 'gEt', 'xX']);
    expect(read).toEqual({
      ...{ kind: 'set', key: 'k', value: Buffer.from('v'), condition: 'xx', answer: 'old' },
      expiry: { ttlMs: 5, by: 'set' },
    });
    expect(parseCommand(['EXPIREAT', 'k', '9', 'XX', 'lt'])).toEqual({
      ...{ kind: 'expire', key: 'k', expiry: { atMs: 9_000, by: 'expireat' }, flags: new Set(['xx', 'lt']) },
    });
    expect(parseCommand(['GETEX', 'k'])).toEqual({ kind: 'get', key: 'k' });
  });

  test('is read or refused, whatever it is', () => {
    const names = [
      'get',
      'set',
      'mset',
      'getex',
      'expire',
      'copy',
      'scan',
      'incrby',
      'setrange',
      'ping',
      'keys',
    ];
    const arg = fc.oneof(
      fc.constantFrom('ex', 'px', 'nx', 'xx', 'get', 'match', 'count', 'type', '0', '-1', '', 'replace'),
      fc.string({ unit: 'binary' }),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.array(arg, { maxLength: 7 }), (name, args) => {
        try {
          expect(parseCommand([name, ...args]).kind).toMatch(/^[a-z]+$/);
        } catch (error) {
          expect(error).toBeInstanceOf(CommandError);
          expect((error as Error).message).toMatch(/^ERR /);
        }
      }),
    );
  });
});

describe('numbers in a body', () => {
  test('are arguments as they are written, and strings stay what they are', () => {
    const number = fc.constantFrom('0', '-0', '1.10', '1E5', '-12.5e-3', '123456789012345678901');
    const argument = fc.oneof(
      number.map((text) => ({ json: text, text })),
      fc.string({ unit: 'grapheme' }).map((text) => ({ json: JSON.stringify(text), text })),
      fc.constantFrom('"', '\\', '\\"5', '-1"').map((text) => ({ json: JSON.stringify(text), text })),
    );
    fc.assert(
      fc.property(fc.array(argument), (args) => {
        const body = Buffer.from(`[ "SET" ${args.map(({ json }) => `, ${json}`).join('')}]`);
        const asked = readRequest('POST', '/compat/upstash', body);
        expect(asked).toEqual({ kind: 'one', args: ['SET', ...args.map(({ text }) => text)] });
      }),
    );
  });
});

describe('a pattern', () => {
  test.each([
    ['*', ['', 'a', 'user:1'], []],
    ['user:*', ['user:', 'user:1'], ['user', 'users:1']],
    ['h?llo', ['hello', 'hüllo', 'h😀llo'], ['hllo', 'heello']],
    ['h[ae]llo', ['hallo', 'hello'], ['hillo', 'hllo']],
    ['h[^e]llo', ['hallo'], ['hello', 'hllo']],
    ['h[a-c]*', ['ha', 'hcd'], ['hd', 'h']],
    ['h[c-a]', ['hb'], ['hd']],
    ['\\*\\[a\\]', ['*[a]'], ['x[a]']],
    ['[\\]x]', [']', 'x'], ['\\']],
    ['[abc', ['a', 'c'], ['d']],
    ['a**b*c', ['abc', 'axxbyyc'], ['ab', 'acb']],
    ['', [''], ['a']],
    ['a\\', ['a\\'], ['a']],
  ])('%s', (pattern, matching, others) => {
    const glob = compileGlob(pattern);
    for (const key of matching) expect([key, glob.matches(key)]).toEqual([key, true]);
    for (const key of others) expect([key, glob.matches(key)]).toEqual([key, false]);
    for (const key of matching) expect(key.startsWith(glob.prefix)).toBe(true);
  });

  test('matches as a regular expression made from it does', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }), (text, key) => {
        const form = new RegExp(`^${text.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(compileGlob(text).matches(key)).toBe(form.test(key));
      }),
    );
  });

  test('gives up rather than hold up everybody', () => {
    const glob = compileGlob(`*${'a'.repeat(500)}b`);
    const key = 'a'.repeat(1_000);
    expect(() => {
      for (let times = 0; times < 1_000; times += 1) glob.matches(key);
    }).toThrow('ERR the pattern takes too long to match');
  });
});

describe('a cursor', () => {
  test('is digits that lead back to the key', () => {
    const key = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
      .filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(key, (text) => {
        const listCursor = Buffer.from(text).toString('base64url');
        const cursor = writeScanCursor(listCursor);
        expect(cursor).toMatch(/^[1-9]\d*$/);
        expect(isCursor(cursor)).toBe(true);
        expect(readScanCursor(cursor)).toBe(listCursor);
      }),
    );
    const longest = writeScanCursor(Buffer.alloc(1_024, 'z').toString('base64url'));
    expect(isCursor(longest)).toBe(true);
    expect([writeScanCursor(undefined), readScanCursor('0')]).toEqual(['0', undefined]);
  });

  test.each(['', '1', '01', '-1', '0x1', '1e3', '511', '65791000', '9'.repeat(10_000)])(
    'is not %s',
    (text) => {
      expect(isCursor(text)).toBe(false);
    },
  );
});

describe('decimal numbers', () => {
  test.each([
    ['0.1', '0.2', '0.3'],
    ['10.50', '0.1', '10.6'],
    ['5.0e3', '2.0e2', '5200'],
    ['-1', '0.75', '-0.25'],
    ['3', '-3', '0'],
    ['1e-18', '0', '0'],
    ['0.000000000000000005', '0', '0.00000000000000001'],
    ['.5', '+1.', '1.5'],
    ['123456789012345678901234567890', '1', '123456789012345678901234567891'],
  ])('%s + %s = %s', (one, other, sum) => {
    expect(addDecimals(one, other)).toBe(sum);
  });

  test.each(['', '.', 'e5', '1e', 'inf', 'nan', ' 1', '1 ', '0x1', '1e500', '1e-5000'])('not %j', (text) => {
    expect(isDecimal(text)).toBe(false);
    expect(addDecimals('1', text)).toBeUndefined();
  });
});
