import { afterAll, expect, test } from 'vitest';
import { haloAt } from '../halo.js';
import { runHalo, startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';
import { requestLines, sendRaw } from '../raw-socket.js';

const token = 'a-token-for-prometheus-of-32-bytes-or-more';
const [open, guarded] = await Promise.all([
  startHalo(),
  startHalo({ env: { HALO_METRICS_TOKEN: token, TRUST_PROXY: 'loopback' } }),
]);
const halo = haloAt(open.url);
const withToken = haloAt(guarded.url);
afterAll(() => Promise.all([open.stop(), guarded.stop()]));

test('a scraper on this machine gets the process in the text format of Prometheus', async () => {
  const response = await halo.request('GET', '/metrics');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const lines = (await response.text()).split('\n');
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
    'nodejs_heap_size_used_bytes',
  ]) {
    const value = lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1];
    expect([name, Number(value) >= 0]).toEqual([name, true]);
  }
  expect(lines).toContain('# TYPE halo_security_events_total counter');
  expect(lines).toContain('# TYPE halo_throttled_total counter');
  // Every line is a comment or a sample.
  const other = lines.filter(
    (line) => !/^(#.*|[a-z_][a-z_\d]*(\{[^}]*\})? [-+\d.eE]+(nan|inf)?|)$/i.test(line),
  );
  expect(other).toEqual([]);
});

test('HEAD answers like GET without the text, and other methods are refused', async () => {
  const head = await halo.request('HEAD', '/metrics');
  expect([head.status, await head.text()]).toEqual([200, '']);
  expect(head.headers.get('content-type')).toMatch(/^text\/plain/);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const response = await halo.request(method, '/metrics');
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    await expectProblem(response, 'method-not-allowed');
  }
});

const traces = [
  { 'x-forwarded-for': '127.0.0.1' },
  { 'x-forwarded-for': '' },
  { 'x-forwarded-proto': 'https' },
  { 'x-forwarded-host': 'localhost' },
  { forwarded: 'for=127.0.0.1' },
  { 'x-real-ip': '127.0.0.1' },
  { via: '1.1 proxy' },
  { origin: 'https://evil.example' },
];

test.for(traces)('without a token, what came through others is refused: %j', async (headers) => {
  for (const extra of [{}, { authorization: `Bearer ${token}` }, { authorization: 'Bearer undefined' }]) {
    const response = await halo.request('GET', '/metrics', { headers: { ...headers, ...extra } });
    await expectProblem(response, 'unauthenticated');
  }
});

test('without a token, a page that had its name resolved to this machine is refused', async () => {
  const answerTo = async (host: string) => {
    const lines = ['GET /metrics HTTP/1.1', `Host: ${host}`, 'Connection: close'];
    return (await sendRaw(open.port, requestLines(...lines)))[0]?.status;
  };
  for (const host of ['localhost', `localhost:${open.port}`, '127.0.0.1:5000', '[::1]:5000'])
    expect([host, await answerTo(host)]).toEqual([host, 200]);
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '127.evil', ''])
    expect([host, await answerTo(host)]).toEqual([host, 401]);
});

test('with a token set, it is asked of everybody', async () => {
  const get = (headers: Readonly<Record<string, string>>) =>
    withToken.request('GET', '/metrics', { headers });
  for (const authorization of [`Bearer ${token}`, `bearer ${token}`, `BEARER ${token}`]) {
    expect((await get({ authorization })).status).toBe(200);
    const proxied = { authorization, 'x-forwarded-for': '203.0.113.9', origin: 'https://app.example' };
    expect((await get(proxied)).status).toBe(200);
  }
  const { accessToken } = await withToken.signUp();
  for (const headers of [
    {},
    { authorization: token },
    { authorization: `Basic ${token}` },
    { authorization: `Bearer ${token}x` },
    { authorization: `Bearer ${token.slice(0, -1)}` },
    { authorization: `Bearer  ${token}` },
    { authorization: `Bearer ${token.toUpperCase()}` },
    { authorization: 'Bearer' },
    { authorization: `Bearer ${accessToken}` },
    { 'x-forwarded-for': '127.0.0.1' },
  ]) {
    const response = await get(headers);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="halo"/);
    await expectProblem(response, 'unauthenticated');
  }
});

test('Halo does not start with a metrics token that could be guessed, and does not repeat it', async () => {
  const { code, output } = await runHalo({ HALO_METRICS_TOKEN: 'guessable' });
  expect(code).toBe(1);
  expect(output).toContain('HALO_METRICS_TOKEN cannot be used. Set it to 32 or more');
  expect(output).not.toContain('guessable');
});
