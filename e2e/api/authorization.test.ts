import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { type Problem, problems } from 'halo-contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { forgedApiToken } from '../forged-token.js';
import { haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { type RawAnswer, requestLines, sendRaw } from '../raw-socket.js';

// With a rate limit there is a second place that reads the header.
const server = await startHalo({ env: { HALO_RATE_LIMIT: '1000000/60' } });
const halo = haloAt(server.url);
afterAll(() => server.stop());

const seed = randomBytes(4).readInt32BE();
console.log(`The headers of this run are made from the seed ${seed}.`);

let person: Person;
beforeAll(async () => {
  person = await halo.signUp();
});

/** One operation of each way into the server, none of which may be reached without a credential. */
const targets = [
  'GET /v1/keys/key',
  'HEAD /v1/keys/key',
  'PUT /v1/keys/key',
  'DELETE /v1/keys/key',
  'GET /v1/keys',
  'GET /v1/account',
  'GET /v1/changes',
  'GET /v1/history/key',
  'GET /v1/export',
  'POST /v1/auth/log-out',
] as const;

/**
 * The length of an answer to HEAD is that of a body that does not come, and exports are few at a time, whoever asks:
 * these are asked for one by one.
 */
const inARow = targets.filter((target) => !/^HEAD |export$/.test(target));
/** So many go out on one connection without waiting for answers. */
const batch = 100;

/** Sends each header with the operations in turn and checks what comes back. */
async function checkAll(values: readonly string[], among: readonly string[] = inARow): Promise<void> {
  for (let start = 0; start < values.length; start += batch) {
    const part = values.slice(start, start + batch);
    const bytes = part.map((value, index) =>
      requestOf(
        among[(start + index) % among.length] ?? targets[0],
        [`Authorization: ${value}`],
        index === part.length - 1,
      ),
    );
    const answers = await sendRaw(server.port, bytes.join(''));
    expect(answers).toHaveLength(part.length);
    for (const [index, answer] of answers.entries()) expectUnauthenticated(answer, part[index] ?? '');
  }
}

function requestOf(target: string, headers: readonly string[], isLast = true): string {
  const length = /^P/.test(target) ? ['Content-Length: 0'] : [];
  const close = isLast ? ['Connection: close'] : [];
  return requestLines(`${target} HTTP/1.1`, 'Host: halo', ...length, ...headers, ...close);
}

function expectUnauthenticated(answer: RawAnswer, value: string): void {
  const shown = JSON.stringify(value);
  expect([answer.status, shown]).toEqual([401, shown]);
  expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="halo", error="invalid_token"');
  expectProblemDocument(answer);
}

function expectProblemDocument({ status, headers, body }: RawAnswer): void {
  expect(headers.get('content-type')).toBe('application/problem+json');
  const problem = JSON.parse(body) as Problem;
  const { title } = problems[problem.code as keyof typeof problems];
  expect(problem).toMatchObject({ status, title, request_id: headers.get('x-request-id') });
  expect(problem.detail).toMatch(/^\S.*\.$/);
}

/** Whatever a header may hold: visible characters, blanks, and bytes beyond ASCII. */
const bytes = fc.string({
  unit: fc
    .oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }), fc.constant(9))
    .map((code) => String.fromCharCode(code)),
  maxLength: 300,
});
const scheme = fc.constantFrom(
  'Bearer ',
  'bearer ',
  'BEARER ',
  'Bearer',
  'Bearer  ',
  'Bearer\t',
  'Basic ',
  'DPoP ',
);
const base64url = fc.string({
  unit: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'),
  maxLength: 400,
});
const encoded = fc.oneof(
  base64url,
  fc.json().map((text) => Buffer.from(text).toString('base64url')),
  fc
    .record({
      alg: fc.constantFrom('EdDSA', 'none', 'HS256', 'ES256', '', null, 1),
      typ: fc.constantFrom('at+jwt', 'JWT', undefined),
      kid: fc.constantFrom('', '../../etc/passwd', "' or 1=1", undefined, null),
      crit: fc.constantFrom(undefined, ['b64'], [], 'exp'),
      b64: fc.constantFrom(undefined, false),
    })
    .map((header) => Buffer.from(JSON.stringify(header)).toString('base64url')),
);
const tokenShaped = fc.oneof(
  fc.array(encoded, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('.')),
  base64url.map((text) => `halo_${text}`),
  fc.constantFrom(
    'halo_',
    'halort_',
    '.',
    '..',
    '...',
    'a.b.c',
    'null',
    'undefined',
    '{}',
    '[object Object]',
  ),
);

test('a few thousand headers that are no credential are refused as such', { timeout: 120_000 }, async () => {
  const any = fc.oneof(
    bytes,
    fc.tuple(scheme, bytes).map(([begin, rest]) => begin + rest),
    fc.tuple(scheme, tokenShaped).map(([begin, token]) => begin + token),
  );
  await checkAll(fc.sample(any, { numRuns: 3_000, seed }));
});

/** A spoiled copy: one character changed, left out, doubled or put in, or a part moved. */
const spoiling = fc.record({
  kind: fc.constantFrom('change', 'remove', 'double', 'insert', 'truncate', 'swap', 'append'),
  at: fc.nat(10_000),
  by: fc.constantFrom(...'AZaz09-_.=+/ ~', '\xe9', '\t'),
});

function spoil(token: string, { kind, at, by }: { kind: string; at: number; by: string }): string {
  const index = at % token.length;
  const [before, character = '', after] = [token.slice(0, index), token[index], token.slice(index + 1)];
  if (kind === 'change') return before + (by === character ? '!' : by) + after;
  if (kind === 'remove') return before + after;
  if (kind === 'double') return before + character + character + after;
  if (kind === 'insert') return `${before}${by}!${character}${after}`;
  if (kind === 'truncate') return before;
  if (kind === 'swap') return `${token.split('.').reverse().join('.')}!`;
  return `${token}${by}!`;
}

test('copies of genuine tokens with a fault are refused', { timeout: 120_000 }, async () => {
  const refreshToken = person.refreshToken;
  const spoilings = fc.sample(spoiling, { numRuns: 1_500, seed });
  const genuine = [person.accessToken, forgedApiToken(person.id), refreshToken];
  await checkAll(spoilings.map((how, index) => `Bearer ${spoil(genuine[index % 3] ?? '', how)}`));
  // Well-formed, and good for nothing here. Logging out is not for API tokens at all, whether genuine or not.
  const useless = [refreshToken, ...Array.from({ length: 200 }, () => forgedApiToken(person.id))];
  const forTokens = inARow.filter((target) => !target.endsWith('/log-out'));
  await checkAll(
    useless.map((token) => `Bearer ${token}`),
    forTokens,
  );
  for (const target of targets.filter((target) => !inARow.includes(target))) {
    const forged = `Authorization: Bearer ${forgedApiToken(person.id)}`;
    const [answer] = await sendRaw(server.port, requestOf(target, [forged]));
    expect([target, answer?.status]).toEqual([target, 401]);
  }
  // Nothing of this harmed the genuine one.
  expect((await halo.list(person)).status).toBe(200);
});

test('every byte in a header is refused, or read as part of a token that is not valid', {
  timeout: 120_000,
}, async () => {
  for (let code = 0; code < 256; code++) {
    const byte = String.fromCharCode(code);
    for (const value of [
      `Bearer ${byte}`,
      `Bearer ${person.accessToken.slice(0, 60)}${byte}x`,
      `${byte}Bearer x`,
    ]) {
      const target = targets[code % targets.length] ?? targets[0];
      const [answer] = await sendRaw(server.port, requestOf(target, [`Authorization: ${value}`]));
      expect([code, [400, 401].includes(answer?.status ?? 0)]).toEqual([code, true]);
      if (answer !== undefined && !target.startsWith('HEAD ')) expectProblemDocument(answer);
    }
  }
});

test('a header of any length is refused', async () => {
  const expected = new Map([
    [1_000, 401],
    [1_025, 401],
    [15_000, 401],
    [16_384, 431],
    [100_000, 431],
  ]);
  for (const [length, status] of expected) {
    for (const begin of ['Bearer ', 'Bearer halo_', '', 'Bearer a.b.']) {
      for (const target of targets) {
        const value = begin + 'A'.repeat(length);
        const [answer] = await sendRaw(server.port, requestOf(target, [`Authorization: ${value}`]));
        expect([length, answer?.status]).toEqual([length, status]);
        if (answer !== undefined && !target.startsWith('HEAD ')) expectProblemDocument(answer);
      }
    }
  }
});

test('a header that is repeated, folded or empty opens nothing', async () => {
  const genuine = `Authorization: Bearer ${person.accessToken}`;
  for (const target of targets) {
    for (const [lines, status] of [
      [[], 401],
      [['Authorization:'], 401],
      [['Authorization: Bearer x', 'Authorization: Bearer y'], 401],
      [['Authorization: Bearer x', genuine], 401],
      [['Authorization:', genuine], 401],
      [['Authorization: Bearer', ` ${person.accessToken}`], 400],
      [[`Authorization : Bearer ${person.accessToken}`], 400],
      [[`X-Authorization: Bearer ${person.accessToken}`], 401],
      [[`Proxy-Authorization: Bearer ${person.accessToken}`], 401],
      [[`Cookie: authorization=Bearer ${person.accessToken}; access_token=${person.accessToken}`], 401],
    ] as const) {
      const [answer] = await sendRaw(server.port, requestOf(target, lines));
      expect([target, lines, answer?.status]).toEqual([target, lines, status]);
      if (answer?.status === 401)
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="halo"/);
    }
  }
});

test('the genuine header opens all of these, so that the refusals mean something', async () => {
  const authorization = [`Authorization: Bearer ${person.accessToken}`];
  for (const target of targets) {
    const [answer] = await sendRaw(server.port, requestOf(target, authorization));
    expect([target, answer?.status]).not.toEqual([target, 401]);
    expect(answer?.status).toBeLessThan(500);
  }
});
