import { limits, type OperationName } from 'halo-contract';
import { goodPassword, newName } from '../halo.js';
import { type AnswerCase, endedToken, json } from './answer-case.js';

const crossSite = { 'sec-fetch-site': 'cross-site' };
const tooLarge = 'x'.repeat(limits.smallBodyBytesMax);

/** What the three operations that hand out tokens have in common. */
function grantCases(operation: OperationName, body: object): AnswerCase[] {
  return [
    {
      operation,
      proves: 'invalid-request',
      when: 'a member is unknown',
      send: () => json({ ...body, owner: '1' }),
    },
    {
      operation,
      proves: 'cross-site',
      when: 'another site asks for the cookie',
      send: () => json({ ...body, cookie: true }, crossSite),
    },
    {
      operation,
      proves: 'unsupported-media-type',
      when: 'the body is not declared as JSON',
      send: () => json(body, { 'content-type': 'text/plain' }),
    },
    {
      operation,
      proves: 'too-large',
      when: 'the body is over 16 KiB',
      send: () => json({ ...body, padding: tooLarge }),
    },
  ];
}

const strangers = () => ({ name: newName(), password: goodPassword });

export const accountCases: readonly AnswerCase[] = [
  ...grantCases('signUp', strangers()),
  ...grantCases('logIn', strangers()),
  ...grantCases('refresh', { refresh_token: 'halort_unknown' }),
  {
    operation: 'signUp',
    proves: 201,
    when: 'the name is free',
    send: () => json(strangers()),
  },
  {
    operation: 'signUp',
    proves: 'weak-password',
    when: 'the password is short',
    send: () => json({ name: newName(), password: 'too short' }),
  },
  {
    operation: 'signUp',
    proves: 'name-taken',
    when: 'somebody has the name',
    send: (_halo, { name }) => json({ name, password: goodPassword }),
  },
  {
    operation: 'logIn',
    proves: 200,
    when: 'name and password are right',
    send: (_halo, { name, password }) => json({ name, password }),
  },
  {
    operation: 'logIn',
    proves: 'unauthenticated',
    when: 'the password is wrong',
    send: (_halo, { name }) => json({ name, password: `${goodPassword}, not` }),
  },
  {
    operation: 'refresh',
    proves: 200,
    when: 'the refresh token is new',
    send: (_halo, { refreshToken }) => json({ refresh_token: refreshToken }),
  },
  {
    operation: 'refresh',
    proves: 'unauthenticated',
    when: 'the refresh token is none',
    send: () => json({ refresh_token: 'halort_unknown' }),
  },
  {
    operation: 'refresh',
    proves: 'session-ended',
    when: 'the session was logged out',
    send: async (halo, person) => {
      const session = await halo.logIn(person);
      await halo.logOut(session);
      return json({ refresh_token: session.refreshToken });
    },
  },
  { operation: 'logOut', proves: 204, when: 'the session lives', send: () => ({}) },
  {
    operation: 'logOut',
    proves: 'unauthenticated',
    when: 'nothing proves who asks',
    send: () => ({ token: null }),
  },
  {
    operation: 'logOut',
    proves: 'session-ended',
    when: 'it was logged out before',
    send: async (halo, person) => ({ token: await endedToken(halo, person) }),
  },
  {
    operation: 'logOut',
    proves: 'cross-site',
    when: 'another site relies on the cookie',
    send: async (halo, { name, password }) => {
      const sameOrigin = { 'sec-fetch-site': 'same-origin' };
      const answer = await halo.post('/v1/auth/log-in', { name, password, cookie: true }, sameOrigin);
      const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';', 1);
      return { token: null, headers: { ...crossSite, cookie } };
    },
  },
  { operation: 'getAccount', proves: 200, when: 'the session lives', send: () => ({}) },
  {
    operation: 'getAccount',
    proves: 'unauthenticated',
    when: 'nothing proves who asks',
    send: () => ({ token: null }),
  },
  {
    operation: 'getAccount',
    proves: 'session-ended',
    when: 'the session was logged out',
    send: async (halo, person) => ({ token: await endedToken(halo, person) }),
  },
  { operation: 'live', proves: 200, when: 'it runs', send: () => ({}) },
  { operation: 'ready', proves: 200, when: 'PostgreSQL answers', send: () => ({}) },
  { operation: 'jwks', proves: 200, when: 'anybody asks', send: () => ({}) },
];
