import { type HistoryPage, operations } from 'halo-contract';
import { expect, test } from 'vitest';
import { expectJson, haloAt, type Person } from '../halo.js';
import { peculiarKeys } from '../legal-keys.js';
import { expectProblem } from '../problem.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);

test('tells what became of a key, newest first, also when it is deleted', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'first', { headers: { 'content-type': 'text/plain' } });
  await halo.set(person, 'other', 'value');
  await halo.set(person, 'key', 'second one', {
    query: 'ttl=3600',
    headers: { 'content-type': 'image/png' },
  });
  const expires = (await halo.head(person, 'key')).headers.get('halo-expires-at');
  await halo.delete(person, 'key');
  const { versions, cursor } = await historyOf(person, 'key');
  const told = { actor: expect.any(String), written_at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) };
  const none = { size: null, content_type: null, expires_at: null };
  expect(versions).toEqual([
    { revision: 4, kind: 'delete', ...none, ...told },
    { revision: 3, kind: 'set', size: 10, content_type: 'image/png', expires_at: expires, ...told },
    { revision: 1, kind: 'set', size: 5, content_type: 'text/plain', expires_at: null, ...told },
  ]);
  expect(cursor).toBeNull();
  const times = versions.map(({ written_at }) => Date.parse(written_at));
  expect(times).toEqual([...times].sort((a, b) => b - a));
});

test('comes in pages that join without gap or repetition, whatever is written meanwhile', async () => {
  const person = await halo.signUp();
  for (let index = 0; index < 7; index += 1) await halo.set(person, 'key', `value ${index}`);
  const revisions: number[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor === '' ? 'limit=3' : `limit=3&cursor=${cursor}`;
    const page = await historyOf(person, 'key', query);
    expect(page.versions.length).toBeLessThanOrEqual(3);
    revisions.push(...page.versions.map(({ revision }) => revision));
    cursor = page.cursor;
    await halo.set(person, 'key', 'written meanwhile');
  }
  expect(revisions).toEqual([7, 6, 5, 4, 3, 2, 1]);
});

test('names the device that made a change, and never the session', async () => {
  const person = await halo.signUp();
  const other = await halo.logIn(person);
  await halo.set(other, 'key', 'by one that will be ended');
  await halo.set(person, 'key', 'by one that goes on');
  await halo.logOut(other);
  const response = await history(person, 'key');
  const text = await response.clone().text();
  const { versions } = await expectJson<HistoryPage>(response, 200);
  // What `fetch` of Node calls itself.
  expect(versions.map(({ actor }) => actor)).toEqual(['node', 'ended session']);
  for (const { accessToken } of [person, other]) {
    const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString());
    expect(claims.sid).toEqual(expect.any(String));
    expect(text).not.toContain(claims.sid);
  }
});

test('finds keys under every name that a path can carry', async () => {
  const person = await halo.signUp();
  for (const key of peculiarKeys) {
    const { revision } = await halo.set(person, key, key);
    const { versions } = await historyOf(person, key);
    expect(versions.map((version) => version.revision)).toEqual([revision]);
  }
});

test('of another person’s key is as that of none', async () => {
  const [owner, other] = [await halo.signUp(), await halo.signUp()];
  await halo.set(owner, 'theirs', 'secret');
  for (const query of ['', 'cursor=1', 'limit=1']) {
    await expectProblem(await history(other, 'theirs', query), 'not-found');
    await expectProblem(await history(other, 'absent', query), 'not-found');
  }
});

test.for([
  ['limit=0', '/limit'],
  ['limit=1001', '/limit'],
  ['limit=x', '/limit'],
  ['cursor=', '/cursor'],
  ['cursor=-1', '/cursor'],
  ['cursor=1;drop', '/cursor'],
  ['key=a', '/key'],
] as const)('refuses ?%s', async ([query, pointer]) => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value');
  await expectProblem(await history(person, 'key', query), 'invalid-request', { pointer });
});

function history(person: Person, key: string, query = ''): Promise<Response> {
  const path = operations.getHistory.path.replace('{key}', () => encodeURIComponent(key));
  return halo.request('GET', `${path}?${query}`, { token: person.accessToken });
}

async function historyOf(person: Person, key: string, query = ''): Promise<HistoryPage> {
  return expectJson<HistoryPage>(await history(person, key, query), 200);
}
