import { operations } from 'halo-contract';
import { expect, test } from 'vitest';
import { openChanges } from '../event-source.js';
import { goodPassword, haloAt, newName, type Person } from '../halo.js';
import { expectProblem } from '../problem.js';
import { securityOf, withToken } from '../security.js';
import { sharedHalo } from '../shared-halo.js';
import { until } from '../until.js';

const server = sharedHalo();
const halo = haloAt(server.url);
const security = securityOf(halo);

const logIn = ({ name }: Person) => halo.post(operations.logIn.path, { name, password: goodPassword });

test('once an account is deleted, nothing opens it any more', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value');
  const other = await halo.logIn(person);
  const token = withToken(person, await security.createToken(person));
  expect((await security.deleteAccount(person)).status).toBe(204);
  for (const holder of [person, other, token]) {
    await expectProblem(await halo.get(holder, 'key'), 'session-ended');
    await expectProblem(await halo.put(holder, 'key', 'x'), 'session-ended');
    await expectProblem(await halo.list(holder), 'session-ended');
    const account = { token: holder.accessToken };
    await expectProblem(await halo.request('GET', operations.getAccount.path, account), 'session-ended');
    await expectProblem(await security.deleteAccount(holder), 'session-ended');
  }
  await expectProblem(await halo.refresh(person.refreshToken), 'session-ended');
  const unknown = await expectProblem(await logIn({ ...person, name: newName() }), 'unauthenticated');
  const gone = await expectProblem(await logIn(person), 'unauthenticated');
  expect(gone.detail).toBe(unknown.detail);
});

test('the name is free at once, and who takes it finds nothing of what was', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value');
  const token = withToken(person, await security.createToken(person));
  expect((await security.deleteAccount(person)).status).toBe(204);
  const next = await halo.signUp(person.name);
  expect(next.id).not.toBe(person.id);
  await expectProblem(await halo.get(next, 'key'), 'not-found');
  expect(await halo.account(next)).toMatchObject({ usage: { keys: 0, bytes: 0 }, revision: 0 });
  expect((await security.audit(next)).map(({ event }) => event)).toEqual(['sign-up']);
  expect(await security.sessions(next)).toHaveLength(1);
  expect(await security.tokens(next)).toEqual([]);
  for (const holder of [person, token]) await expectProblem(await halo.list(holder), 'session-ended');
  await expectProblem(await halo.refresh(person.refreshToken), 'session-ended');
});

test('a wrong password deletes nothing, and neither does a body that is not one', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value');
  for (const wrong of [`${goodPassword}!`, goodPassword.toUpperCase()]) {
    const response = await security.deleteAccount(person, wrong);
    await expectProblem(response, 'unauthenticated', { pointer: '/password' });
  }
  for (const [pointer, body] of [
    ['/password', {}],
    ['/password', { password: '' }],
    ['/password', { password: null }],
    ['/account_id', { password: goodPassword, account_id: '1' }],
    ['/name', { password: goodPassword, name: person.name }],
  ] as const) {
    const response = await security.ask(person, 'DELETE', operations.deleteAccount.path, body);
    await expectProblem(response, 'invalid-request', { pointer });
  }
  const bare = await security.ask(person, 'DELETE', operations.deleteAccount.path);
  expect(bare.status).toBeGreaterThanOrEqual(400);
  expect((await halo.read(person, 'key')).toString()).toBe('value');
});

test('an API token deletes nothing, even with the password', async () => {
  const person = await halo.signUp();
  const token = withToken(person, await security.createToken(person));
  await expectProblem(await security.deleteAccount(token), 'insufficient-scope');
  expect((await halo.list(person)).status).toBe(200);
});

test('no other account notices', async () => {
  const [person, other] = [await halo.signUp(), await halo.signUp()];
  for (const each of [person, other]) for (const key of ['a', 'b']) await halo.set(each, key, each.name);
  await halo.delete(other, 'b');
  const token = withToken(other, await security.createToken(other));
  expect((await security.deleteAccount(person)).status).toBe(204);
  expect((await halo.read(token, 'a')).toString()).toBe(other.name);
  expect(await halo.account(other)).toMatchObject({ usage: { keys: 1 }, revision: 3 });
  expect((await halo.purge(other, 'b')).status).toBe(204);
  expect((await security.audit(other)).map(({ event }) => event)).toEqual(['sign-up', 'token-created']);
});

test('open streams end with it', async () => {
  const person = await halo.signUp();
  const token = withToken(person, await security.createToken(person));
  const streams = await Promise.all([person, token].map((holder) => openChanges(server.url, holder)));
  expect((await security.deleteAccount(person)).status).toBe(204);
  for (const stream of streams) await until('The end of the stream', stream.isClosed);
  for (const { events } of streams) {
    expect(events.at(-1)).toMatchObject({ event: 'end', data: { code: 'session-ended' } });
  }
});

test('writes that race the deletion are either before it or refused', async () => {
  const person = await halo.signUp();
  const token = withToken(person, await security.createToken(person));
  let isDeleted = false;
  const writer = async (who: Person, name: string): Promise<number> => {
    for (let count = 0; ; count += 1) {
      const isAfter = isDeleted;
      const { status } = await halo.put(who, `${name} ${count}`, 'x');
      if (status === 401) return count;
      expect([status, isAfter]).toEqual([201, false]);
    }
  };
  const writers = Promise.all([writer(person, 'session'), writer(token, 'token')]);
  await until('A write', async () => (await halo.account(person)).revision > 5);
  expect((await security.deleteAccount(person)).status).toBe(204);
  isDeleted = true;
  const [bySession = 0, byToken = 0] = await writers;
  expect(bySession + byToken).toBeGreaterThan(5);
});

test('of several deletions at once one answers 204', async () => {
  const person = await halo.signUp();
  const again = await halo.logIn(person);
  const answers = await Promise.all([person, again, person].map((each) => security.deleteAccount(each)));
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 401, 401]);
});

test('a browser loses its cookie with the account', async () => {
  const person = await halo.signUp();
  const { name, password } = person;
  const sameOrigin = { 'sec-fetch-site': 'same-origin' };
  const logged = await halo.post(operations.logIn.path, { name, password, cookie: true }, sameOrigin);
  const [cookie = ''] = (logged.headers.get('set-cookie') ?? '').split(';', 1);
  const response = await halo.request('DELETE', operations.deleteAccount.path, {
    token: person.accessToken,
    headers: { cookie, 'content-type': 'application/json' },
    body: JSON.stringify({ password }),
  });
  expect(response.status).toBe(204);
  expect(response.headers.get('set-cookie')).toMatch(/(Max-Age=0|Expires=Thu, 01 Jan 1970)/);
});
