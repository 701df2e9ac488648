import { readFileSync } from 'node:fs';
import { operations } from 'halo-contract';
import { afterAll, describe, expect, test } from 'vitest';
import { openChanges } from '../event-source.js';
import { haloAt } from '../halo.js';
import { type HaloServer, startHalo } from '../halo-server.js';
import { sendRaw } from '../raw-socket.js';
import { until } from '../until.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** The second has no lane of its own for requests for keys: all of them pass Node's server. */
const [open, proxied] = await Promise.all([startHalo(), startHalo({ env: { TRUST_PROXY: '192.0.2.1' } })]);
afterAll(() => Promise.all([open.stop(), proxied.stop()]));

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** The rows of the table in docs/metrics.md. */
function documented(text: string): Metric[] {
  return [...text.matchAll(/^\| `([a-z_\d]+)` \| (counter|gauge|histogram) \| ([^|]*)\|/gm)].map(
    ([, name = '', type = '', labels = '']) => ({
      name,
      type,
      labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label).sort(),
    }),
  );
}

function samplesOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ [^ ]*$/, ''), Number(line.split(' ').at(-1))]));
}

/** What a scrape shows: labels are those of all samples of a metric, but for a histogram's bounds. */
function shown(text: string): Metric[] {
  const names = [...samplesOf(text).keys()];
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => {
    const own = names.filter((sample) => {
      const [stem = ''] = sample.split('{');
      return stem === name || (type === 'histogram' && stem.replace(/_(bucket|sum|count)$/, '') === name);
    });
    const labels = own.flatMap((sample) =>
      [...sample.matchAll(/[{,](\w+)="/g)].map(([, label = '']) => label),
    );
    return { name, type, labels: [...new Set(labels)].filter((label) => label !== 'le').sort() };
  });
}

const scrape = async ({ url }: HaloServer): Promise<string> =>
  (await haloAt(url).request('GET', '/metrics')).text();
const byName = (metrics: readonly Metric[]): Metric[] =>
  [...metrics].sort((one, other) => (one.name < other.name ? -1 : 1));

describe.each([
  ['in the lane', open],
  ['by Node’s server', proxied],
])('requests %s', (_where, server) => {
  const halo = haloAt(server.url);
  const counted = async (sample: string): Promise<number> => samplesOf(await scrape(server)).get(sample) ?? 0;
  const requests = (method: string, route: string, status: string): string =>
    `halo_http_requests_total{method="${method}",route="${route}",status="${status}"}`;
  /** Node's server counts when the answer has left, which may be a moment after it was read. */
  const untilCounted = (sample: string, count: number) =>
    until(`${sample} ${count}`, async () => (await counted(sample)) === count);

  test('for keys are counted by status and time, and not by key', async () => {
    const person = await halo.signUp();
    for (let n = 0; n < 5; n += 1) await halo.set(person, `a-key-of-mine-${n}`, 'value');
    for (let n = 0; n < 7; n += 1) await halo.read(person, 'a-key-of-mine-1');
    await halo.get(person, 'absent');
    await halo.head(person, 'a-key-of-mine-1');
    await halo.request('DELETE', '/v1/keys/a-key-of-mine-1');
    const route = operations.getKey.path;
    await untilCounted(requests('PUT', route, '2xx'), 5);
    await untilCounted(requests('GET', route, '2xx'), 7);
    await untilCounted(requests('GET', route, '4xx'), 1);
    await untilCounted(requests('HEAD', route, '2xx'), 1);
    await untilCounted(requests('DELETE', route, '4xx'), 1);
    const labels = `method="GET",route="${route}"`;
    expect(await counted(`halo_http_request_duration_seconds_count{${labels}}`)).toBe(8);
    expect(await counted(`halo_http_request_duration_seconds_bucket{${labels},le="+Inf"}`)).toBe(8);
    const sum = await counted(`halo_http_request_duration_seconds_sum{${labels}}`);
    expect(sum > 0 && sum < 60).toBe(true);
    // Each was in a flight, alone or with others.
    expect(await counted('halo_flight_items_sum{kind="write"}')).toBe(5);
    expect(await counted('halo_flight_items_sum{kind="read"}')).toBe(9);
    expect(await scrape(server)).not.toMatch(/a-key-of-mine|absent/);
  });

  test('for anything else are counted by the pattern of their route', async () => {
    const person = await halo.signUp();
    await halo.request('DELETE', '/v1/tokens/1', { token: person.accessToken });
    await halo.request('GET', '/v1/nothing-here');
    await halo.request('BREW', '/v1/nothing-here').catch(() => {});
    await sendRaw(server.port, 'no HTTP at all\r\n\r\n');
    await untilCounted(requests('DELETE', operations.revokeToken.path, '4xx'), 1);
    await untilCounted(requests('GET', '(none)', '4xx'), 1);
    await untilCounted(requests('other', '(malformed)', '4xx'), 2);
    expect(await counted(requests('POST', operations.signUp.path, '2xx'))).toBe(2);
    expect(await scrape(server)).not.toContain('nothing-here');
  });

  test('for a stream are counted without the time they last, and it shows while it is open', async () => {
    const person = await halo.signUp();
    const stream = await openChanges(server.url, person);
    await untilCounted('halo_watches', 1);
    expect(await counted('halo_watched_accounts')).toBe(1);
    stream.close();
    await untilCounted('halo_watches', 0);
    const { path } = operations.listChanges;
    await untilCounted(requests('GET', path, '2xx'), 1);
    expect(await counted(`halo_http_request_duration_seconds_count{method="GET",route="${path}"}`)).toBe(0);
  });
});

describe('the table in docs/metrics.md', () => {
  const table = documented(read('docs/metrics.md'));

  test('names every metric with its type, and no other', async () => {
    const metrics = shown(await scrape(open));
    expect(byName(metrics).map(({ name, type }) => [name, type])).toEqual(
      byName(table).map(({ name, type }) => [name, type]),
    );
  });

  test('names the labels of all that has been counted', async () => {
    const halo = haloAt(open.url);
    const person = await halo.signUp();
    await halo.set(person, 'key', 'value');
    await halo.read(person, 'key');
    const labelled = shown(await scrape(open)).filter(({ labels }) => labels.length > 0);
    expect(labelled.length).toBeGreaterThan(12);
    const rows = new Map(table.map((metric) => [metric.name, metric]));
    for (const metric of labelled) expect(metric).toEqual(rows.get(metric.name));
  });

  test('is read: a row too few would be noticed', () => {
    expect(table.length).toBeGreaterThan(40);
    expect(documented('| `halo_new_total` | counter | `kind`, `a` | New. |\n')).toEqual([
      { name: 'halo_new_total', type: 'counter', labels: ['a', 'kind'] },
    ]);
    expect(shown('# TYPE x gauge\nx{b="1",a="2"} 3\n')).toEqual([
      { name: 'x', type: 'gauge', labels: ['a', 'b'] },
    ]);
  });

  test.each(['deploy/grafana/halo.json', 'deploy/prometheus/halo.rules.yml'])(
    'has all that %s asks for',
    (path) => {
      const names = new Set(
        table.flatMap(({ name, type }) =>
          type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
        ),
      );
      const asked = expressionsIn(path).flatMap(
        (expression) => expression.match(/\b(?:halo|nodejs|process)_\w+/g) ?? [],
      );
      expect(asked.length).toBeGreaterThan(5);
      expect(asked.filter((name) => !names.has(name))).toEqual([]);
    },
  );
});

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

function expressionsIn(path: string): string[] {
  const text = read(path);
  // In the rules, names of metrics stand in expressions only.
  if (!path.endsWith('.json')) return [text];
  const { panels } = JSON.parse(text) as { readonly panels: readonly Panel[] };
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

test('what the sweeper ends is counted, and its last success is recent', async () => {
  const halo = haloAt(open.url);
  const person = await halo.signUp();
  await halo.set(person, 'short-lived', 'value', { query: 'ttl=1' });
  const ended = await until('The end of the key', async () => {
    const samples = samplesOf(await scrape(open));
    return samples.get('halo_sweeper_expired_keys_total') === 1 && samples;
  });
  const seconds =
    Date.now() / 1_000 - (ended.get('halo_sweeper_last_success_timestamp_seconds{task="expire"}') ?? 0);
  expect(seconds).toBeLessThan(30);
  expect(ended.get('halo_database_ready')).toBe(1);
  expect(ended.get('halo_database_connections{pool="wires",state="idle"}')).toBeGreaterThan(0);
});
