import { type Grant, limits, operations } from 'halo-contract';
import { expect, test } from 'vitest';
import { expectJson, haloAt, type Person, personOf } from '../halo.js';
import { expectProblem } from '../problem.js';
import { securityOf, withToken } from '../security.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);
const security = securityOf(halo);

async function logInFrom({ name, password }: Person, device: string): Promise<Person> {
  const response = await halo.post(operations.logIn.path, { name, password }, { 'user-agent': device });
  return personOf(await expectJson<Grant>(response, 200), password);
}

test('every log-in is listed with its device and address, the asking one marked', async () => {
  const person = await halo.signUp();
  const phone = await logInFrom(person, 'A phone');
  await security.createToken(person);
  const sessions = await security.sessions(phone);
  expect(sessions.map(({ device, current }) => [device, current])).toEqual([
    ['A phone', true],
    [expect.any(String), false],
  ]);
  for (const { id, address, created_at, last_used_at, expires_at } of sessions) {
    expect(id).toMatch(/^[\w-]{16}$/);
    expect(address).toMatch(/^(127\.0\.0\.1|::1|::ffff:127\.0\.0\.1)$/);
    expect(Date.parse(last_used_at)).toBeGreaterThanOrEqual(Date.parse(created_at));
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBe(limits.refreshTokenSeconds * 1_000);
  }
  const [first, second] = await Promise.all([security.ownSession(person), security.ownSession(phone)]);
  expect(first.id).not.toBe(second.id);
});

test('a refresh keeps the session and moves it to the top', async () => {
  const person = await halo.signUp();
  const later = await halo.logIn(person);
  const [before] = await security.sessions(person);
  expect(before?.current).toBe(false);
  const refreshed = personOf(await expectJson<Grant>(await halo.refresh(person.refreshToken), 200));
  const sessions = await security.sessions(refreshed);
  expect(sessions.map(({ current }) => current)).toEqual([true, false]);
  expect((await security.ownSession(later)).id).toBe(sessions[1]?.id);
});

test('nothing in the list is a credential, nor part of one', async () => {
  const person = await halo.signUp();
  const text = JSON.stringify(await security.sessions(person));
  const secret = Buffer.from(person.refreshToken.slice('halort_'.length), 'base64url').subarray(20, 52);
  for (const encoding of ['hex', 'base64', 'base64url'] as const) {
    expect(text).not.toContain(secret.toString(encoding).slice(3, 30));
  }
  expect(text).not.toContain(person.accessToken.split('.')[2]);
});

test('ending a session stops its every use and no other’s', async () => {
  const person = await halo.signUp();
  const [leaving, staying] = [await halo.logIn(person), await halo.logIn(person)];
  const token = withToken(person, await security.createToken(leaving));
  const { id } = await security.ownSession(leaving);
  expect((await security.endSession(person, id)).status).toBe(204);
  await expectProblem(await halo.list(leaving), 'session-ended');
  await expectProblem(await halo.put(leaving, 'key', 'x'), 'session-ended');
  await expectProblem(await halo.refresh(leaving.refreshToken), 'session-ended');
  for (const other of [person, staying, token]) expect((await halo.list(other)).status).toBe(200);
  expect((await halo.refresh(staying.refreshToken)).status).toBe(200);
  await expectProblem(await security.endSession(person, id), 'not-found');
});

test('ending the own session is a log-out', async () => {
  const person = await halo.signUp();
  const { id } = await security.ownSession(person);
  expect((await security.endSession(person, id)).status).toBe(204);
  await expectProblem(await halo.list(person), 'session-ended');
  await expectProblem(await halo.refresh(person.refreshToken), 'session-ended');
});

test('ending all other sessions leaves this one and the API tokens', async () => {
  const person = await halo.signUp();
  const others = [await halo.logIn(person), await halo.logIn(person), await halo.logIn(person)];
  const token = withToken(person, await security.createToken(person));
  expect((await security.endOtherSessions(person)).status).toBe(204);
  for (const other of others) {
    await expectProblem(await halo.list(other), 'session-ended');
    await expectProblem(await halo.refresh(other.refreshToken), 'session-ended');
  }
  expect((await security.sessions(person)).map(({ current }) => current)).toEqual([true]);
  expect((await halo.list(token)).status).toBe(200);
  expect((await security.endOtherSessions(person)).status).toBe(204);
  expect((await halo.refresh(person.refreshToken)).status).toBe(200);
});

const strangeIds = [
  'AAAAAAAAAAAAAAAA',
  'x',
  'a\0b',
  '../x',
  'a/b',
  '__proto__',
  'a'.repeat(101),
  'a'.repeat(4_000),
];

test('an id that is none, a token’s, or somebody else’s, is not found: with one and the same answer', async () => {
  const [person, other] = [await halo.signUp(), await halo.signUp()];
  const theirs = await security.ownSession(other);
  const token = await security.createToken(person);
  const own = await security.ownSession(person);
  const told = new Set<string>();
  for (const id of [...strangeIds, theirs.id, token.id, `${own.id}%20`, ` ${own.id}`]) {
    const { request_id: _id, ...problem } = await expectProblem(
      await security.endSession(person, id),
      'not-found',
    );
    told.add(JSON.stringify(problem));
  }
  expect([...told]).toHaveLength(1);
  expect((await halo.list(other)).status).toBe(200);
  expect((await halo.refresh(other.refreshToken)).status).toBe(200);
  expect((await halo.list(withToken(person, token))).status).toBe(200);
  // Proves that the id alone was the matter.
  expect((await security.endSession(other, theirs.id)).status).toBe(204);
});

test('a device may call itself anything that a header can hold', async () => {
  const person = await halo.signUp();
  const devices = ['<script>alert(1)</script>', "'; drop table sessions; --", 'x'.repeat(5_000), 'caf\u00e9'];
  for (const device of devices) await logInFrom(person, device);
  const listed = (await security.sessions(person)).map(({ device }) => device ?? '');
  expect(listed).toEqual(expect.arrayContaining(devices.slice(0, 2)));
  expect(listed.every((device) => device.length <= 256)).toBe(true);
});
