import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { limits } from 'halo-contract';
import { expect, test } from 'vitest';
import { haloAt } from '../halo.js';
import { expectProblem } from '../problem.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);
const person = await halo.signUp();
const stranger = await halo.signUp();

const token = person.accessToken;
const [headerPart = '', claimsPart = '', signature = ''] = token.split('.');
const header = parsePart(headerPart);
const claims = parsePart(claimsPart);

const { keys } = (await (await halo.request('GET', '/.well-known/jwks.json')).json()) as {
  keys: (JsonWebKey & { kid: string })[];
};

test('an access token is an EdDSA JWT of the account that lives for 15 minutes', () => {
  expect(header).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: keys[0]?.kid });
  expect(claims).toMatchObject({ sub: person.id, sid: expect.stringMatching(/./) });
  expect(Number(claims.exp) - Number(claims.iat)).toBe(limits.accessTokenSeconds);
});

test('the published keys verify it, and are public', () => {
  const verifies = (text: string) =>
    keys.some((jwk) => {
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
    });
  expect(verifies(`${headerPart}.${claimsPart}`)).toBe(true);
  expect(verifies(`${headerPart}.${claimsPart}x`)).toBe(false);
  for (const jwk of keys) expect(jwk).not.toHaveProperty('d');
});

const attacker = generateKeyPairSync('ed25519');
const attackerJwk = attacker.publicKey.export({ format: 'jwk' });
const publicBytes = Buffer.from(keys[0]?.x ?? '', 'base64url');

const signAs = (head: object, body: object) => {
  const text = `${part(head)}.${part(body)}`;
  return `${text}.${sign(null, Buffer.from(text), attacker.privateKey).toString('base64url')}`;
};
const hmac = (head: object) => {
  const text = `${part(head)}.${claimsPart}`;
  return `${text}.${createHmac('sha256', publicBytes).update(text).digest('base64url')}`;
};
const lastSpelledOtherwise = () => {
  // The last character of a part carries spare bits: another one may decode to the same bytes.
  const bytes = Buffer.from(signature, 'base64url');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const others = [...alphabet].map((last) => signature.slice(0, -1) + last);
  const other = others.find((text) => text !== signature && Buffer.from(text, 'base64url').equals(bytes));
  return `${headerPart}.${claimsPart}.${other}`;
};

const forgeries: Readonly<Record<string, string>> = {
  'without a signature': `${headerPart}.${claimsPart}.`,
  'of two parts': `${headerPart}.${claimsPart}`,
  'of four parts': `${token}.${signature}`,
  'with the algorithm none': `${part({ ...header, alg: 'none' })}.${claimsPart}.`,
  'with the algorithm None and our signature': `${part({ ...header, alg: 'None' })}.${claimsPart}.${signature}`,
  'signed by HMAC with our public key': hmac({ ...header, alg: 'HS256' }),
  'signed by another key under our key id': signAs(header, claims),
  'signed by another key under no key id': signAs({ alg: 'EdDSA', typ: 'at+jwt' }, claims),
  'that brings its own key': signAs({ ...header, jwk: attackerJwk }, claims),
  'that says where its key is': signAs({ ...header, jku: 'http://localhost:1/jwks.json' }, claims),
  'that says where its certificate is': signAs({ ...header, x5u: 'http://localhost:1/' }, claims),
  'with a critical extension': signAs({ ...header, crit: ['exp'] }, claims),
  'of another type': signAs({ ...header, typ: 'JWT' }, claims),
  'with a key id that is a path': signAs({ ...header, kid: '../../dev/null' }, claims),
  'of another account': `${headerPart}.${part({ ...claims, sub: stranger.id })}.${signature}`,
  'of another session': `${headerPart}.${part({ ...claims, sid: 'AAAAAAAAAAAAAAAA' })}.${signature}`,
  'that lives longer': `${headerPart}.${part({ ...claims, exp: 9_999_999_999 })}.${signature}`,
  'whose signature is another': `${headerPart}.${claimsPart}.${Buffer.alloc(64).toString('base64url')}`,
  'whose signature is spelled otherwise': lastSpelledOtherwise(),
  'whose signature is padded': `${token}==`,
  'in standard base64': token.replaceAll('-', '+').replaceAll('_', '/').concat('='),
  'with a broken header': `${Buffer.from('{').toString('base64url')}.${claimsPart}.${signature}`,
  'with a header of null': `${Buffer.from('null').toString('base64url')}.${claimsPart}.${signature}`,
  'in capitals': token.toUpperCase(),
};

test.for(Object.entries(forgeries))('a token %s is refused', async ([, forged]) => {
  expect(forged).not.toBe(token);
  // Twice: what was refused once is not remembered as verified.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await expectProblem(await halo.request('GET', '/v1/account', { token: forged }), 'unauthenticated');
  }
});

test('the token that all these were made from is accepted', async () => {
  expect((await halo.request('GET', '/v1/account', { token })).status).toBe(200);
  const headers = { authorization: `bEARER ${token}` };
  expect((await halo.request('GET', '/v1/account', { headers })).status).toBe(200);
});

const latin1 = fc
  .array(
    fc.integer({ min: 0x20, max: 0xff }).filter((unit) => unit !== 0x7f),
    { maxLength: 200 },
  )
  .map((units) => String.fromCharCode(...units));
const damaged = fc
  .record({ at: fc.nat({ max: token.length - 1 }), by: latin1.filter((text) => text.length < 4) })
  .map(({ at, by }) => `Bearer ${token.slice(0, at)}${by}${token.slice(at + 1)}`);

const malformed = fc.oneof(
  latin1,
  latin1.map((text) => `Bearer ${text}`),
  damaged,
  fc.constantFrom('Bearer', 'Bearer ', `Basic ${token}`, token, `Bearer  ${token}`, `Bearer\t${token}`),
  fc.constantFrom(
    `Bearer ${token}, Bearer ${token}`,
    `Bearer "${token}"`,
    `Bearer token=${token}`,
    `Bearer: ${token}`,
  ),
  fc.constantFrom(
    `Bearer ${'a'.repeat(8_000)}`,
    `Bearer ${'.'.repeat(3_000)}`,
    'Bearer a.b.c',
    'Bearer halo_x',
  ),
);

test('whatever else stands in Authorization is refused as unauthenticated', async () => {
  const property = fc.asyncProperty(malformed, async (authorization) => {
    fc.pre(authorization.trim() !== `Bearer ${token}`);
    const response = await halo.request('GET', '/v1/keys/key', { headers: { authorization } });
    await expectProblem(response, 'unauthenticated');
  });
  await fc.assert(property, { numRuns: 400 });
});

test('a credential counts in its header only', async () => {
  const elsewhere = [
    halo.request('GET', '/v1/account', { headers: { cookie: `access_token=${token}` } }),
    halo.request('GET', '/v1/account', {
      headers: { 'x-access-token': token, 'proxy-authorization': `Bearer ${token}` },
    }),
    halo.request('GET', `/v1/account?access_token=${token}`),
  ];
  for (const response of await Promise.all(elsewhere)) await expectProblem(response, 'unauthenticated');
});

test('a request that brought no credential is not told that its credential is wrong', async () => {
  const bare = await halo.request('GET', '/v1/account');
  expect(bare.headers.get('www-authenticate')).not.toContain('error=');
  const wrong = await halo.request('GET', '/v1/account', { token: 'wrong' });
  expect(wrong.headers.get('www-authenticate')).toContain('error="invalid_token"');
});

function part(content: object): string {
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

function parsePart(text: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;
}
