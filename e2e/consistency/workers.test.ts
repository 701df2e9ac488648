import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Halo, haloAt, type Person } from '../halo.js';
import { type HaloServer, runHalo, startHalo } from '../halo-server.js';
import { until } from '../until.js';

/** Several processes behind one port are one Halo. */
let server: HaloServer;
let halo: Halo;
let person: Person;

beforeAll(async () => {
  server = await startHalo({ env: { HALO_WORKERS: '2' } });
  halo = haloAt(server.url);
  person = await halo.signUp();
});
afterAll(() => server.stop());

async function workers(): Promise<number[]> {
  const text = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8');
  const children = text.trim().split(' ').map(Number);
  const named = await Promise.all(
    children.map(async (pid) =>
      (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes('serve.js') ? [pid] : [],
    ),
  );
  return named.flat();
}

test('the processes serve the same keys, and a log-out holds for all of them', async () => {
  expect(await workers()).toHaveLength(2);
  const sets = Array.from({ length: 60 }, (_, n) => halo.set(person, `key-${n}`, `${n}`));
  await Promise.all(sets);
  for (let n = 0; n < 60; n += 1) expect((await halo.read(person, `key-${n}`)).toString()).toBe(`${n}`);
  const other = await halo.logIn(person);
  await halo.logOut(other);
  const asked = await Promise.all(
    Array.from({ length: 20 }, () =>
      fetch(`${server.url}/v1/keys/key-1`, {
        headers: { authorization: `Bearer ${other.accessToken}`, connection: 'close' },
      }),
    ),
  );
  expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 401));
});

/** The samples of a scrape, which reaches one of the processes. */
async function scrape(): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${server.url}/metrics`, { headers: { connection: 'close' } });
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ [^ ]*$/, ''), Number(line.split(' ').at(-1))]));
}

test('a scrape of any of them tells of all', async () => {
  const total = 'halo_http_requests_total{method="GET",route="/health/live",status="2xx"}';
  const timed = 'halo_http_request_duration_seconds_count{method="GET",route="/health/live"}';
  const ask = async (path: string): Promise<unknown> =>
    (await fetch(`${server.url}${path}`, { headers: { connection: 'close' } })).arrayBuffer();
  // Each on a connection of its own, which Node hands out by turns.
  for (let n = 0; n < 40; n += 1) await ask('/health/live');
  await until('All requests in a scrape', async () => (await scrape()).get(total) === 40);
  for (let n = 0; n < 6; n += 1) {
    const samples = await scrape();
    expect([samples.get(total), samples.get(timed)]).toEqual([40, 40]);
    expect(samples.get('halo_processes')).toBe(2);
    expect(samples.get('halo_database_ready')).toBe(1);
    expect(samples.get('halo_build_info{version="0.1.0"}')).toBe(1);
    expect(samples.get('process_start_time_seconds')).toBeGreaterThan(1e9);
  }
  // Many scrapes at once do not mix.
  const many = await Promise.all(Array.from({ length: 10 }, scrape));
  expect(many.map((samples) => samples.get(total))).toEqual(many.map(() => 40));
});

test('a process that dies is started again, and the others serve on', async () => {
  const [first, second] = await workers();
  process.kill(first ?? 0, 'SIGKILL');
  await until('A new worker', async () => {
    const now = await workers();
    return now.length === 2 && !now.includes(first ?? 0) && now.includes(second ?? 0);
  });
  await halo.set(person, 'after', 'value');
  expect((await halo.read(person, 'after')).toString()).toBe('value');
  expect(server.output()).toMatch(/a worker ended unexpectedly/);
  await until('Metrics of both', async () => (await scrape()).get('halo_processes') === 2);
});

test('stopping ends them all', async () => {
  const before = await workers();
  expect(await server.terminate()).toBe(0);
  for (const pid of before) expect(() => process.kill(pid, 0)).toThrow();
});

test('a worker that cannot start is said so, and nothing is left behind', async () => {
  const { code, output } = await runHalo({ HALO_WORKERS: '2', PORT: '1', HOST: '192.0.2.1' });
  expect(code).toBe(1);
  expect(output).toMatch(/cannot listen on 192\.0\.2\.1:1/);
});
