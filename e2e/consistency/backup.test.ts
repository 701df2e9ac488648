import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type Grant, operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { adminWith, jsonOf } from '../admin.js';
import { expectJson, haloAt, type Person, personOf } from '../halo.js';
import { type HaloServer, makeDataDirectory, removeDataDirectory, startHalo } from '../halo-server.js';
import { type DebianPostgres, startDebianPostgres } from './debian-postgres.js';

/** Each restore makes a cluster, and each server starts one. */
const testTimeoutMs = 240_000;

const scratch = await makeDataDirectory();
const data = join(scratch, 'first');
const server = await startHalo({ data });
const halo = haloAt(server.url);
/** In the order in which they were started. */
const clusters: DebianPostgres[] = [];
const servers: HaloServer[] = [server];

afterAll(async () => {
  for (const one of servers) await one.stop();
  for (const one of clusters) await one.stop();
  await removeDataDirectory(scratch);
});

async function startCluster(): Promise<DebianPostgres> {
  const cluster = await startDebianPostgres();
  clusters.push(cluster);
  return cluster;
}

async function start(options: Parameters<typeof startHalo>[0]): Promise<HaloServer> {
  const started = await startHalo(options);
  servers.push(started);
  return started;
}

const fileOf = (name: string): string => join(scratch, `${name}.backup`);

/** Everything that an account keeps, as its owner gets it; without the line that says when that was. */
async function exportOf(url: string, { accessToken: token }: Person): Promise<string> {
  const response = await haloAt(url).request('GET', `${operations.exportStore.path}`, { token });
  expect(response.status).toBe(200);
  const lines = (await response.text()).split('\n').filter((line) => !line.includes('"exported_at"'));
  expect(lines.length).toBeGreaterThan(2);
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

async function historyOf(url: string, person: Person, key: string): Promise<unknown> {
  const path = operations.getHistory.path.replace('{key}', () => encodeURIComponent(key));
  return expectJson(await haloAt(url).request('GET', path, { token: person.accessToken }), 200);
}

async function fill(): Promise<{ person: Person; apiToken: string }> {
  const person = await halo.signUp();
  const headers = { 'content-type': 'image/x-made-up', 'halo-metadata': '{"a":[1, 2.50]}' };
  await halo.set(
    person,
    'bytes/🙂',
    Uint8Array.from({ length: 70_000 }, (_, index) => index % 256),
    {
      headers,
      query: 'ttl=86400',
    },
  );
  for (const value of ['one', 'two', '', 'four \\ \t \n \0']) await halo.set(person, 'often', value);
  await halo.set(person, 'gone', 'soon');
  await halo.delete(person, 'gone');
  await halo.set(person, 'purged', 'for ever');
  await halo.purge(person, 'purged');
  const created = await halo.post(
    operations.createToken.path,
    { name: 'a program', access: 'read' },
    { authorization: `Bearer ${person.accessToken}` },
  );
  const { token } = await expectJson<{ token: string }>(created, 201);
  return { person, apiToken: token };
}

test('a backup goes from the embedded PostgreSQL to PostgreSQL 15 and back, and nothing is lost on the way', {
  timeout: testTimeoutMs,
}, async () => {
  const filled = [await fill(), await fill()];
  const secret = (await readFile(join(data, 'secret'), 'utf8')).trim();
  await adminWith({ HALO_DATA: data })(['backup', fileOf('first')]).then((run) =>
    expect(run).toMatchObject({ code: 0, errors: '' }),
  );
  expect((await stat(fileOf('first'))).mode & 0o777).toBe(0o600);

  const debian = await startCluster();
  const external = { DATABASE_URL: debian.databaseUrl, HALO_SECRET: secret };
  const outward = await adminWith(external)(['restore', fileOf('first')]);
  expect(outward).toMatchObject({ code: 0, errors: '' });
  const onDebian = await start({ env: external });

  expect(await adminWith(external)(['backup', fileOf('second')])).toMatchObject({ code: 0, errors: '' });
  const second = join(scratch, 'second');
  await mkdir(second, { mode: 0o700 });
  await copyFile(join(data, 'secret'), join(second, 'secret'));
  const inward = await adminWith({ HALO_DATA: second })(['restore', fileOf('second')]);
  expect(inward).toMatchObject({ code: 0, errors: '' });
  const again = await start({ data: second });

  for (const { url } of [onDebian, again]) {
    const there = haloAt(url);
    for (const { person, apiToken } of filled) {
      expect(await exportOf(url, person)).toBe(await exportOf(server.url, person));
      expect(await historyOf(url, person, 'often')).toEqual(await historyOf(server.url, person, 'often'));
      // Log-ins and tokens go on, new log-ins are possible, and what is written goes on from the last revision.
      const page = await there.request('GET', operations.listKeys.path, { token: apiToken });
      expect(page.status).toBe(200);
      const child = personOf(await expectJson<Grant>(await there.refresh(person.refreshToken), 200));
      await there.logIn(person);
      const { revision } = await there.page(child);
      expect((await there.set(child, 'often', 'new')).revision).toBe(revision + 1);
    }
    // Ids that were given out are not given out again.
    const ids = filled.map(({ person }) => Number(person.id));
    expect(Number((await there.signUp()).id)).toBeGreaterThan(Math.max(...ids));
  }
  for (const settings of [external, { HALO_DATA: second }]) {
    const checks = await jsonOf<{ fault: unknown; first: number | null }[]>(adminWith(settings), [
      'audit',
      'verify',
    ]);
    expect(checks.filter(({ first }) => first !== null).length).toBeGreaterThanOrEqual(filled.length);
    for (const { fault } of checks) expect(fault).toBeNull();
  }
});

test('a backup that is taken while others write is of one moment', { timeout: testTimeoutMs }, async () => {
  const people = await Promise.all(Array.from({ length: 4 }, () => halo.signUp()));
  let isOver = false;
  const written = people.map(async (person) => {
    let count = 0;
    // Bounded, should the backup never end.
    for (; !isOver && count < 50_000; count += 1) await halo.set(person, `key ${count % 50}`, `${count}`);
    return count;
  });
  const admin = adminWith({ HALO_DATA: data });
  const before = await halo.page(people[0] as Person);
  const made = await jsonOf<{ rows: Record<string, number> }>(admin, ['backup', fileOf('busy')]).finally(
    () => {
      isOver = true;
    },
  );
  const counts = await Promise.all(written);
  expect(Math.min(...counts)).toBeGreaterThan(before.revision);

  const debian = await startCluster();
  const external = { DATABASE_URL: debian.databaseUrl };
  // The server's secret is not known here, and need not be.
  const run = await adminWith(external)(['restore', fileOf('busy')]);
  expect(run).toMatchObject({ code: 0, errors: '' });
  expect(run.output).toContain('HALO_SECRET');
  expect(await debian.query(faults)).toBe('0');
  expect(await debian.query('select count(*) from versions')).toBe(String(made.rows.versions));
  // The control: the query finds what does not fit.
  await debian.query('update stores set keys = keys + 1');
  expect(Number(await debian.query(faults))).toBeGreaterThanOrEqual(people.length);
});

/** How many stores have counters, pointers or a log that do not fit each other. */
const faults = `
  select count(*) from stores s where
    keys <> (select count(*) from entries e where e.account_id = s.account_id)
    or bytes <> (select coalesce(sum(e.bytes), 0) from entries e where e.account_id = s.account_id)
    or revision <> (select coalesce(max(v.revision), 0) from versions v where v.account_id = s.account_id)
    or exists (select from entries e where e.account_id = s.account_id and not exists (
      select from versions v where (v.account_id, v.revision, v.key) = (e.account_id, e.revision, e.key)))`;

test('what cannot be backed up or restored is refused in a sentence, and changes nothing', {
  timeout: testTimeoutMs,
}, async () => {
  const admin = adminWith({ HALO_DATA: data });
  const file = fileOf('refusals');
  expect(await admin(['backup', file])).toMatchObject({ code: 0 });
  const empty = join(scratch, 'empty');
  const restoring = adminWith({ HALO_DATA: empty });
  const refused = async (run: ReturnType<typeof admin>, sentence: RegExp): Promise<void> => {
    const { code, output, errors } = await run;
    expect({ code, output, errors }).toEqual({
      code: 1,
      output: '',
      errors: expect.stringMatching(sentence),
    });
    expect(errors).toMatch(/^[^\n]+\n$/);
  };
  await refused(admin(['backup', file]), /already\. .*--replace/);
  await refused(admin(['backup', join(scratch, 'nowhere', 'x')]), /cannot be written: ENOENT/);
  await refused(admin(['backup', join(data, 'secret', 'x')]), /cannot be written: ENOTDIR/);
  await refused(admin(['restore', file]), /^The database is not empty: .*\. Nothing was changed/);
  await refused(restoring(['restore', file]), /^The secret here is not the one .*--other-secret/);
  await refused(restoring(['restore', join(data, 'secret')]), /^secret is not a backup/);
  await refused(restoring(['restore', fileOf('missing')]), /cannot be read: ENOENT/);
  const broken = fileOf('cut');
  await copyFile(file, broken);
  await truncate(broken, (await stat(file)).size - 1);
  await refused(restoring(['restore', broken]), /^cut\.backup is not whole: its end is missing\.\n$/);
  await refused(restoring(['restore', '--check', broken]), /is not whole/);
  // Nothing was begun for any of these, and no part of a file was left behind.
  expect((await readdir(scratch)).filter((name) => name === 'empty' || name.includes('.part-'))).toEqual([]);

  expect((await admin(['restore', '--check', file])).output).toContain('is whole');
  expect(await restoring(['restore', file, '--other-secret'])).toMatchObject({ code: 0, errors: '' });
  expect(await admin(['backup', file, '--replace'])).toMatchObject({ code: 0, errors: '' });
});
