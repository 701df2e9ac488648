import { type AddressInfo, connect } from 'node:net';
import { Writable } from 'node:stream';
import { type FastifyInstance, fastify, LogController } from 'fastify';
import { limits, type ProblemCode, problemCodes, problems, problemTypePrefix } from 'halo-contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HaloError } from '../errors.js';
import { answerClientError, fixedHeaders, registerProblems, sendProblem } from './problems.js';

const secret = 'hunter2-in-the-message';
/** Fastify adds the charset; RFC 9457 neither asks for it nor forbids it. */
const problemType = /^application\/problem\+json(; charset=utf-8)?$/;

/** What a handler may throw that nobody thought of. */
const unforeseen: Record<string, unknown> = {
  error: new Error(secret),
  typeError: new TypeError(secret, { cause: new Error(secret) }),
  postgres: Object.assign(new Error(secret), { code: '23505', detail: secret, where: secret }),
  system: Object.assign(new Error(secret), { code: 'ENOSPC', path: secret }),
  status500: Object.assign(new Error(secret), { statusCode: 500 }),
  status302: Object.assign(new Error(secret), { statusCode: 302 }),
  aggregate: new AggregateError([new Error(secret)], secret),
  text: secret,
  object: { message: secret, code: secret },
  number: 404,
  null: null,
  undefined: undefined,
};

describe('registerProblems', () => {
  let app: FastifyInstance;
  const log: string[] = [];

  beforeAll(async () => {
    const stream = new Writable({
      write: (line, _encoding, done) => {
        log.push(String(line));
        done();
      },
    });
    app = fastify({
      logger: { stream },
      logController: new LogController({ disableRequestLogging: true }),
      frameworkErrors: (error, request, reply) => void sendProblem(request, reply, error),
    });
    registerProblems(app);
    app.get<{ Params: { code: ProblemCode } }>('/refuse/:code', async ({ params }) => {
      throw new HaloError(params.code, 'What is wrong.', {
        cause: new Error(secret),
        extra: { pointer: '/a' },
        retryAfterS: 7,
      });
    });
    app.get<{ Params: { what: string } }>('/throw/:what', async ({ params }) => {
      throw unforeseen[params.what];
    });
    app.get<{ Params: { status: string } }>('/status/:status', async ({ params }) => {
      throw Object.assign(new Error(secret), { statusCode: Number(params.status) });
    });
    app.post('/json', async () => ({}));
    await app.ready();
  });
  afterAll(() => app.close());

  test.each(problemCodes)('answers %s as the catalogue says', async (code) => {
    const answer = await app.inject(`/refuse/${code}`);
    const { status, title } = problems[code];
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toMatch(problemType);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['retry-after']).toBe('7');
    expect(answer.json()).toEqual({
      type: problemTypePrefix + code,
      title,
      status,
      code,
      detail: 'What is wrong.',
      request_id: answer.headers['x-request-id'],
      pointer: '/a',
    });
    expect(answer.headers['x-request-id']).toBeTruthy();
    expect(new HaloError(code, '').status).toBe(status);
  });

  test.each(problemCodes.filter((code) => problems[code].status === 401))(
    'challenges with %s',
    async (code) => {
      const challengeOf = async (headers = {}) =>
        (await app.inject({ url: `/refuse/${code}`, headers })).headers['www-authenticate'];
      expect(await challengeOf()).toBe('Bearer realm="halo"');
      expect(await challengeOf({ authorization: 'Bearer x' })).toBe(
        'Bearer realm="halo", error="invalid_token"',
      );
    },
  );

  test('challenges with nothing but 401', async () => {
    for (const code of problemCodes.filter((code) => problems[code].status !== 401)) {
      expect((await app.inject(`/refuse/${code}`)).headers).not.toHaveProperty('www-authenticate');
    }
  });

  test.each(Object.keys(unforeseen))('makes an opaque 500 of what nobody foresaw: %s', async (what) => {
    const answer = await app.inject(`/throw/${what}`);
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain(secret);
    expect(JSON.stringify(answer.headers)).not.toContain(secret);
    expect(answer.json()).toEqual({
      type: `${problemTypePrefix}internal`,
      title: problems.internal.title,
      status: 500,
      code: 'internal',
      detail: 'Something went wrong. Quote the request id when asking about it.',
      request_id: answer.headers['x-request-id'],
    });
  });

  test.each([
    [404, 'not-found'],
    [400, 'invalid-request'],
    [416, 'invalid-request'],
    [499, 'invalid-request'],
  ] as const)('takes a plugin’s error of status %i for %s, without its words', async (status, code) => {
    const answer = await app.inject(`/status/${status}`);
    expect(answer.statusCode).toBe(problems[code].status);
    expect(answer.json()).toMatchObject({ code });
    expect(answer.body).not.toContain(secret);
  });

  test('logs a 5xx with its cause, request id and the route’s pattern, and logs no 4xx', async () => {
    log.length = 0;
    await app.inject('/refuse/not-found?key=private');
    expect(log).toEqual([]);
    const answer = await app.inject('/refuse/unavailable?key=private');
    expect(log).toHaveLength(1);
    const line: unknown = JSON.parse(log[0] ?? '');
    expect(line).toMatchObject({
      request_id: answer.headers['x-request-id'],
      method: 'GET',
      route: '/refuse/:code',
      msg: 'unavailable',
    });
    expect(log[0]).toContain(secret);
    expect(log[0]).not.toContain('private');
  });

  describe('puts what Fastify refuses by itself into the catalogue’s words', () => {
    const json = { 'content-type': 'application/json' };
    test.each([
      ['a body over the limit', { ...json }, 'x'.repeat(1_048_577), 'too-large'],
      ['another media type', { 'content-type': 'text/html' }, 'x', 'unsupported-media-type'],
      ['a malformed media type', { 'content-type': 'application/json\ta' }, '{}', 'unsupported-media-type'],
      ['an empty body', { ...json }, '', 'invalid-request'],
      ['a body that is not JSON', { ...json }, '{', 'invalid-request'],
      ['a body shorter than it says', { ...json, 'content-length': '5' }, '{}', 'invalid-request'],
      ['__proto__ in a body', { ...json }, '{"__proto__":1}', 'invalid-request'],
    ] as const)('%s', async (_what, headers, payload, code) => {
      const answer = await app.inject({ method: 'POST', url: '/json', headers, payload });
      expect(answer.json()).toMatchObject({ code, status: problems[code].status });
      expect(answer.statusCode).toBe(problems[code].status);
    });

    test.each(['/%', '/%zz', '/%ff', '/refuse/%E2%82'])('a path that cannot be decoded: %s', async (url) => {
      const answer = await app.inject(url);
      expect(answer.statusCode).toBe(400);
      expect(answer.headers['content-type']).toMatch(problemType);
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
      expect(answer.json()).toMatchObject({ code: 'invalid-request' });
    });
  });

  test('does not close the connection after 413: a client still sending would lose the answer', async () => {
    expect((await app.inject('/refuse/too-large')).headers.connection).not.toBe('close');
  });

  test.each(['/nowhere', '/v1/keyss', '/v1/auth', '/V1/keys', '/v1/keys%2Fa'])(
    'answers 404 at %s',
    async (url) => {
      const answer = await app.inject(url);
      expect(answer.statusCode).toBe(404);
      expect(answer.headers).not.toHaveProperty('allow');
      expect(answer.json()).toMatchObject({ code: 'not-found' });
    },
  );

  test.each([
    ['POST', '/v1/keys', 'GET, HEAD'],
    ['POST', '/v1/keys/a', 'GET, HEAD, PUT, DELETE'],
    ['PATCH', '/v1/keys/a/b?c=d', 'GET, HEAD, PUT, DELETE'],
    ['GET', '/v1/auth/log-in', 'POST'],
    ['DELETE', '/v1/auth/log-in?x=1', 'POST'],
    ['PUT', '/health/live', 'GET, HEAD'],
  ] as const)('answers 405 to %s %s with what is allowed', async (method, url, allow) => {
    const answer = await app.inject({ method, url });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers.allow).toBe(allow);
    expect(answer.json()).toMatchObject({ code: 'method-not-allowed' });
  });
});

describe('answerClientError', () => {
  const app = fastify({
    http: { maxHeaderSize: limits.headerBytesMax, headersTimeout: 100, connectionsCheckingInterval: 20 },
    clientErrorHandler: (error, socket) => answerClientError(error, socket, 'the-request-id'),
  });
  beforeAll(() => app.listen({ host: 'localhost', port: 0 }));
  afterAll(() => app.close());

  /** Sends bytes as they are and reads until the server closes the connection. */
  async function exchange(bytes: string): Promise<{ head: string; document: unknown; length: number }> {
    const socket = connect((app.server.address() as AddressInfo).port, 'localhost');
    socket.write(bytes, 'latin1');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
    return { head: head.toLowerCase(), document: JSON.parse(body), length: Buffer.byteLength(body) };
  }

  test.each([
    ['bytes that are no request', '\x16\x03\x01 TLS\r\n\r\n', 'invalid-request'],
    ['another protocol', 'GET / SPDY/3\r\n\r\n', 'invalid-request'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nhost x\r\n\r\n', 'invalid-request'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      'invalid-request',
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      'invalid-request',
    ],
    [
      'headers over 16 KiB',
      `GET / HTTP/1.1\r\nhost: x\r\na: ${'x'.repeat(17_000)}\r\n\r\n`,
      'headers-too-large',
    ],
    ['headers that do not end in time', 'GET / HTTP/1.1\r\nhost: x\r\n', 'request-timeout'],
  ] as const)('answers %s on the bare socket', async (_what, bytes, code) => {
    const { head, document, length } = await exchange(bytes);
    const { status, title } = problems[code];
    expect(head).toMatch(new RegExp(`^http/1\\.1 ${status} `));
    expect(head).toContain('\r\ncontent-type: application/problem+json\r\n');
    expect(head).toContain(`\r\ncontent-length: ${length}\r\n`);
    expect(head).toContain('\r\nconnection: close');
    for (const [name, value] of Object.entries(fixedHeaders('the-request-id'))) {
      expect(head).toContain(`\r\n${name}: ${value}\r\n`);
    }
    expect(document).toMatchObject({ code, status, title, request_id: 'the-request-id' });
  });
});
