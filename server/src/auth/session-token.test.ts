import { createSecretKey } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeApiToken,
  decodeRefreshToken,
  encodeApiToken,
  encodeRefreshToken,
  hashSessionToken,
  isAccountId,
  isSessionId,
  newSecret,
  newSessionId,
  type SessionToken,
} from './session-token.js';

const accountIds = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String);
const sessionIds = fc
  .uint8Array({ minLength: 12, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'));
const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
const [key, otherKey] = [createSecretKey(newSecret()), createSecretKey(newSecret())];
const api = { encode: encodeApiToken, decode: decodeApiToken };
const refresh = {
  encode: (token: SessionToken) => encodeRefreshToken(token, key),
  decode: (text: string) => decodeRefreshToken(text, [otherKey, key]),
};
const kinds = fc.constantFrom(api, refresh);
const sessionTokens = fc.record({ accountId: accountIds, sessionId: sessionIds, secret: secrets });

describe('a session token', () => {
  test('comes back as it was made, and only as the kind it was made for', () => {
    fc.assert(
      fc.property(kinds, sessionTokens, (kind, token) => {
        const text = kind.encode(token);
        expect(kind.decode(text)).toEqual(token);
        expect((kind === api ? refresh : api).decode(text)).toBeUndefined();
      }),
    );
  });

  test('is refused with any one character changed, left out or added', () => {
    const characters = fc.constantFrom(...'ABCxyz019_-=+/. \n\0é');
    fc.assert(
      fc.property(kinds, sessionTokens, fc.nat(), characters, (kind, token, seed, character) => {
        const text = kind.encode(token);
        const at = seed % text.length;
        fc.pre(text[at] !== character);
        for (const other of [
          text.slice(0, at) + character + text.slice(at + 1),
          text.slice(0, at) + text.slice(at + 1),
          text.slice(0, at) + character + text.slice(at),
        ]) {
          if (other !== text) expect(kind.decode(other)).toBeUndefined();
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('has another hash when its secret is rewritten under the other prefix', () => {
    const token = { accountId: '7', sessionId: newSessionId(), secret: newSecret() };
    const text = refresh.encode(token);
    expect(hashSessionToken(text).equals(hashSessionToken(api.encode(token)))).toBe(false);
    // The text after the prefix is not a valid token under the other prefix either.
    expect(api.decode(text.replace('halort_', 'halo_'))).toBeUndefined();
  });

  test('for refreshing is sealed: nobody without the key makes one, not even for an id they know', () => {
    const token = { accountId: '7', sessionId: newSessionId(), secret: newSecret() };
    expect(decodeRefreshToken(encodeRefreshToken(token, otherKey), [key])).toBeUndefined();
    const bytes = Buffer.from(refresh.encode(token).slice('halort_'.length), 'base64url');
    bytes.writeUInt32BE(crc32(bytes.subarray(0, 52), crc32('halort_')), 52);
    expect(refresh.decode(`halort_${bytes.toString('base64url')}`)).toBeUndefined();
  });

  test('names no account that cannot exist, though its checksum be right', () => {
    for (const accountId of [0n, -1n, -(2n ** 63n)]) {
      const bytes = Buffer.alloc(56);
      bytes.writeBigInt64BE(accountId);
      bytes.writeUInt32BE(crc32(bytes.subarray(0, 52), crc32('halo_')), 52);
      expect(api.decode(`halo_${bytes.toString('base64url')}`)).toBeUndefined();
    }
  });

  test('is not made of ids or secrets of the wrong form', () => {
    const good = { accountId: '1', sessionId: newSessionId(), secret: newSecret() };
    for (const bad of [{ accountId: '0' }, { sessionId: 'short' }, { secret: Buffer.alloc(31) }]) {
      expect(() => api.encode({ ...good, ...bad })).toThrow();
    }
  });
});

test('an account id is the canonical decimal of a positive int8', () => {
  for (const id of ['1', '42', '9223372036854775807']) expect(isAccountId(id)).toBe(true);
  for (const id of [
    '',
    '0',
    '01',
    '-1',
    '+1',
    '1.0',
    '1e3',
    ' 1',
    '1\n',
    '９',
    '9223372036854775808',
    1,
    null,
  ]) {
    expect(isAccountId(id)).toBe(false);
  }
});

test('a session id is sixteen characters of base64url', () => {
  expect(isSessionId(newSessionId())).toBe(true);
  const many = Array.from({ length: 2_000 }, newSessionId);
  expect(many.filter((id) => id.startsWith('-'))).toEqual([]);
  for (const id of [
    '',
    'a'.repeat(15),
    'a'.repeat(17),
    `${'a'.repeat(15)}=`,
    `${'a'.repeat(16)}\n`,
    undefined,
  ]) {
    expect(isSessionId(id)).toBe(false);
  }
});
