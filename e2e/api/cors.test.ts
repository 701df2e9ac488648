import { afterAll, expect, test } from 'vitest';
import { goodPassword, type Headers, haloAt, newName } from '../halo.js';
import { runHalo, startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';
import { requestLines, sendRaw } from '../raw-socket.js';

const app = 'https://app.example';
const other = 'http://localhost:3000';
const [server, closed] = await Promise.all([
  startHalo({ env: { HALO_CORS_ORIGINS: `${app}, ${other}` } }),
  startHalo(),
]);
const halo = haloAt(server.url);
afterAll(() => Promise.all([server.stop(), closed.stop()]));

/** What no script may read of an answer unless it is exposed; the others are safelisted or of no use to it. */
const notForScripts = [
  'connection',
  'keep-alive',
  'date',
  'vary',
  'transfer-encoding',
  'content-security-policy',
  'x-accel-buffering',
];
const safelisted = [
  'cache-control',
  'content-language',
  'content-length',
  'content-type',
  'expires',
  'last-modified',
];

const ask = (origin: string, method: string, names = 'authorization,content-type'): Headers => ({
  origin,
  'access-control-request-method': method,
  'access-control-request-headers': names,
});
const varies = (headers: Response['headers']) =>
  (headers.get('vary') ?? '').split(', ').map((name) => name.toLowerCase());

test.for([app, other])('a preflight from %s is answered', async (origin) => {
  for (const path of ['/v1/keys/key', '/v1/keys', '/v1/auth/log-in', '/v1/changes', '/v1/nothing']) {
    const response = await halo.request('OPTIONS', path, { headers: ask(origin, 'PUT') });
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    const { headers } = response;
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    const list = (name: string) => (headers.get(name) ?? '').split(',');
    expect(list('access-control-allow-methods')).toEqual(['GET', 'HEAD', 'PUT', 'POST', 'DELETE']);
    expect(list('access-control-allow-headers')).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'halo-metadata', 'if-match', 'last-event-id']),
    );
    // What Upstash's client sends from a page.
    expect(list('access-control-allow-headers')).toEqual(
      expect.arrayContaining(['upstash-encoding', 'upstash-sync-token', 'upstash-telemetry-sdk']),
    );
    expect(headers.get('access-control-max-age')).toBe('7200');
    expect(headers.has('access-control-allow-credentials')).toBe(false);
    expect(headers.has('content-length')).toBe(false);
    expect(varies(headers)).toContain('origin');
  }
});

test('everything that a page of that origin asks for can be read by it', async () => {
  const origin = app;
  const person = await halo.signUp();
  const metadata = { 'halo-metadata': '{"by":"ada"}' };
  await halo.set(person, 'key', 'value', { query: 'ttl=3600', headers: metadata });
  const { accessToken: token } = person;
  const headers = { origin };
  const { name, password } = person;
  const answers = [
    await halo.get(person, 'key', { headers }),
    await halo.get(person, 'key', { headers: { origin, 'if-none-match': '"1"' } }),
    await halo.head(person, 'key', { headers }),
    await halo.put(person, 'key', 'other', { headers }),
    await halo.delete(person, 'absent', { headers }),
    await halo.request('GET', '/v1/keys', { token, headers }),
    await halo.request('GET', '/v1/changes', { token, headers }),
    await halo.request('GET', '/v1/export', { token, headers }),
    await halo.post('/v1/auth/log-in', { name, password }, headers),
    await halo.post('/v1/auth/log-in', { name, password: goodPassword.toUpperCase() }, headers),
    await halo.request('GET', '/v1/keys/key', { headers }),
    await halo.request('GET', '/v1/nothing', { headers }),
    await halo.request('POST', '/v1/keys', { headers }),
    await halo.request('OPTIONS', '/v1/keys', { headers }),
    await halo.request('GET', '/v1/keys?limit=x', { token, headers }),
    await halo.request('GET', '/v1/changes', { token, headers: { origin, accept: 'image/png' } }),
    await halo.request('GET', '/health/live', { headers }),
  ];
  for (const { status, headers } of answers.slice(0, 13)) {
    expect([status, headers.get('access-control-allow-origin')]).toEqual([status, origin]);
    const exposed = (headers.get('access-control-expose-headers') ?? '').split(',');
    const hidden = [...headers.keys()].filter(
      (name) =>
        !/^access-control-|^x-content-type-options$/.test(name) &&
        ![...notForScripts, ...safelisted, ...exposed].includes(name),
    );
    expect(hidden).toEqual([]);
  }
  for (const { headers } of answers) {
    expect(varies(headers)).toContain('origin');
    expect(headers.has('access-control-allow-credentials')).toBe(false);
  }
  expect(varies(answers[6]?.headers ?? new Headers()).sort()).toEqual(['accept', 'origin']);
});

test('a stream can be read by it, and says that it depends on Origin and Accept', async () => {
  const { accessToken } = await halo.signUp();
  const headers = { origin: app, authorization: `Bearer ${accessToken}`, accept: 'text/event-stream' };
  const response = await fetch(`${server.url}/v1/changes`, { headers });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(response.headers.get('access-control-allow-origin')).toBe(app);
  expect(varies(response.headers).sort()).toEqual(['accept', 'origin']);
  await response.body?.cancel();
});

test('an Expect that is refused is refused readably', async () => {
  const lines = ['GET /health/live HTTP/1.1', 'Host: halo', `Origin: ${app}`, 'Expect: a-miracle'];
  const [answer] = await sendRaw(server.port, requestLines(...lines, 'Connection: close'));
  expect([answer?.status, answer?.headers.get('access-control-allow-origin')]).toEqual([417, app]);
});

const foreign = [
  'https://evil.example',
  'http://app.example',
  'https://app.example:8443',
  'https://app.example.evil.example',
  'https://sub.app.example',
  'https://APP.example',
  'https://app.example/',
  'null',
  '*',
  `${app}, ${other}`,
];

test.for(foreign)('a page from %s can read nothing', async (origin) => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value');
  const answers = [
    await halo.request('OPTIONS', '/v1/keys/key', { headers: ask(origin, 'GET') }),
    await halo.get(person, 'key', { headers: { origin } }),
    await halo.request('GET', '/v1/nothing', { headers: { origin } }),
    await halo.request('GET', '/v1/changes', { token: person.accessToken, headers: { origin } }),
  ];
  for (const { headers } of answers) {
    expect(headers.has('access-control-allow-origin')).toBe(false);
    expect(headers.has('access-control-allow-credentials')).toBe(false);
    expect(varies(headers)).toContain('origin');
  }
});

test('cookies do not cross sites, not even from an origin that is allowed', async () => {
  const credentials = { name: newName(), password: goodPassword, cookie: true };
  for (const site of [{ origin: app }, { origin: app, 'sec-fetch-site': 'cross-site' }]) {
    const response = await halo.post('/v1/auth/sign-up', credentials, site);
    expect(response.headers.has('set-cookie')).toBe(false);
    await expectProblem(response, 'cross-site');
  }
});

test('OPTIONS that is no preflight is a method like any other', async () => {
  for (const headers of [{}, { origin: app }, { 'access-control-request-method': 'PUT' }]) {
    const response = await halo.request('OPTIONS', '/v1/keys/key', { headers });
    expect(response.headers.get('allow')).toBe('GET, HEAD, PUT, DELETE');
    await expectProblem(response, 'method-not-allowed');
  }
});

test('unless origins are named there is no trace of CORS', async () => {
  const same = haloAt(closed.url);
  const person = await same.signUp();
  await same.set(person, 'key', 'value');
  const preflight = await same.request('OPTIONS', '/v1/keys/key', { headers: ask(app, 'GET') });
  const answers = [
    preflight,
    await same.get(person, 'key', { headers: { origin: app } }),
    await same.request('GET', '/v1/nothing', { headers: { origin: app } }),
  ];
  for (const { headers } of answers) {
    const names = [...headers.keys()];
    expect(names.filter((name) => name.startsWith('access-control-') || name === 'vary')).toEqual([]);
  }
  await expectProblem(preflight, 'method-not-allowed');
});

test('Halo does not start with HALO_CORS_ORIGINS=*', async () => {
  const { code, output } = await runHalo({ HALO_CORS_ORIGINS: '*' });
  expect(code).toBe(1);
  expect(output).toContain('HALO_CORS_ORIGINS has "*". Set it to');
});
