import { type Grant, limits } from 'halo-contract';
import { expect, test } from 'vitest';
import { expectJson, goodPassword, haloAt, newName } from '../halo.js';
import { expectProblem } from '../problem.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);

const signUp = (name: string, password = goodPassword) => halo.post('/v1/auth/sign-up', { name, password });
const logIn = (name: string, password = goodPassword) => halo.post('/v1/auth/log-in', { name, password });

test('signing up makes an empty account and logs in', async () => {
  const name = newName();
  const response = await signUp(name);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.has('set-cookie')).toBe(false);
  const grant = await expectJson<Grant>(response, 201);
  expect(grant).toMatchObject({
    account: { name },
    token_type: 'Bearer',
    expires_in: limits.accessTokenSeconds,
  });
  const seen = await halo.request('GET', '/v1/account', { token: grant.access_token });
  expect(await expectJson(seen, 200)).toEqual({
    account: grant.account,
    limits: { keys: limits.accountKeysMax, bytes: limits.accountBytesMax },
    usage: { keys: 0, bytes: 0 },
    revision: 0,
  });
});

test('each log-in is a session of its own on the same account', async () => {
  const person = await halo.signUp();
  const again = await halo.logIn(person);
  expect(again.id).toBe(person.id);
  expect(again.accessToken).not.toBe(person.accessToken);
  expect(again.refreshToken).not.toBe(person.refreshToken);
});

/** Ways to write one name, each around a part that makes it unique to the test. */
const spellings: readonly (readonly [written: string, other: string])[] = [
  ['Ada', 'aDA'],
  ['straße', 'STRASSE'],
  ['ﬁona', 'fiona'],
  ['Ａda', 'ada'],
  ['Zoe\u0308', 'Zo\u00eb'],
  ['ΣΑΣ', 'σας'],
];

test.for(spellings)('%s and %s are one name', async ([written, other]) => {
  const unique = newName();
  const person = await halo.signUp(`${written}.${unique}`);
  expect(person.name).toBe(`${written}.${unique}`.normalize('NFKC'));
  await expectProblem(await signUp(`${other}.${unique}`), 'name-taken', { pointer: '/name' });
  const grant = await expectJson<Grant>(await logIn(`${other}.${unique}`), 200);
  expect(grant.account).toMatchObject({ id: person.id, name: person.name });
});

test('of many who sign up under one name at once exactly one gets it', async () => {
  const name = newName();
  const answers = await Promise.all(Array.from({ length: 10 }, () => signUp(name)));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(409)]);
});

const run = newName().replaceAll('person-', '');

test.for([
  `n${run}`.slice(0, 12),
  `${run}.x_y-z+w@example.org`,
  `${run}-日本語`,
  `${run}-नमस्ते`,
  `${run}${'n'.repeat(64 - run.length)}`,
])('the name %s is taken', async (name) => {
  expect((await halo.signUp(name)).name).toBe(name);
});

test.for([
  ['of two characters', 'ab'],
  ['of 65 characters', 'n'.repeat(65)],
  ['of 257 characters', 'n'.repeat(257)],
  ['empty', ''],
  ['with a space', 'ada lovelace'],
  ['with a blank at its end', 'ada '],
  ['with a slash', 'ada/b'],
  ['with an emoji', 'ada🙂'],
  ['with a NUL', 'ada\0'],
  ['with a control character', 'ada\u0007'],
  ['with an invisible character', 'a\u200bda'],
  ['with a mark that overrides direction', 'ada\u202e'],
  ['that is a lone surrogate', 'ada\ud800'],
  ['of marks alone', '\u0301\u0301\u0301'],
  ['with markup', '<b>ada</b>'],
] as const)('a name %s is refused', async ([, name]) => {
  await expectProblem(await signUp(name), 'invalid-request', { pointer: '/name' });
});

test.for([
  ['short', 'elevenchars'],
  ['longer than 128 characters', 'a long phrase, '.repeat(9)],
  ['common', 'password1234'],
  ['common in capitals', 'PASSWORD1234'],
  ['common and repeated', 'qwertyqwerty'],
  ['one character repeated', 'aaaaaaaaaaaaaaaa'],
  ['a row of digits', '123456789012'],
  ['with a NUL', 'a lantern\0over water'],
  ['with a lone surrogate', 'a lantern over \ud800 water'],
] as const)('a password that is %s is refused and makes no account', async ([, password]) => {
  const name = newName();
  await expectProblem(await signUp(name, password), 'weak-password', { pointer: '/password' });
  expect((await signUp(name)).status).toBe(201);
});

test('the name itself is no password', async () => {
  const name = newName();
  await expectProblem(await signUp(name, name.toUpperCase()), 'weak-password');
});

test('passwords of 12 and 128 characters of any kind work, in either normalisation', async () => {
  for (const password of [
    'żółw & 🐢 rze',
    'été 🙂 à la mer, '.repeat(8),
    '            leading and trailing   ',
  ]) {
    const person = await halo.signUp(newName(), password);
    expect((await halo.logIn({ ...person, password: password.normalize('NFD') })).id).toBe(person.id);
  }
});

test('no part of a password is ignored', async () => {
  const long = `${'a phrase of words '.repeat(7)}A`;
  const person = await halo.signUp(newName(), long);
  for (const other of [
    `${long.slice(0, -1)}B`,
    long.slice(0, -1),
    `${long} `,
    ` ${long}`,
    long.toLowerCase(),
  ]) {
    await expectProblem(await logIn(person.name, other), 'unauthenticated');
  }
});

test('an unknown name, an impossible one and a wrong password get the same answer', async () => {
  const { name } = await halo.signUp();
  const answers = await Promise.all(
    [name, newName(), '!', 'x'.repeat(100), '\0'].map(async (each) => {
      const response = await logIn(each, 'a wrong but long password');
      const { detail, pointer } = await expectProblem(response, 'unauthenticated');
      return { detail, pointer, challenge: response.headers.get('www-authenticate') };
    }),
  );
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
});
