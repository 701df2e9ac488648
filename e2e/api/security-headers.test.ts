import { afterAll, expect, test } from 'vitest';
import { haloAt } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { requestLines, sendRaw } from '../raw-socket.js';

const server = await startHalo({ env: { HALO_CORS_ORIGINS: 'https://app.example' } });
const halo = haloAt(server.url);
afterAll(() => server.stop());

const directives = (policy: string | null) =>
  new Map(
    (policy ?? '').split(';').map((directive) => {
      const [name = '', ...sources] = directive.trim().split(/\s+/);
      return [name, sources.join(' ')];
    }),
  );

test.for(['/home', '/home/keys', '/docs'])('the page %s is locked down', async (path) => {
  const response = await halo.request('GET', path);
  const { headers } = response;
  expect([response.status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const policy = directives(headers.get('content-security-policy'));
  expect(Object.fromEntries(policy)).toMatchObject({
    'default-src': "'self'",
    'script-src': "'self'",
    'connect-src': "'self'",
    'object-src': "'none'",
    'base-uri': "'none'",
    'form-action': "'self'",
    'frame-ancestors': "'none'",
  });
  for (const name of policy.keys()) expect(name).not.toMatch(/^script-src-/);
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('permissions-policy')).toMatch(/\bcamera=\(\).*\bmicrophone=\(\)/);
  expect(headers.has('strict-transport-security')).toBe(false);
  // The policy would stop them, and with them the page.
  const html = await response.text();
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>|\son[a-z]+\s*=|javascript:/i);
  const scripts = [...html.matchAll(/<script[^>]*\bsrc="([^"]*)"/g)].map(([, source]) => source ?? '');
  expect(scripts.length).toBeGreaterThan(0);
  for (const source of scripts) {
    expect(source).toMatch(/^\//);
    const script = await halo.request('GET', source);
    expect(script.headers.get('content-type')).toMatch(/^(text|application)\/javascript\b/);
  }
});

test('every kind of answer forbids guessing its type and carries its id', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'page', '<script>alert(1)</script>', { headers: { 'content-type': 'text/html' } });
  const { accessToken: token } = person;
  const page = await halo.request('GET', '/home');
  const file = /src="(\/home\/assets\/[^"]+)"/.exec(await page.text())?.[1] ?? '';
  // Each encoding has a tag of its own, and below the file is asked for as it is.
  const asset = await halo.request('GET', file, { headers: { 'accept-encoding': 'identity' } });
  const preflight = { origin: 'https://app.example', 'access-control-request-method': 'PUT' };
  // `request` checks both headers of each; the statuses show that these were the answers meant.
  const answers = [
    asset,
    await halo.request('HEAD', '/home'),
    await halo.request('GET', '/home/assets/absent.js'),
    await halo.request('GET', '/docs/files/absent.js'),
    await halo.request('GET', '/docs/start.js'),
    await halo.request('GET', '/openapi.json'),
    await halo.request('GET', '/.well-known/jwks.json'),
    await halo.request('GET', '/metrics'),
    await halo.request('GET', '/'),
    await halo.get(person, 'page'),
    await halo.get(person, 'page', { headers: { 'if-none-match': '"1"' } }),
    await halo.request('OPTIONS', '/v1/keys/page', { headers: preflight }),
    await halo.request('OPTIONS', '/v1/keys/page', {
      headers: { ...preflight, origin: 'https://evil.example' },
    }),
    await halo.request('GET', '/v1/export', { token }),
    await halo.request('GET', '/%zz'),
  ];
  expect(answers.map(({ status }) => status)).toEqual([
    200, 200, 404, 404, 200, 200, 200, 200, 302, 200, 304, 204, 204, 200, 400,
  ]);
  // fetch would ask for the whole file.
  const unchanged = ['Host: halo', `If-None-Match: ${asset.headers.get('etag')}`, 'Connection: close'];
  const [unchangedFile] = await sendRaw(server.port, requestLines(`GET ${file} HTTP/1.1`, ...unchanged));
  expect(unchangedFile?.status).toBe(304);
  expect(unchangedFile?.headers.get('x-content-type-options')).toBe('nosniff');
  const names = ['x-content-type-options', 'x-request-id'] as const;
  for (const bytes of [
    'nonsense\r\n\r\n',
    requestLines('GET / HTTP/1.1', 'Connection: close'),
    requestLines('GET / HTTP/1.1', 'Host: halo', 'Expect: a-miracle', 'Connection: close'),
    requestLines('GET / HTTP/1.1', 'Host: halo', `X-A: ${'x'.repeat(17 * 1024)}`),
  ]) {
    const [answer] = await sendRaw(server.port, bytes);
    expect(answer?.status).toBeGreaterThanOrEqual(400);
    expect(names.map((name) => answer?.headers.get(name))).toEqual(['nosniff', expect.stringMatching(/./)]);
  }
  const stream = await fetch(`${server.url}/v1/changes`, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
  });
  expect(names.map((name) => stream.headers.get(name))).toEqual(['nosniff', expect.stringMatching(/./)]);
  await stream.body?.cancel();
});

test('a stored page is never one of ours', async () => {
  const person = await halo.signUp();
  for (const type of ['text/html', 'image/svg+xml', 'application/xhtml+xml', 'text/javascript']) {
    await halo.set(person, 'page', '<script>alert(1)</script>', { headers: { 'content-type': type } });
    const { headers } = await halo.get(person, 'page');
    expect(headers.get('content-type')).toBe(type);
    expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
  }
});

test('no header tells what Halo is built with', async () => {
  for (const path of ['/home', '/docs', '/v1/keys', '/v1/keys/key', '/v1/nothing', '/metrics']) {
    const { headers } = await halo.request('GET', path);
    expect([headers.get('server'), headers.get('x-powered-by')]).toEqual([null, null]);
  }
});
