import fc from 'fast-check';
import { Credentials } from 'halo-contract';
import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { HaloError } from '../errors.js';
import { compileValidate, escapePointer } from './validate.js';

const validate = compileValidate(Credentials);
const nested = compileValidate(
  Type.Object({
    list: Type.Array(Type.Object({ 'a/b~c': Type.Integer() }, { additionalProperties: false })),
  }),
);

function refusalOf(check: () => unknown): HaloError {
  try {
    check();
  } catch (error) {
    if (error instanceof HaloError) return error;
    throw error;
  }
  throw new Error('Nothing was refused.');
}

describe('compileValidate', () => {
  test('passes on the very object that fits', () => {
    const sent = { name: 'ada', password: 'a long and private phrase', cookie: true };
    expect(validate(sent)).toBe(sent);
  });

  test.each([
    ['a missing member', { name: 'ada' }, '/password', '/password is missing.'],
    ['an unknown member', { name: 'ada', password: 'p', admin: true }, '/admin', '/admin is not known here.'],
    ['a member of another type', { name: 1, password: 'p' }, '/name', '/name must be string.'],
    ['null for a member', { name: null, password: 'p' }, '/name', '/name must be string.'],
    [
      'null for an optional member',
      { name: 'ada', password: 'p', cookie: null },
      '/cookie',
      '/cookie must be boolean.',
    ],
  ])('refuses %s and points to it', (_what, sent, pointer, detail) => {
    const refusal = refusalOf(() => validate(sent));
    expect(refusal).toMatchObject({ code: 'invalid-request', extra: { pointer } });
    expect(refusal.message).toBe(detail);
  });

  test.each([undefined, null, true, 1, 'text', [[]]])('refuses %j, which is no object', (sent) => {
    const refusal = refusalOf(() => validate(sent));
    expect(refusal).toMatchObject({ code: 'invalid-request', extra: { pointer: '' } });
    expect(refusal.message).toMatch(/^The request .+\.$/);
  });

  test('takes __proto__ in a body for an unknown member', () => {
    const sent: unknown = JSON.parse('{"name":"ada","password":"p","__proto__":{"cookie":true}}');
    expect(refusalOf(() => validate(sent))).toMatchObject({ extra: { pointer: '/__proto__' } });
  });

  test('points into arrays and escapes names', () => {
    expect(refusalOf(() => nested({ list: [{ 'a/b~c': 1 }, {}] })).extra).toEqual({
      pointer: '/list/1/a~1b~0c',
    });
    expect(refusalOf(() => nested({ list: [{ 'a/b~c': 'x' }] })).extra).toEqual({
      pointer: '/list/0/a~1b~0c',
    });
  });

  test('never repeats what was sent: it may be a password', () => {
    const secret = fc.string({ unit: 'grapheme-ascii', minLength: 8 }).filter((text) => text.trim() !== '');
    fc.assert(
      fc.property(secret, (password) => {
        for (const sent of [{ password }, { name: [password], password }, { name: '', password }, password]) {
          const { message, extra } = refusalOf(() => validate(sent));
          expect(message).not.toContain(password);
          expect(JSON.stringify(extra)).not.toContain(password);
        }
      }),
    );
  });
});

test('escapePointer is undone as RFC 6901 section 4 says, and leaves no slash', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('~', '/', '0', '1', 'a') }), (name) => {
      const escaped = escapePointer(name);
      expect(escaped).not.toContain('/');
      expect(escaped.replaceAll('~1', '/').replaceAll('~0', '~')).toBe(name);
    }),
  );
});
