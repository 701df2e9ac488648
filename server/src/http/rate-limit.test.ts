import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { HaloError } from '../errors.js';
import type { Authenticate } from './authenticate.js';
import { authenticateOnce, createRateLimit } from './rate-limit.js';

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await new Promise((done) => server.close(done));
});

/** `jwt ACCOUNT` is verified at once, `new ACCOUNT` later, `api ACCOUNT` not before PostgreSQL; others are refused. */
const authenticate: Authenticate = ({ headers }) => {
  const [kind, accountId = ''] = (headers.authorization ?? '').split(' ');
  const secretHash = kind === 'api' ? Buffer.from(`hash of ${accountId}`) : undefined;
  const credential = { accountId, sessionId: 's', secretHash };
  if (kind === 'jwt' || kind === 'api') return credential;
  if (kind === 'new') return Promise.resolve(credential);
  if (kind === 'bad') return Promise.reject(new HaloError('unauthenticated', 'No.'));
  throw new HaloError('unauthenticated', 'No.');
};

interface Ask {
  readonly path?: string;
  readonly method?: string;
  /** What the route behind the limit answers. */
  readonly status?: number;
}

/** A server whose routes answer what they are told to, behind a limit that stands still for a day. */
async function serve(requests: number) {
  const refusals: string[] = [];
  const limit = createRateLimit({
    quota: { requests, seconds: 86_400 },
    authenticate,
    refuse: (_request, response, error) => {
      response.writeHead(error.status, ['retry-after', String(error.retryAfterS)]).end();
    },
    countThrottled: (rule) => refusals.push(rule),
    mountPaths: [],
  });
  const answer = limit((request: IncomingMessage, response: ServerResponse) => {
    const status = Number(request.headers['x-status'] ?? 200);
    // Both ways to begin an answer.
    if (request.headers['x-implicit'] === undefined) response.writeHead(status, ['x-route', 'yes']);
    else response.statusCode = status;
    response.end();
  });
  const server = createServer(answer);
  open.push(server);
  await new Promise<void>((done) => server.listen(0, 'localhost', done));
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const ask = async (
    authorization: string,
    { path = '/v1/keys', method = 'GET', status = 200 }: Ask = {},
  ) => {
    const headers = { authorization, 'x-status': String(status), connection: 'close' };
    const response = await fetch(url + path, { method, headers });
    const left = /^"default";r=(\d+);t=\d+$/.exec(response.headers.get('ratelimit') ?? '')?.[1];
    return { status: response.status, left: left === undefined ? undefined : Number(left) };
  };
  return { ask, refusals, url };
}

describe('createRateLimit', () => {
  test('an API token counts from the first answer that shows that it is good', async () => {
    const { ask, refusals } = await serve(3);
    expect(await ask('api 1', { status: 401 })).toEqual({ status: 401, left: undefined });
    expect(await ask('api 1', { status: 400 })).toEqual({ status: 400, left: undefined });
    expect(await ask('api 1', { path: '/health/live' })).toEqual({ status: 200, left: undefined });
    expect(await ask('api 1')).toEqual({ status: 200, left: 2 });
    expect(await ask('api 1', { status: 400 })).toEqual({ status: 400, left: 1 });
    expect(await ask('api 1', { path: '/health/live' })).toEqual({ status: 200, left: 0 });
    expect(await ask('api 1')).toEqual({ status: 429, left: 0 });
    expect(refusals).toEqual(['requests']);
  });

  test.each([200, 201, 204, 304, 404, 409, 410, 412, 507])(
    '%i to an operation on data shows that a token is good',
    async (status) => {
      const { ask } = await serve(3);
      expect((await ask('api 1', { status, path: '/v1/keys/key' })).left).toBe(2);
    },
  );

  test.each([
    [400, '/v1/keys/key'],
    [401, '/v1/keys/key'],
    [403, '/v1/keys/key'],
    [405, '/v1/keys/key'],
    [413, '/v1/keys/key'],
    [500, '/v1/keys/key'],
    [503, '/v1/keys/key'],
    [404, '/v1/nothing'],
    [404, '/v1/sessions'],
    [200, '/v1/nothing'],
    [302, '/'],
    [200, '/.well-known/jwks.json'],
    [200, '/openapi.json'],
  ])('%i to %s does not', async (status, path) => {
    const { ask } = await serve(3);
    expect((await ask('api 1', { status, path })).left).toBeUndefined();
    expect((await ask('api 1')).left).toBe(2);
  });

  test('a token that was good and is no more is not counted, not refused, and told nothing', async () => {
    const { ask } = await serve(2);
    expect((await ask('api 1')).left).toBe(1);
    for (let i = 0; i < 5; i++) expect(await ask('api 1', { status: 401 })).toEqual({ status: 401 });
    expect((await ask('jwt 1')).left).toBe(0);
    expect(await ask('api 1', { status: 401 })).toEqual({ status: 401 });
    expect(await ask('jwt 1')).toEqual({ status: 429, left: 0 });
  });

  test('tokens and sessions of an account share its quota', async () => {
    const { ask } = await serve(3);
    expect((await ask('jwt 1')).left).toBe(2);
    expect((await ask('api 1')).left).toBe(1);
    expect((await ask('new 1')).left).toBe(0);
    for (const credential of ['jwt 1', 'api 1', 'new 1']) expect((await ask(credential)).status).toBe(429);
    expect((await ask('jwt 2')).left).toBe(2);
  });

  test('as many requests at once as the quota are let through', async () => {
    const { ask, refusals } = await serve(5);
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask('jwt 1')));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    expect(refusals).toHaveLength(35);
  });

  test('what ends a session or a token is never refused', async () => {
    const { ask } = await serve(1);
    await ask('jwt 1');
    for (const [method, path] of [
      ['POST', '/v1/auth/log-out'],
      ['POST', '/v1/account/password'],
      ['DELETE', '/v1/sessions'],
      ['DELETE', '/v1/sessions/s'],
      ['DELETE', '/v1/tokens/t'],
    ] as const) {
      expect((await ask('jwt 1', { method, path })).status).toBe(200);
    }
    for (const [method, path] of [
      ['GET', '/v1/auth/log-out'],
      ['GET', '/v1/sessions'],
      ['POST', '/v1/tokens'],
      ['DELETE', '/v1/keys/v1/sessions'],
      ['GET', '/health/live'],
    ] as const) {
      expect((await ask('jwt 1', { method, path })).status).toBe(429);
    }
  });

  test.each(['Basic x', 'bad 1', 'Bearer', ''])('%j is for the route to judge', async (authorization) => {
    const { ask } = await serve(1);
    for (let i = 0; i < 3; i++) expect(await ask(authorization)).toEqual({ status: 200 });
  });

  test('an answer without writeHead is seen as well', async () => {
    const { url } = await serve(2);
    const headers = { authorization: 'jwt 1', 'x-implicit': 'yes', connection: 'close' };
    const response = await fetch(`${url}/v1/keys`, { headers });
    expect(response.headers.get('ratelimit-policy')).toBe('"default";q=2;w=86400');
    expect(response.headers.get('ratelimit')).toBe('"default";r=1;t=43200');
  });
});

describe('authenticateOnce', () => {
  test('verifies the token of a request once, also one that is refused', async () => {
    let verified = 0;
    const once = authenticateOnce(async () => {
      verified += 1;
      throw new HaloError('unauthenticated', 'No.');
    });
    const request = { headers: {} };
    await expect(once(request)).rejects.toThrow('No.');
    await expect(once({ headers: request.headers })).rejects.toThrow('No.');
    expect(verified).toBe(1);
    await expect(once({ headers: {} })).rejects.toThrow('No.');
    expect(verified).toBe(2);
  });
});
