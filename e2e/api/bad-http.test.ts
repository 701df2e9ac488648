import { limits, type Problem, type ProblemCode, problems } from 'halo-contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { haloAt, type Person } from '../halo.js';
import { type RawAnswer, requestLines, sendRaw } from '../raw-socket.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);

let person: Person;
beforeEach(async () => {
  person = await halo.signUp();
});

afterEach(async () => {
  // Whatever was sent: nothing of it was stored, and the next person is served as ever.
  expect(await halo.account(person)).toMatchObject({ revision: 0, usage: { keys: 0, bytes: 0 } });
  await halo.set(person, 'afterwards', 'value');
  expect((await halo.read(person, 'afterwards')).toString()).toBe('value');
});

const put = (...lines: string[]) => {
  const { accessToken } = person;
  return requestLines(
    'PUT /v1/keys/key HTTP/1.1',
    'Host: halo',
    `Authorization: Bearer ${accessToken}`,
    ...lines,
  );
};
const get = (target: string, ...lines: string[]) =>
  requestLines(`GET ${target} HTTP/1.1`, 'Host: halo', 'Connection: close', ...lines);

type Bytes = () => string;
const notHttp: readonly (readonly [what: string, bytes: Bytes])[] = [
  ['words', () => 'hello there\r\n\r\n'],
  ['zeros', () => '\0'.repeat(100)],
  ['noise', () => '\xff\xfe\x80\x01\r\n\r\n'],
  ['a TLS greeting', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['an HTTP/2 preface', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a version that does not exist', () => 'GET /health/live HTTP/9.9\r\nHost: halo\r\n\r\n'],
  ['a method that does not exist', () => 'BREW /health/live HTTP/1.1\r\nHost: halo\r\n\r\n'],
  ['a method in lower case', () => 'get /health/live HTTP/1.1\r\nHost: halo\r\n\r\n'],
  ['a target with a blank in it', () => get('/v1/keys/a b')],
  ['a header without a colon', () => get('/health/live', 'Nonsense')],
  ['a header with a blank before its colon', () => get('/health/live', 'X-A : 1')],
  ['a header with a NUL', () => get('/health/live', 'X-A: a\0b')],
  ['a header with a bare carriage return', () => get('/health/live', 'X-A: a\rb')],
  ['an empty header name', () => get('/health/live', ': a')],
  ['a length that is no number', () => put('Content-Length: ten', 'Connection: close')],
  ['a negative length', () => put('Content-Length: -1', 'Connection: close')],
  ['two different lengths', () => put('Content-Length: 1', 'Content-Length: 2', 'Connection: close')],
  ['a length over 64 bits', () => put('Content-Length: 99999999999999999999999', 'Connection: close')],
  ['both a length and chunks', () => `${put('Content-Length: 3', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
  ['an unknown transfer encoding', () => put('Transfer-Encoding: compressed', 'Connection: close')],
  ['a chunk whose size is no number', () => `${put('Transfer-Encoding: chunked')}zz\r\nvalue\r\n0\r\n\r\n`],
  ['a chunk longer than its size', () => `${put('Transfer-Encoding: chunked')}2\r\nvalue\r\n0\r\n\r\n`],
  ['a chunk with an endless size', () => `${put('Transfer-Encoding: chunked')}${'f'.repeat(20)}\r\n`],
];

test.for(notHttp)('%s is answered 400 and the connection is closed', async ([, bytes]) => {
  const [answer] = await sendRaw(server.port, bytes());
  expectProblemDocument(answer, 'invalid-request');
});

test('a body shorter than its Content-Length is not stored', async () => {
  const answers = await sendRaw(server.port, `${put('Content-Length: 100')}value`, { end: true });
  for (const answer of answers) expectProblemDocument(answer, 'invalid-request');
});

test('a body without its last chunk is not stored', async () => {
  const answers = await sendRaw(server.port, `${put('Transfer-Encoding: chunked')}5\r\nvalue\r\n`, {
    end: true,
  });
  for (const answer of answers) expectProblemDocument(answer, 'invalid-request');
});

test('a body that is longer than 25 MiB is refused by its length alone', async () => {
  const length = limits.valueBytesMax + 1;
  const [answer] = await sendRaw(server.port, put(`Content-Length: ${length}`, 'Connection: close'));
  expectProblemDocument(answer, 'too-large');
});

test('HTTP/1.1 without a Host is refused', async () => {
  const [answer] = await sendRaw(server.port, requestLines('GET /health/live HTTP/1.1', 'Connection: close'));
  expectProblemDocument(answer, 'invalid-request');
});

test('HTTP/1.0 is answered', async () => {
  const [answer] = await sendRaw(server.port, requestLines('GET /health/live HTTP/1.0'));
  expect([answer?.status, answer?.body]).toEqual([200, '{"status":"live"}']);
});

const floods: readonly (readonly [what: string, bytes: Bytes])[] = [
  ['one header of 17 KiB', () => get('/health/live', `X-A: ${'x'.repeat(17 * 1024)}`)],
  [
    '400 headers',
    () => get('/health/live', ...Array.from({ length: 400 }, (_, i) => `X-${i}: ${'x'.repeat(50)}`)),
  ],
  ['10,000 tiny headers', () => get('/health/live', ...Array<string>(10_000).fill('a:b'))],
  ['a target of 17 KiB', () => get(`/v1/keys/${'k'.repeat(17 * 1024)}`)],
  ['a key of 100 KB', () => get(`/v1/keys/${'k'.repeat(100_000)}`)],
  ['a query of 17 KiB', () => get(`/v1/keys?prefix=${'k'.repeat(17 * 1024)}`)],
  ['a method of 20 KiB', () => `${'G'.repeat(20 * 1024)} / HTTP/1.1\r\n\r\n`],
];

test.for(floods)('%s is refused with a problem', async ([what, bytes]) => {
  const [answer] = await sendRaw(server.port, bytes());
  expectProblemDocument(answer, what.startsWith('a method') ? 'invalid-request' : 'headers-too-large');
});

test('headers of just under 16 KiB are read', async () => {
  const [answer] = await sendRaw(server.port, get('/health/live', `X-A: ${'x'.repeat(15 * 1024)}`));
  expect(answer?.status).toBe(200);
});

test('a key that is long but fits into the headers is refused as a key', async () => {
  const authorization = `Authorization: Bearer ${person.accessToken}`;
  for (const path of ['k'.repeat(1_025), 'k'.repeat(10_000), '%F0%9F%99%82'.repeat(257)]) {
    const [answer] = await sendRaw(server.port, get(`/v1/keys/${path}`, authorization));
    expectProblemDocument(answer, 'invalid-key');
  }
});

test('bytes beyond ASCII in a path are refused, not guessed at', async () => {
  const authorization = `Authorization: Bearer ${person.accessToken}`;
  for (const path of ['\xc3\xa9', '\xe9', 'a\xff', '\xf0\x9f\x99\x82']) {
    const [answer] = await sendRaw(server.port, get(`/v1/keys/${path}`, authorization));
    expect(answer?.status).toBe(400);
  }
});

const strangeMethods = ['OPTIONS', 'TRACE', 'PATCH', 'PROPFIND', 'PURGE', 'LOCK', 'M-SEARCH'];

test.for(strangeMethods)('the method %s is refused on a key', async (method) => {
  const authorization = `Authorization: Bearer ${person.accessToken}`;
  const request = [`${method} /v1/keys/key HTTP/1.1`, 'Host: halo', 'Connection: close', authorization];
  const [answer] = await sendRaw(server.port, requestLines(...request));
  expectProblemDocument(answer, 'method-not-allowed');
  expect(answer?.headers.get('allow')).toBe('GET, HEAD, PUT, DELETE');
});

test('a tunnel is not opened', async () => {
  const connect = requestLines('CONNECT localhost:22 HTTP/1.1', 'Host: localhost:22');
  for (const { status } of await sendRaw(server.port, connect)) expect(status).toBeGreaterThanOrEqual(400);
});

test('an expectation that cannot be met is refused with a problem', async () => {
  const [answer] = await sendRaw(server.port, get('/health/live', 'Expect: a-miracle'));
  expect(answer?.status).toBeGreaterThanOrEqual(400);
  expect(answer?.status).toBeLessThan(500);
  expect(answer?.headers.get('x-request-id')).toMatch(/./);
});

test('two requests in one packet get their answers in order', async () => {
  const first = requestLines('GET /health/live HTTP/1.1', 'Host: halo');
  const answers = await sendRaw(server.port, first + get('/health/ready'));
  expect(answers.map(({ body }) => body)).toEqual(['{"status":"live"}', '{"status":"ready"}']);
});

function expectProblemDocument(answer: RawAnswer | undefined, code: ProblemCode): void {
  const { status, title } = problems[code];
  expect(answer).toMatchObject({ status, body: expect.stringContaining(`"${code}"`) });
  const problem = JSON.parse(answer?.body ?? '') as Problem;
  expect(problem).toMatchObject({ status, title, code });
  expect(answer?.headers.get('content-type')).toMatch(/^application\/problem\+json(;|$)/);
  expect(answer?.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer?.headers.get('x-request-id')).toBe(problem.request_id);
}
