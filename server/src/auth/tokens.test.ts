import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { limits } from 'halo-contract';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { HaloError } from '../errors.js';
import { deriveSecrets, type Secrets } from './secrets.js';
import { type AccessClaims, createTokens } from './tokens.js';

const session = { accountId: '42', sessionId: 'AAAAbbbbCCCCdddd' };
const startMs = 1_800_000_000_000;
const startS = startMs / 1_000;

let secrets: Secrets;
let otherSecrets: Secrets;

beforeAll(async () => {
  secrets = await deriveSecrets(['first secret of at least 32 bytes, for tests']);
  otherSecrets = await deriveSecrets(['second secret of at least 32 bytes, for tests']);
});

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** What an issued token says, with members changed; undefined removes one. */
const header = (changes: object = {}) => ({ alg: 'EdDSA', typ: 'at+jwt', kid: secrets[0].kid, ...changes });
const payload = (changes: object = {}) => ({
  sid: session.sessionId,
  iss: 'halo',
  aud: 'halo',
  sub: session.accountId,
  iat: startS,
  exp: startS + 900,
  jti: 'a',
  ...changes,
});

function forge(head: unknown, body: unknown, key: KeyObject = secrets[0].signingKey): string {
  const signed = `${encode(head)}.${encode(body)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}

/** Asks twice, since the second time could find something remembered. */
async function expectRefused(token: string, now = startMs): Promise<void> {
  const tokens = createTokens(secrets, () => now);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const outcome: unknown = await Promise.resolve()
      .then(() => tokens.verify(token))
      .catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(HaloError);
    expect(outcome).toMatchObject({ code: 'unauthenticated' });
    if (token.length > 20) expect(JSON.stringify([String(outcome), outcome])).not.toContain(token);
  }
}

describe('an access token', () => {
  test('says whose it is, in the form of RFC 9068', async () => {
    const tokens = createTokens(secrets, () => startMs + 999);
    const { token, expiresInS } = await tokens.issue(session);
    expect(expiresInS).toBe(limits.accessTokenSeconds);
    expect(decodeProtectedHeader(token)).toEqual(header());
    expect(decodeJwt(token)).toEqual(payload({ jti: expect.any(String) as string }));
    expect(await tokens.verify(token)).toEqual({
      ...session,
      secretHash: undefined,
      expiresAtMs: startMs + 900_000,
    });
  });

  test('verifies with the published keys, by anyone', async () => {
    const { jwks, issue } = createTokens(secrets);
    const { token } = await issue(session);
    const keySet = createLocalJWKSet({ keys: [...jwks.keys] });
    const { payload: claims } = await jwtVerify(token, keySet, { issuer: 'halo', audience: 'halo' });
    expect(claims.sub).toBe(session.accountId);
    expect(JSON.stringify(jwks)).not.toContain('"d"');
  });

  test('of an older secret is accepted while that secret is kept', async () => {
    const { token } = await createTokens(otherSecrets).issue(session);
    const rotated = createTokens([secrets[0], otherSecrets[0]]);
    expect(await rotated.verify(token)).toMatchObject(session);
    expect(decodeProtectedHeader((await rotated.issue(session)).token).kid).toBe(secrets[0].kid);
    expect(rotated.jwks.keys.map(({ kid }) => kid)).toEqual([secrets[0].kid, otherSecrets[0].kid]);
  });

  test('made by the hand of the test is accepted, so that the forgeries below are refused for their fault', async () => {
    expect(await createTokens(secrets, () => startMs).verify(forge(header(), payload()))).toMatchObject(
      session,
    );
  });
});

describe('the memo', () => {
  test('answers at once, and with the same object', async () => {
    const tokens = createTokens(secrets);
    const { token } = await tokens.issue(session);
    const first = tokens.verify(token);
    expect(first).toBeInstanceOf(Promise);
    expect(tokens.verify(token)).toBe(first);
    const claims = await first;
    expect(tokens.verify(token)).toBe(claims);
  });

  test('does not outlive the token', async () => {
    let now = startMs;
    const tokens = createTokens(secrets, () => now);
    const { token } = await tokens.issue(session);
    await tokens.verify(token);
    now = startMs + 899_999;
    expect(tokens.verify(token)).toMatchObject(session);
    now = startMs + 900_000;
    expect(() => tokens.verify(token)).toThrow(HaloError);
    await expectRefused(token, now);
  });

  test('does not remember a refusal', async () => {
    let now = startMs + 900_000;
    const tokens = createTokens(secrets, () => now);
    const token = forge(header(), payload());
    await expect(async () => tokens.verify(token)).rejects.toThrow('expired');
    now = startMs;
    expect(await tokens.verify(token)).toMatchObject(session);
  });
});

describe('a forged token is refused', () => {
  const foreign = generateKeyPairSync('ed25519');

  const cases: Record<string, () => string> = {
    'no algorithm': () => `${encode(header({ alg: 'none' }))}.${encode(payload())}.`,
    'no algorithm, other case': () => `${encode(header({ alg: 'nOnE' }))}.${encode(payload())}.AA`,
    'no algorithm, genuine signature': () => forge(header({ alg: 'none' }), payload()),
    'another name of the algorithm': () => forge(header({ alg: 'Ed25519' }), payload()),
    'HMAC with the public key': () => {
      const signed = `${encode(header({ alg: 'HS256' }))}.${encode(payload())}`;
      const key = secrets[0].verifyingKey.export({ format: 'pem', type: 'spki' });
      return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
    },
    'HMAC with the public key, raw': () => {
      const signed = `${encode(header({ alg: 'HS256' }))}.${encode(payload())}`;
      const key = Buffer.from(secrets[0].publicJwk.x, 'base64url');
      return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
    },
    'another key': () => forge(header(), payload(), foreign.privateKey),
    'another key with its own kid': () => forge(header({ kid: 'x' }), payload(), foreign.privateKey),
    'the key of a secret that is not ours': () =>
      forge(header({ kid: otherSecrets[0].kid }), payload(), otherSecrets[0].signingKey),
    'no kid': () => forge(header({ kid: undefined }), payload()),
    'a kid of another type': () => forge(header({ kid: [secrets[0].kid] }), payload()),
    'a kid that every object has': () => forge(header({ kid: '__proto__' }), payload()),
    'an embedded key': () =>
      forge(header({ jwk: foreign.publicKey.export({ format: 'jwk' }) }), payload(), foreign.privateKey),
    'an embedded key, genuine signature': () => forge(header({ jwk: {} }), payload()),
    'a jku': () => forge(header({ jku: 'https://example.com/jwks.json' }), payload()),
    'an x5u': () => forge(header({ x5u: 'https://example.com/x5u' }), payload()),
    'an x5c': () => forge(header({ x5c: ['AA=='] }), payload()),
    'a crit': () => forge(header({ crit: ['exp'], exp: 1 }), payload()),
    'an empty crit': () => forge(header({ crit: [] }), payload()),
    'a b64': () => forge(header({ b64: false, crit: ['b64'] }), payload()),
    'a zip': () => forge(header({ zip: 'DEF' }), payload()),
    'another typ': () => forge(header({ typ: 'JWT' }), payload()),
    'the long form of typ': () => forge(header({ typ: 'application/at+jwt' }), payload()),
    'no typ': () => forge(header({ typ: undefined }), payload()),
    'another issuer': () => forge(header(), payload({ iss: 'halos' })),
    'a list of issuers': () => forge(header(), payload({ iss: ['halo'] })),
    'no issuer': () => forge(header(), payload({ iss: undefined })),
    'another audience': () => forge(header(), payload({ aud: 'other' })),
    'a list of audiences': () => forge(header(), payload({ aud: ['halo', 'other'] })),
    'no audience': () => forge(header(), payload({ aud: undefined })),
    expired: () => forge(header(), payload({ exp: startS })),
    'long expired': () => forge(header(), payload({ exp: 1 })),
    'no exp': () => forge(header(), payload({ exp: undefined })),
    'a textual exp': () => forge(header(), payload({ exp: String(startS + 900) })),
    'a fractional exp': () => forge(header(), payload({ exp: startS + 900.5 })),
    'an endless exp': () => forge(header(), JSON.stringify(payload()).replace(/"exp":\d+/, '"exp":1e999')),
    'a huge exp': () => forge(header(), payload({ exp: 1e300 })),
    'no iat': () => forge(header(), payload({ iat: undefined })),
    'not yet valid': () => forge(header(), payload({ nbf: startS + 1 })),
    'no sub': () => forge(header(), payload({ sub: undefined })),
    'a numeric sub': () => forge(header(), payload({ sub: 42 })),
    'a sub that is no id': () => forge(header(), payload({ sub: "1' or '1'='1" })),
    'a negative sub': () => forge(header(), payload({ sub: '-1' })),
    'a sub beyond int8': () => forge(header(), payload({ sub: '9223372036854775808' })),
    'no sid': () => forge(header(), payload({ sid: undefined })),
    'a short sid': () => forge(header(), payload({ sid: 'AAAA' })),
    'a sid of other characters': () => forge(header(), payload({ sid: 'AAAAbbbbCCCC+/==' })),
    'a payload that is no object': () => forge(header(), [payload()]),
    'a payload that is no JSON': () => forge(header(), '{'),
    'a header that is no object': () => forge('null', payload()),
    'no signature': () => `${encode(header())}.${encode(payload())}.`,
    'an empty signature of zeros': () =>
      `${encode(header())}.${encode(payload())}.${Buffer.alloc(64).toString('base64url')}`,
    huge: () => forge(header(), payload({ jti: 'a'.repeat(1_000) })),
    enormous: () => 'a.'.repeat(5_000_000),
    empty: () => '',
    'five parts': () => `${forge(header(), payload())}.AA.AA`,
    padded: () => `${forge(header(), payload())}=`,
    'with a line feed': () => `${forge(header(), payload())}\n`,
  };

  test.each(Object.keys(cases))('%s', async (name) => {
    await expectRefused(cases[name]?.() ?? '');
  });

  test('with any other payload under a genuine signature', async () => {
    const parts = forge(header(), payload()).split('.');
    for (const changes of [{ sub: '43' }, { sid: 'AAAAbbbbCCCCddde' }, { exp: startS + 90_000 }]) {
      await expectRefused([parts[0], encode(payload(changes)), parts[2]].join('.'));
    }
  });

  test('wherever it is cut off', async () => {
    const token = forge(header(), payload());
    for (let length = 0; length < token.length; length += 1) await expectRefused(token.slice(0, length));
  });

  test('whichever character is another one', async () => {
    const token = forge(header(), payload());
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const positions = fc.nat({ max: token.length - 1 });
    await fc.assert(
      fc.asyncProperty(positions, fc.constantFrom(...alphabet), async (at, character) => {
        fc.pre(token[at] !== character);
        await expectRefused(token.slice(0, at) + character + token.slice(at + 1));
      }),
      { numRuns: 500 },
    );
    // The last character of the signature has spare bits: each of its sixteen spellings decodes alike.
    for (const character of alphabet) {
      const other = token.slice(0, -1) + character;
      if (other !== token) await expectRefused(other);
    }
  });
});

test('too many verifications at once are shed, and those that are known are not', async () => {
  const tokens = createTokens(secrets);
  const known = (await tokens.issue(session)).token;
  await tokens.verify(known);
  const issued = await Promise.all(Array.from({ length: 1_001 }, () => tokens.issue(session)));
  const verifications: Array<Promise<AccessClaims>> = [];
  for (const { token } of issued.slice(0, 1_000)) {
    verifications.push(Promise.resolve(tokens.verify(token)));
  }
  const last = issued[1_000]?.token ?? '';
  expect(() => tokens.verify(last)).toThrow(expect.objectContaining({ code: 'overloaded' }) as Error);
  expect(tokens.verify(known)).toMatchObject(session);
  await Promise.all(verifications);
  expect(await tokens.verify(last)).toMatchObject(session);
});
