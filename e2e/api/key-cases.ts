import { limits, type OperationName } from 'halo-contract';
import { type AnswerCase, endedToken } from './answer-case.js';

/** How many keys an account of the server under test may have. */
export const accountKeysMax = 2;

const key = 'a key';
const absent = 'an absent key';

/** What all operations that take a credential refuse alike. */
export function credentialCases(operation: OperationName): AnswerCase[] {
  return [
    {
      operation,
      proves: 'unauthenticated',
      when: 'nothing proves who asks',
      send: () => ({ key, token: null }),
    },
    {
      operation,
      proves: 'session-ended',
      when: 'the session was logged out',
      send: async (halo, person) => ({ key, token: await endedToken(halo, person) }),
    },
    {
      operation,
      proves: 'invalid-request',
      when: 'a parameter is unknown',
      send: () => ({ key, query: 'owner=1' }),
    },
  ];
}

export function invalidKeyCase(operation: OperationName): AnswerCase {
  return {
    operation,
    proves: 'invalid-key',
    when: 'the key has a NUL in it',
    send: () => ({ rawKey: 'a%00b' }),
  };
}

function readCases(operation: 'getKey' | 'headKey'): AnswerCase[] {
  return [
    ...credentialCases(operation),
    invalidKeyCase(operation),
    {
      operation,
      proves: 200,
      when: 'the key exists',
      send: async (halo, person) => {
        await halo.set(person, key, 'value');
        return { key };
      },
    },
    {
      operation,
      proves: 304,
      when: 'the revision is the one that If-None-Match names',
      send: async (halo, person) => {
        const { revision } = await halo.set(person, key, 'value');
        return { key, headers: { 'if-none-match': `"${revision}"` } };
      },
    },
    { operation, proves: 'not-found', when: 'there is no such key', send: () => ({ key: absent }) },
  ];
}

export const keyCases: readonly AnswerCase[] = [
  ...readCases('getKey'),
  ...readCases('headKey'),
  ...credentialCases('listKeys'),
  { operation: 'listKeys', proves: 200, when: 'the session lives', send: () => ({}) },
  ...credentialCases('putKey'),
  invalidKeyCase('putKey'),
  { operation: 'putKey', proves: 201, when: 'the key is new', send: () => ({ key, body: 'value' }) },
  {
    operation: 'putKey',
    proves: 200,
    when: 'the key exists',
    send: async (halo, person) => {
      await halo.set(person, key, 'first');
      return { key, body: 'second' };
    },
  },
  {
    operation: 'putKey',
    proves: 'precondition-failed',
    when: 'If-Match names a key that does not exist',
    send: () => ({ key, body: 'value', headers: { 'if-match': '*' } }),
  },
  {
    operation: 'putKey',
    proves: 'quota-exceeded',
    when: 'the account has as many keys as it may',
    send: async (halo, person) => {
      for (let count = 0; count < accountKeysMax; count += 1) await halo.set(person, `key ${count}`, '');
      return { key, body: 'value' };
    },
  },
  {
    operation: 'putKey',
    proves: 'invalid-value',
    when: 'the metadata is no JSON object',
    send: () => ({ key, body: 'value', headers: { 'halo-metadata': '[1]' } }),
  },
  {
    operation: 'putKey',
    proves: 'too-large',
    when: 'the value is one byte over 25 MiB',
    send: () => ({ key, body: new Uint8Array(limits.valueBytesMax + 1) }),
  },
  {
    operation: 'putKey',
    proves: 'unsupported-media-type',
    when: 'the content type is none',
    send: () => ({ key, body: 'value', headers: { 'content-type': 'text' } }),
  },
  ...credentialCases('deleteKey'),
  invalidKeyCase('deleteKey'),
  {
    operation: 'deleteKey',
    proves: 200,
    when: 'the key exists',
    send: async (halo, person) => {
      await halo.set(person, key, 'value');
      return { key };
    },
  },
  {
    operation: 'deleteKey',
    proves: 'not-found',
    when: 'there is no such key',
    send: () => ({ key: absent }),
  },
  {
    operation: 'deleteKey',
    proves: 'precondition-failed',
    when: 'If-Match names another revision',
    send: async (halo, person) => {
      const { revision } = await halo.set(person, key, 'value');
      return { key, headers: { 'if-match': `"${revision + 1}"` } };
    },
  },
];
