import { limits, type OperationName, operations } from 'halo-contract';
import { goodPassword } from '../halo.js';
import { securityOf } from '../security.js';
import { type AnswerCase, endedToken, json, type Sending } from './answer-case.js';

const otherPassword = 'a kettle under loud mountains';
const noId = 'AAAAAAAAAAAAAAAA';

const changePassword = json({ current_password: goodPassword, new_password: otherPassword });
const deleteAccount = json({ password: goodPassword });
const createToken = json({ name: 'backup script', access: 'read' });

/** What is sent to each operation where nothing is wrong but what the case says. */
const right: Readonly<Partial<Record<OperationName, Sending>>> = {
  getUsage: {},
  changePassword,
  deleteAccount,
  listSessions: {},
  endSession: { id: noId },
  endOtherSessions: {},
  listTokens: {},
  createToken,
  revokeToken: { id: noId },
  listAudit: {},
};

const names = Object.keys(right) as OperationName[];

/** Nobody, and nobody any more. */
const credentialCases = names.flatMap((operation): AnswerCase[] => [
  {
    operation,
    proves: 'unauthenticated',
    when: 'nothing proves who asks',
    send: () => ({ ...right[operation], token: null }),
  },
  {
    operation,
    proves: 'session-ended',
    when: 'the session was logged out',
    send: async (halo, person) => ({ ...right[operation], token: await endedToken(halo, person) }),
  },
]);

const bodyCases = (['changePassword', 'deleteAccount', 'createToken'] as const).flatMap(
  (operation): AnswerCase[] => [
    { operation, proves: 'invalid-request', when: 'the body is empty', send: () => json({}) },
    {
      operation,
      proves: 'invalid-request',
      when: 'a member is unknown',
      send: () => json({ ...JSON.parse(String(right[operation]?.body)), owner: '1' }),
    },
    {
      operation,
      proves: 'unsupported-media-type',
      when: 'the body is declared to be text',
      send: () => ({ ...right[operation], headers: { 'content-type': 'text/plain' } }),
    },
    {
      operation,
      proves: 'too-large',
      when: 'the body is over 16 KiB',
      send: () => json({ padding: 'x'.repeat(limits.smallBodyBytesMax) }),
    },
  ],
);

const passwordCases: readonly AnswerCase[] = [
  { operation: 'getUsage', proves: 200, when: 'the session lives', send: () => ({}) },
  { operation: 'changePassword', proves: 204, when: 'the password is right', send: () => changePassword },
  {
    operation: 'changePassword',
    proves: 'unauthenticated',
    when: 'the current password is wrong',
    send: () => json({ current_password: otherPassword, new_password: otherPassword }),
  },
  {
    operation: 'changePassword',
    proves: 'weak-password',
    when: 'the new password is short',
    send: () => json({ current_password: goodPassword, new_password: 'too short' }),
  },
  { operation: 'deleteAccount', proves: 204, when: 'the password is right', send: () => deleteAccount },
  {
    operation: 'deleteAccount',
    proves: 'unauthenticated',
    when: 'the password is wrong',
    send: () => json({ password: otherPassword }),
  },
];

const listCases: readonly AnswerCase[] = [
  { operation: 'listSessions', proves: 200, when: 'the session lives', send: () => ({}) },
  {
    operation: 'endSession',
    proves: 204,
    when: 'it is another session of the account',
    send: async (halo, person) => ({ id: (await securityOf(halo).ownSession(await halo.logIn(person))).id }),
  },
  {
    operation: 'endSession',
    proves: 'not-found',
    when: 'there is no such session',
    send: () => ({ id: noId }),
  },
  { operation: 'endOtherSessions', proves: 204, when: 'there is no other', send: () => ({}) },
  {
    operation: 'listTokens',
    proves: 200,
    when: 'there is a token',
    send: async (halo, person) => {
      await securityOf(halo).createToken(person, { expires_in: 3_600, prefix: 'app/' });
      return {};
    },
  },
  { operation: 'createToken', proves: 201, when: 'there is room for one', send: () => createToken },
  {
    operation: 'createToken',
    proves: 'quota-exceeded',
    when: 'the account has as many tokens as it may',
    send: async (halo, person) => {
      for (let count = 0; count < limits.tokensMax; count += 1) await securityOf(halo).createToken(person);
      return createToken;
    },
  },
  {
    operation: 'revokeToken',
    proves: 204,
    when: 'it is a token of the account',
    send: async (halo, person) => ({ id: (await securityOf(halo).createToken(person)).id }),
  },
  {
    operation: 'revokeToken',
    proves: 'not-found',
    when: 'there is no such token',
    send: () => ({ id: noId }),
  },
  { operation: 'listAudit', proves: 200, when: 'the session lives', send: () => ({ query: 'limit=1' }) },
  {
    operation: 'listAudit',
    proves: 'invalid-request',
    when: 'a parameter is unknown',
    send: () => ({ query: 'owner=1' }),
  },
  {
    operation: 'listAudit',
    proves: 'invalid-request',
    when: 'the cursor is none',
    send: () => ({ query: 'cursor=x' }),
  },
];

/** Who may come in, what has happened, and leaving: one case for each answer that the contract documents. */
export const securityCases: readonly AnswerCase[] = [
  ...credentialCases,
  ...bodyCases,
  ...passwordCases,
  ...listCases,
];

/** What a log-in may do and no API token. */
export const ownerOnly = Object.fromEntries(
  [...names, 'logOut' as const]
    .filter((name) => (operations[name].problems as readonly string[]).includes('insufficient-scope'))
    .map((name) => [name, right[name] ?? {}]),
) as Readonly<Partial<Record<OperationName, Sending>>>;
