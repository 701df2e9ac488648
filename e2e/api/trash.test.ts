import type { TrashPage } from 'halo-contract';
import { expect, test } from 'vitest';
import { expectJson, haloAt, type Person } from '../halo.js';
import { peculiarKeys } from '../legal-keys.js';
import { expectProblem } from '../problem.js';
import { sharedHalo } from '../shared-halo.js';
import { until } from '../until.js';

const server = sharedHalo();
const halo = haloAt(server.url);

test('holds deleted keys in byte order, page by page and by prefix', async () => {
  const person = await halo.signUp();
  const keys = ['a', 'b/1', 'b/2', 'é', 'ﬀ', '😀'];
  for (const key of [...keys, 'stays']) await halo.set(person, key, key);
  for (const key of [...keys].reverse()) await halo.delete(person, key);
  const found: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: TrashPage = await trashOf(person, { limit: '4', ...(cursor === '' ? {} : { cursor }) });
    found.push(...page.entries.map(({ key }) => key));
    cursor = page.cursor;
  }
  expect(found).toEqual(keys);
  const { entries } = await trashOf(person, { prefix: 'b/' });
  expect(entries).toEqual([
    { key: 'b/1', revision: 12, reason: 'delete', deleted_at: expect.any(String), size: 3 },
    { key: 'b/2', revision: 11, reason: 'delete', deleted_at: expect.any(String), size: 3 },
  ]);
});

test('receives keys that expire, which nobody has to ask for', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'brief', 'value', { query: 'ttl=0.2' });
  const { entries } = await until('The sweep', async () => {
    const page = await trashOf(person);
    return page.entries.length > 0 && page;
  });
  expect(entries).toMatchObject([{ key: 'brief', revision: 2, reason: 'expire', size: 5 }]);
  expect(await halo.account(person)).toMatchObject({ revision: 2, usage: { keys: 0, bytes: 0 } });
});

test('gives up a key that is set again', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'first');
  await halo.delete(person, 'key');
  await halo.set(person, 'key', 'second');
  expect((await trashOf(person)).entries).toEqual([]);
});

test('is each person’s own', async () => {
  const [owner, other] = [await halo.signUp(), await halo.signUp()];
  await halo.set(owner, 'key', 'secret');
  await halo.delete(owner, 'key');
  expect((await trashOf(other)).entries).toEqual([]);
  await expectProblem(await halo.purge(other, 'key'), 'not-found');
  expect((await trashOf(owner)).entries).toHaveLength(1);
});

test('purged, a key is gone from the trash and its values from history', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'a secret', { headers: { 'halo-metadata': '{"a":1}' } });
  await halo.delete(person, 'key');
  const dry = await halo.purge(person, 'key', 'dry_run=true');
  expect([dry.status, await dry.text()]).toEqual([204, '']);
  const past = () => halo.get(person, 'key', { query: 'revision=1' });
  expect(await (await past()).text()).toBe('a secret');
  expect((await halo.purge(person, 'key')).status).toBe(204);
  await expectProblem(await past(), 'pruned');
  expect((await trashOf(person)).entries).toEqual([]);
  await expectProblem(await halo.purge(person, 'key'), 'not-found');
  // Purging is no commit: the account's revision stands for what its keys are.
  expect((await halo.account(person)).revision).toBe(2);
});

test('does not take a purge for a key that lives or never was', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value');
  for (const key of ['key', 'absent']) {
    await expectProblem(await halo.purge(person, key), 'not-found');
    await expectProblem(await halo.purge(person, key, 'dry_run=true'), 'not-found');
  }
  expect((await halo.read(person, 'key')).toString()).toBe('value');
});

test('takes keys under every name that a path can carry', async () => {
  const person = await halo.signUp();
  for (const key of peculiarKeys) {
    await halo.set(person, key, 'value');
    await halo.delete(person, key);
    expect((await halo.purge(person, key)).status).toBe(204);
  }
  expect((await trashOf(person)).entries).toEqual([]);
});

test('refuses a cursor that it did not issue, and an unknown parameter', async () => {
  const person = await halo.signUp();
  for (const cursor of ['%', 'a b', '=', 'AA==']) {
    await expectProblem(await trash(person, { cursor }), 'invalid-request', { pointer: '/cursor' });
  }
  await expectProblem(await trash(person, { owner: '1' }), 'invalid-request', { pointer: '/owner' });
});

function trash(person: Person, query: Readonly<Record<string, string>> = {}): Promise<Response> {
  return halo.request('GET', `/v1/trash?${new URLSearchParams(query)}`, { token: person.accessToken });
}

async function trashOf(person: Person, query?: Readonly<Record<string, string>>): Promise<TrashPage> {
  return expectJson<TrashPage>(await trash(person, query), 200);
}
