import type { Grant } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { openChanges } from '../event-source.js';
import { expectJson, type Headers, haloAt, newName, personOf } from '../halo.js';
import { runHalo, startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';
import { requestLines, sendRaw } from '../raw-socket.js';

// The tests are the proxy: they come from loopback.
const [trusting, direct, elsewhere] = await Promise.all([
  startHalo({ env: { TRUST_PROXY: 'loopback' } }),
  startHalo(),
  startHalo({ env: { TRUST_PROXY: '10.0.0.0/8, 203.0.113.7' } }),
]);
afterAll(() => Promise.all([trusting, direct, elsewhere].map((server) => server.stop())));
const behind = haloAt(trusting.url);
const bare = haloAt(direct.url);

const year = 'max-age=31536000; includeSubDomains';
const tls = { 'x-forwarded-proto': 'https' };
const ownSite = { 'sec-fetch-site': 'same-origin' };

test('behind a trusted proxy that ends TLS, every answer asks browsers to stay with TLS', async () => {
  const person = await behind.signUp();
  await behind.set(person, 'key', 'value');
  const { accessToken: token } = person;
  const tagged = { ...tls, 'if-none-match': '"1"' };
  const answers = [
    await behind.request('GET', '/health/live', { headers: tls }),
    await behind.request('GET', '/docs', { headers: tls }),
    await behind.request('GET', '/', { headers: tls }),
    await behind.request('GET', '/v1/keys', { token, headers: tls }),
    await behind.get(person, 'key', { headers: tls }),
    await behind.get(person, 'key', { headers: tagged }),
    await behind.head(person, 'key', { headers: tls }),
    await behind.put(person, 'key', 'value', { headers: tls }),
    await behind.get(person, 'absent', { headers: tls }),
    await behind.request('GET', '/v1/keys/key', { headers: tls }),
    await behind.request('GET', '/v1/nothing', { headers: tls }),
    await behind.request('POST', '/v1/keys', { headers: tls }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([
    200, 200, 302, 200, 200, 304, 200, 200, 404, 401, 404, 405,
  ]);
  for (const { headers } of answers) expect(headers.get('strict-transport-security')).toBe(year);
  const expecting = requestLines(
    'GET /health/live HTTP/1.1',
    'Host: halo',
    'X-Forwarded-Proto: https',
    'Expect: a-miracle',
    'Connection: close',
  );
  const [refusal] = await sendRaw(trusting.port, expecting);
  expect([refusal?.status, refusal?.headers.get('strict-transport-security')]).toEqual([417, year]);
});

test('on plain http no answer asks for TLS, whoever says that it was https', async () => {
  const others = haloAt(elsewhere.url);
  for (const [halo, headers] of [
    [behind, {}],
    [behind, { 'x-forwarded-proto': 'http' }],
    // What a client has written stands to the left of what the proxy adds.
    [behind, { 'x-forwarded-proto': 'https, http' }],
    [behind, { forwarded: 'proto=https', 'x-forwarded-ssl': 'on', 'x-url-scheme': 'https' }],
    [bare, tls],
    [others, tls],
    [others, { ...tls, 'x-forwarded-for': '10.0.0.1' }],
  ] as const) {
    for (const path of ['/health/live', '/docs', '/v1/keys/key', '/v1/nothing']) {
      const response = await halo.request('GET', path, { headers });
      expect(response.headers.has('strict-transport-security')).toBe(false);
    }
  }
});

test('a stream behind TLS asks for TLS as well', async () => {
  const person = await behind.signUp();
  const response = await fetch(`${trusting.url}/v1/changes`, {
    headers: { ...tls, authorization: `Bearer ${person.accessToken}`, accept: 'text/event-stream' },
  });
  expect(response.headers.get('strict-transport-security')).toBe(year);
  await response.body?.cancel();
  const plain = await openChanges(trusting.url, person);
  expect(plain.response.headers.has('strict-transport-security')).toBe(false);
  plain.close();
});

test('the session cookie follows the protocol that a trusted proxy names', async () => {
  const secure = await signUpByCookie(behind, { ...ownSite, ...tls });
  expect(secure).toMatch(/^__Host-halo_refresh=.*; Secure/);
  const name = secure.slice(0, secure.indexOf(';'));
  const refreshed = await behind.post(
    '/v1/auth/refresh',
    { cookie: true },
    { ...ownSite, ...tls, cookie: name },
  );
  expect(refreshed.status).toBe(200);
  for (const [halo, headers] of [
    [behind, { 'x-forwarded-proto': 'https, http' }],
    [behind, {}],
    [bare, tls],
    [haloAt(elsewhere.url), tls],
  ] as const) {
    const plain = await signUpByCookie(halo, { ...ownSite, ...headers });
    expect(plain).toMatch(/^halo_refresh_\d+=/);
    expect(plain).not.toMatch(/secure/i);
  }
});

test('an Origin is compared with the host that a trusted proxy was asked for', async () => {
  const forwarded = { ...tls, 'x-forwarded-host': 'halo.example' };
  const at = (origin: string, headers: Headers = forwarded) => ({ ...headers, origin });
  expect(await signUpByCookie(behind, at('https://halo.example'))).toMatch(/^__Host-/);
  const spoofed = { ...tls, 'x-forwarded-host': 'evil.example, halo.example' };
  expect(await signUpByCookie(behind, at('https://halo.example', spoofed))).toMatch(/^__Host-/);
  for (const [halo, headers] of [
    [behind, at('https://evil.example')],
    [behind, at('https://evil.example', spoofed)],
    [behind, at('http://halo.example')],
    [behind, at(trusting.url)],
    [bare, at('https://halo.example')],
    [bare, at('https://halo.example', { ...forwarded, forwarded: 'host=halo.example' })],
    [haloAt(elsewhere.url), at('https://halo.example')],
  ] as const) {
    const credentials = { name: newName(), password: 'a lantern over quiet water', cookie: true };
    await expectProblem(await halo.post('/v1/auth/sign-up', credentials, headers), 'cross-site');
  }
});

test('X-Forwarded-For without TRUST_PROXY is told once, with the remedy', async () => {
  for (let i = 0; i < 3; i++) {
    for (const path of ['/health/live', '/v1/keys/key', '/docs']) {
      await bare.request('GET', path, { headers: { 'x-forwarded-for': '203.0.113.9' } });
      await behind.request('GET', path, { headers: { 'x-forwarded-for': '203.0.113.9' } });
    }
  }
  const warnings = (output: string) => output.split('\n').filter((line) => line.includes('X-Forwarded-For'));
  expect(warnings(direct.output())).toHaveLength(1);
  expect(direct.output()).toContain('set TRUST_PROXY to its address');
  expect(direct.output()).not.toContain('203.0.113.9');
  expect(warnings(trusting.output())).toEqual([]);
});

const nonsense = ['', ',', 'unknown', '127.0.0.1', '::1, ::1', '1.2.3.4:80, [::1]:80', 'x'.repeat(4_000)];

test.for(nonsense)('%j in place of addresses and hosts does no harm', async (text) => {
  const person = await behind.signUp();
  const headers = { 'x-forwarded-for': text, 'x-forwarded-host': text, 'x-forwarded-proto': text };
  const { name, password } = person;
  const grant = await expectJson<Grant>(
    await behind.post('/v1/auth/log-in', { name, password }, headers),
    200,
  );
  expect((await behind.get(personOf(grant), 'absent', { headers })).status).toBe(404);
  const cookie = { ...headers, origin: 'https://halo.example' };
  await expectProblem(
    await behind.post('/v1/auth/log-in', { name, password, cookie: true }, cookie),
    'cross-site',
  );
});

test('Halo does not start with TRUST_PROXY=true', async () => {
  const { code, output } = await runHalo({ TRUST_PROXY: 'true' });
  expect(code).toBe(1);
  expect(output).toContain('TRUST_PROXY has "true". Set it to');
});

/** Signs up as a browser and returns the Set-Cookie line. */
async function signUpByCookie(halo: ReturnType<typeof haloAt>, headers: Headers): Promise<string> {
  const credentials = { name: newName(), password: 'a lantern over quiet water', cookie: true };
  const response = await halo.post('/v1/auth/sign-up', credentials, headers);
  await expectJson<Grant>(response, 201);
  const [line = ''] = response.headers.getSetCookie();
  return line;
}
