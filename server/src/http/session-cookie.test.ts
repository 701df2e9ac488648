import { request as ask, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import cookie from '@fastify/cookie';
import { type FastifyInstance, fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerProblems } from './problems.js';
import {
  checkSameOrigin,
  clearSessionCookie,
  readSessionCookie,
  setSessionCookie,
} from './session-cookie.js';

const expires = new Date('2027-01-31T09:30:00Z');

/** A server on a real port, because the name of the cookie on plain http follows from it. */
async function listen(trustProxy: boolean): Promise<{ app: FastifyInstance; port: number }> {
  const app = fastify({ trustProxy });
  registerProblems(app);
  await app.register(cookie);
  app.get('/set', async (request, reply) => {
    setSessionCookie(request, reply, 'the-token', expires);
    return {};
  });
  app.get('/clear', async (request, reply) => {
    clearSessionCookie(request, reply);
    return {};
  });
  app.get('/read', async (request) => ({ token: readSessionCookie(request) ?? null }));
  app.get('/check', async (request) => {
    checkSameOrigin(request);
    return {};
  });
  await app.listen({ host: 'localhost', port: 0 });
  return { app, port: (app.server.address() as AddressInfo).port };
}

interface Answer {
  readonly status: number | undefined;
  readonly cookies: readonly string[];
  readonly body: { code?: string; token?: string | null };
}

function get(port: number, path: string, headers: IncomingHttpHeaders = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    ask({ host: 'localhost', port, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const { statusCode: status, headers } = response;
        resolve({ status, cookies: headers['set-cookie'] ?? [], body: JSON.parse(text) });
      });
    })
      .on('error', reject)
      .end();
  });
}

let direct: Awaited<ReturnType<typeof listen>>;
let proxied: Awaited<ReturnType<typeof listen>>;
beforeAll(async () => {
  direct = await listen(false);
  proxied = await listen(true);
});
afterAll(async () => {
  await direct.app.close();
  await proxied.app.close();
});

const attributesOf = (setCookie: string | undefined) => (setCookie ?? '').split('; ').slice(1).sort();

describe('the session cookie', () => {
  test('is bound to host and TLS behind a proxy that a browser reaches by https', async () => {
    const { cookies } = await get(direct.port, '/set', { origin: 'https://halo.example' });
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatch(/^__Host-halo_refresh=the-token; /);
    expect(attributesOf(cookies[0])).toEqual([
      'Expires=Sun, 31 Jan 2027 09:30:00 GMT',
      'HttpOnly',
      'Path=/',
      'SameSite=Strict',
      'Secure',
    ]);
  });

  test('carries the port and no Secure on plain http, where browsers would drop it', async () => {
    const { cookies } = await get(direct.port, '/set', { origin: `http://localhost:${direct.port}` });
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatch(new RegExp(`^halo_refresh_${direct.port}=the-token; `));
    expect(attributesOf(cookies[0])).toEqual([
      'Expires=Sun, 31 Jan 2027 09:30:00 GMT',
      'HttpOnly',
      'Path=/',
      'SameSite=Strict',
    ]);
  });

  test('believes X-Forwarded-Proto of a trusted proxy only', async () => {
    const headers = { 'x-forwarded-proto': 'https' };
    expect((await get(proxied.port, '/set', headers)).cookies[0]).toMatch(/^__Host-/);
    expect((await get(direct.port, '/set', headers)).cookies[0]).not.toMatch(/^__Host-/);
  });

  test('is read under the name it was set by, and under no other', async () => {
    const secure = { origin: 'https://halo.example' };
    const plainName = `halo_refresh_${direct.port}`;
    const read = async (cookie: string, headers = {}) =>
      (await get(direct.port, '/read', { ...headers, cookie })).body.token;
    expect(await read('__Host-halo_refresh=a', secure)).toBe('a');
    expect(await read(`${plainName}=a`)).toBe('a');
    expect(await read(`${plainName}=a`, secure)).toBeNull();
    expect(await read('__Host-halo_refresh=a')).toBeNull();
    expect(await read(`halo_refresh_${direct.port + 1}=a`)).toBeNull();
    expect(await read('other=a')).toBeNull();
  });

  test.each([{ origin: 'https://halo.example' }, {}])(
    'is cleared with the attributes it was set with: %j',
    async (headers) => {
      const [set] = (await get(direct.port, '/set', headers)).cookies;
      const [cleared] = (await get(direct.port, '/clear', headers)).cookies;
      expect(cleared?.split('=')[0]).toBe(set?.split('=')[0]);
      expect(cleared).toMatch(/^[^=]+=; /);
      const lasting = (attribute: string) => !/^(Expires|Max-Age)=/.test(attribute);
      expect(attributesOf(cleared).filter(lasting)).toEqual(attributesOf(set).filter(lasting));
      const expiry = attributesOf(cleared).find((attribute) => attribute.startsWith('Expires='));
      expect(Date.parse(expiry?.slice('Expires='.length) ?? '')).toBe(0);
    },
  );
});

describe('checkSameOrigin', () => {
  const host = 'halo.example:8443';

  test.each([
    ['same-origin by the browser’s word', { 'sec-fetch-site': 'same-origin' }],
    ['same-origin by its word, whatever Origin says', { 'sec-fetch-site': 'same-origin', origin: 'null' }],
    ['an Origin that is this host', { origin: 'https://halo.example:8443' }],
    ['an Origin that is this host by http', { origin: 'http://halo.example:8443' }],
  ])('lets through %s', async (_what, headers) => {
    expect((await get(direct.port, '/check', { ...headers, host })).status).toBe(200);
  });

  test.each([
    ['neither header', {}],
    ['a sister site', { 'sec-fetch-site': 'same-site' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['an address typed in', { 'sec-fetch-site': 'none' }],
    ['an empty Sec-Fetch-Site', { 'sec-fetch-site': '' }],
    [
      'another site that claims our Origin',
      { 'sec-fetch-site': 'cross-site', origin: 'https://halo.example:8443' },
    ],
    ['same-origin said twice', { 'sec-fetch-site': 'same-origin, same-origin' }],
    ['another host', { origin: 'https://evil.example' }],
    ['another port', { origin: 'https://halo.example:8444' }],
    ['no port', { origin: 'https://halo.example' }],
    ['a host that begins like ours', { origin: 'https://halo.example:8443.evil.example' }],
    ['a host that ends like ours', { origin: 'https://not-halo.example:8443' }],
    ['our host as a user name', { origin: 'https://halo.example:8443@evil.example' }],
    ['the opaque origin', { origin: 'null' }],
    ['an empty Origin', { origin: '' }],
    ['a host without a scheme', { origin: 'halo.example:8443' }],
  ])('refuses %s', async (_what, headers) => {
    const { status, body } = await get(direct.port, '/check', { ...headers, host });
    expect(status).toBe(403);
    expect(body.code).toBe('cross-site');
  });

  test.each([
    ['the host that a trusted proxy was asked for', 'halo.example'],
    ['it also with the port that browsers leave out', 'halo.example:443'],
  ])('behind TLS compares Origin with %s', async (_what, forwarded) => {
    const headers = { host: 'inner:5000', 'x-forwarded-host': forwarded, 'x-forwarded-proto': 'https' };
    const check = async (port: number, origin: string) =>
      (await get(port, '/check', { ...headers, origin })).status;
    expect(await check(proxied.port, 'https://halo.example')).toBe(200);
    expect(await check(proxied.port, 'https://inner:5000')).toBe(403);
    expect(await check(proxied.port, 'https://halo.example:444')).toBe(403);
    // A page that came without TLS may have been made up on the way.
    expect(await check(proxied.port, 'http://halo.example')).toBe(403);
    expect(await check(proxied.port, 'http://halo.example:443')).toBe(403);
    expect(await check(direct.port, 'https://halo.example')).toBe(403);
    expect(await check(direct.port, 'https://inner:5000')).toBe(200);
  });

  test('refuses an opaque Origin also where there is no Host to compare it with, as HTTP/1.0 allows', async () => {
    const socket = connect(direct.port, 'localhost');
    socket.write('GET /check HTTP/1.0\r\nOrigin: null\r\n\r\n');
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.[01] 403 /);
  });
});
