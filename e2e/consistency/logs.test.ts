import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { haloAt } from '../halo.js';
import { makeDataDirectory, removeDataDirectory, startHalo } from '../halo-server.js';
import { until } from '../until.js';

/** What an operator finds in the log, and how often. */
const data = await makeDataDirectory();
const server = await startHalo({ data, env: { HALO_LOG: 'info' } });
const halo = haloAt(server.url);
const [, , , port, host] = (await readFile(join(data, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
const operator = new pg.Client({ host: host ?? '', port: Number(port), user: 'halo', database: 'halo' });
await operator.connect();
// Its connection ends with Halo, whose PostgreSQL it is.
operator.on('error', () => {});
afterAll(async () => {
  await operator.end();
  await server.stop();
  await removeDataDirectory(data);
});

interface Line {
  readonly msg: string;
  readonly request_id?: string;
  readonly route?: string;
  readonly url?: string;
}

const logged = (message: string): Line[] =>
  server
    .output()
    .split('\n')
    // The last one may not have come in whole.
    .slice(0, -1)
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Line] : []))
    .filter(({ msg }) => msg === message);

test('a failure is logged once, with the request id that its answer has', async () => {
  const person = await halo.signUp();
  await operator.query(
    "alter table versions add constraint spoiled check (key not like 'spoiled%') not valid",
  );
  const responses = [
    await halo.put(person, 'spoiled', 'value'),
    await halo.post(
      '/v1/commit',
      { mutations: [{ set: { key: 'spoiled', value: '1' } }, { set: { key: 'other', value: '2' } }] },
      { authorization: `Bearer ${person.accessToken}` },
    ),
    // Another protocol's answer, in its own form.
    await fetch(`${server.url}/compat/unstorage/spoiled`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${person.accessToken}` },
      body: 'value',
    }),
  ];
  await operator.query('alter table versions drop constraint spoiled');
  expect(responses.map(({ status }) => status)).toEqual([500, 500, 500]);
  const ids = responses.map(({ headers }) => headers.get('x-request-id'));
  // An answer may be heard before the line in the log is read.
  await until('A line for each', () => logged('internal').length >= ids.length);
  expect(logged('internal').map(({ request_id }) => request_id)).toEqual(ids);
});

test('a connection that is lost while idle is logged once', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value');
  await halo.read(person, 'key');
  await halo.list(person);
  const { rows } = await operator.query<{ ended: boolean }>(
    `select pg_terminate_backend(pid) as ended from pg_stat_activity
     where application_name = 'halo' and state = 'idle' and query not like '%advisory%'`,
  );
  expect(rows.length).toBeGreaterThan(2);
  await until('A line for each', () => logged('a database connection broke').length >= rows.length);
  // What follows a loss has been heard when the next requests have been answered.
  await until('A Halo that serves', async () => (await halo.get(person, 'key')).status === 200);
  expect(logged('a database connection broke')).toHaveLength(rows.length);
  const metrics = await (await halo.request('GET', '/metrics')).text();
  expect(metrics).toContain(`halo_database_connections_broken_total ${rows.length}\n`);
});

test('the start and the end are logged once', async () => {
  expect(logged('started')).toMatchObject([{ url: server.url }]);
  expect(logged('stopped')).toEqual([]);
  expect(await server.terminate()).toBe(0);
  expect(logged('stopped')).toHaveLength(1);
});
