import { expect, test } from 'vitest';
import { goodPassword, haloAt, type Person } from '../halo.js';
import { expectProblem } from '../problem.js';
import { securityOf, withToken } from '../security.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);
const security = securityOf(halo);

const next = 'a kettle under loud mountains';
const change = { current: goodPassword, next };

const logIn = ({ name }: Person, password: string) => halo.post('/v1/auth/log-in', { name, password });

test('the new password opens the account and the old one no longer does', async () => {
  const person = await halo.signUp();
  expect((await security.changePassword(person, change)).status).toBe(204);
  await expectProblem(await logIn(person, goodPassword), 'unauthenticated');
  expect((await logIn(person, next)).status).toBe(200);
});

test('every other session ends, and this one goes on', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value');
  const others = [await halo.logIn(person), await halo.logIn(person)];
  const token = withToken(person, await security.createToken(person));
  expect((await security.changePassword(person, change)).status).toBe(204);
  for (const other of others) {
    await expectProblem(await halo.get(other, 'key'), 'session-ended');
    await expectProblem(await halo.put(other, 'key', 'x'), 'session-ended');
    await expectProblem(await halo.refresh(other.refreshToken), 'session-ended');
  }
  expect((await halo.read(person, 'key')).toString()).toBe('value');
  expect((await halo.refresh(person.refreshToken)).status).toBe(200);
  expect((await halo.read(token, 'key')).toString()).toBe('value');
});

test('API tokens end when asked to, and stay when asked to', async () => {
  for (const revokeTokens of [true, false]) {
    const person = await halo.signUp();
    const token = withToken(person, await security.createToken(person));
    expect((await security.changePassword(person, { ...change, revokeTokens })).status).toBe(204);
    if (revokeTokens) await expectProblem(await halo.list(token), 'session-ended');
    else expect((await halo.list(token)).status).toBe(200);
    expect(await security.tokens(person)).toHaveLength(revokeTokens ? 0 : 1);
  }
});

test('a wrong current password changes and ends nothing, and says which field it was', async () => {
  const person = await halo.signUp();
  const other = await halo.logIn(person);
  for (const current of [next, `${goodPassword} `, goodPassword.toUpperCase()]) {
    const response = await security.changePassword(person, { current, next, revokeTokens: true });
    await expectProblem(response, 'unauthenticated', { pointer: '/current_password' });
  }
  expect((await halo.list(other)).status).toBe(200);
  expect((await logIn(person, goodPassword)).status).toBe(200);
});

test.for([
  ['short', 'too short'],
  ['longer than 128 characters', 'a long phrase, '.repeat(9)],
  ['common', 'password1234'],
  ['one character repeated', 'aaaaaaaaaaaaaaaa'],
  ['with a NUL', 'a kettle\0under loud mountains'],
  ['with half of a surrogate pair', 'a kettle under \ud800 mountains'],
] as const)('a new password that is %s is refused and changes nothing', async ([, weak]) => {
  const person = await halo.signUp();
  const response = await security.changePassword(person, { current: goodPassword, next: weak });
  await expectProblem(response, 'weak-password', { pointer: '/new_password' });
  expect((await logIn(person, goodPassword)).status).toBe(200);
});

test('the name is no new password', async () => {
  const person = await halo.signUp();
  const response = await security.changePassword(person, {
    current: goodPassword,
    next: person.name.toUpperCase(),
  });
  await expectProblem(response, 'weak-password', { pointer: '/new_password' });
});

test('what is malformed is refused before anything is hashed', async () => {
  const person = await halo.signUp();
  const right = { current_password: goodPassword, new_password: next };
  for (const [pointer, body] of [
    ['/current_password', { new_password: next }],
    ['/new_password', { current_password: goodPassword }],
    ['/new_password', { ...right, new_password: '' }],
    ['/new_password', { ...right, new_password: 12 }],
    ['/new_password', { ...right, new_password: 'x'.repeat(1_025) }],
    ['/revoke_tokens', { ...right, revoke_tokens: 'yes' }],
    ['/name', { ...right, name: person.name }],
    ['/account_id', { ...right, account_id: '1' }],
  ] as const) {
    const response = await security.ask(person, 'POST', '/v1/account/password', body);
    await expectProblem(response, 'invalid-request', { pointer });
  }
  expect((await logIn(person, goodPassword)).status).toBe(200);
});

test('of several changes at once one holds, and its session alone lives', async () => {
  const person = await halo.signUp();
  const sessions = [person, await halo.logIn(person), await halo.logIn(person), await halo.logIn(person)];
  const passwords = sessions.map((_, index) => `${next} number ${index}`);
  const answers = await Promise.all(
    sessions.map((session, index) =>
      security.changePassword(session, { current: goodPassword, next: passwords[index] ?? '' }),
    ),
  );
  const winners = answers.flatMap(({ status }, index) => (status === 204 ? [index] : []));
  expect(winners).toHaveLength(1);
  for (const [index, session] of sessions.entries()) {
    expect((await halo.list(session)).status).toBe(index === winners[0] ? 200 : 401);
  }
  expect((await logIn(person, passwords[winners[0] ?? 0] ?? '')).status).toBe(200);
});

test('a log-in with the old password that races the change leaves no session behind', async () => {
  for (let round = 0; round < 3; round += 1) {
    const person = await halo.signUp();
    const racing = Array.from({ length: 3 }, () => logIn(person, goodPassword));
    expect((await security.changePassword(person, change)).status).toBe(204);
    for (const response of await Promise.all(racing)) {
      if (response.status !== 200) continue;
      const { access_token: token } = (await response.json()) as { access_token: string };
      expect((await halo.request('GET', '/v1/keys', { token })).status).toBe(401);
    }
    expect(await security.sessions(person)).toHaveLength(1);
  }
});
