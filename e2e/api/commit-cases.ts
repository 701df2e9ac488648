import type { OperationName } from 'halo-contract';
import { commitsOf } from '../commits.js';
import type { Halo, Person } from '../halo.js';
import { type AnswerCase, endedToken, json, type Sending } from './answer-case.js';
import { accountKeysMax } from './key-cases.js';

const set = (key: string) => ({ set: { key, value: 'value' } });
const asked = json({ mutations: [set('a key')] });
const commit = (...mutations: object[]): Sending => json({ mutations });

/** What both operations refuse alike. */
function bodyCases(operation: OperationName, right: Sending): AnswerCase[] {
  return [
    {
      operation,
      proves: 'unauthenticated',
      when: 'nothing proves who asks',
      send: () => ({ ...right, token: null }),
    },
    {
      operation,
      proves: 'session-ended',
      when: 'the session was logged out',
      send: async (halo, person) => ({ ...right, token: await endedToken(halo, person) }),
    },
    { operation, proves: 'invalid-request', when: 'the body is empty', send: () => json({}) },
    {
      operation,
      proves: 'unsupported-media-type',
      when: 'the body is declared to be text',
      send: () => ({ ...right, headers: { 'content-type': 'text/plain' } }),
    },
  ];
}

async function purged(halo: Halo, person: Person): Promise<void> {
  await halo.set(person, 'a key', 'value');
  await halo.delete(person, 'a key');
  await halo.purge(person, 'a key');
}

async function fill(halo: Halo, person: Person): Promise<void> {
  for (let count = 0; count < accountKeysMax; count += 1) await halo.set(person, `key ${count}`, '');
}

const commitCase = (proves: AnswerCase['proves'], when: string, send: AnswerCase['send']): AnswerCase => ({
  operation: 'commit',
  proves,
  when,
  send,
});

const undoCase = (proves: AnswerCase['proves'], when: string, send: AnswerCase['send']): AnswerCase => ({
  operation: 'undo',
  proves,
  when,
  send,
});

/** Commits and undo: one case for each answer that the contract documents. */
export const commitCases: readonly AnswerCase[] = [
  ...bodyCases('commit', asked),
  commitCase(200, 'its mutations can be done', () => asked),
  commitCase('invalid-key', 'a key has a NUL in it', () => commit(set('a\0b'))),
  commitCase('invalid-value', 'a sum does not fit into 64 bits', () =>
    commit({ add: { key: 'n', by: '9223372036854775807' } }, { add: { key: 'n', by: '1' } }),
  ),
  commitCase('not-found', 'it deletes an absent key', () => commit({ delete: { key: 'absent' } })),
  commitCase('check-failed', 'a key is not at the revision checked', () =>
    json({ checks: [{ key: 'absent', revision: 3 }], mutations: [set('a key')] }),
  ),
  commitCase('pruned', 'it restores what was purged', async (halo, person) => {
    await purged(halo, person);
    return commit({ restore: { key: 'a key', revision: 1 } });
  }),
  commitCase(
    'idempotency-mismatch',
    'its idempotency key stands for another commit',
    async (halo, person) => {
      await commitsOf(halo).send(person, { idempotency_key: 'once', mutations: [set('a key')] });
      return json({ idempotency_key: 'once', mutations: [set('another key')] });
    },
  ),
  commitCase('quota-exceeded', 'the account has as many keys as it may', async (halo, person) => {
    await fill(halo, person);
    return asked;
  }),
  commitCase('too-large', 'the body is over 32 MiB', () => ({
    ...asked,
    body: new Uint8Array(32 * 1024 * 1024 + 1),
  })),
  ...bodyCases('undo', json({ revision: 1 })),
  undoCase(200, 'nothing has changed since', async (halo, person) => {
    await halo.set(person, 'a key', 'value');
    return json({ revision: 1 });
  }),
  undoCase('undo-conflict', 'the key has changed since', async (halo, person) => {
    await halo.set(person, 'a key', 'value');
    await halo.set(person, 'a key', 'another');
    return json({ revision: 1 });
  }),
  undoCase('pruned', 'there never was such a commit', () => json({ revision: 1 })),
  undoCase('quota-exceeded', 'the account has filled up since', async (halo, person) => {
    await halo.set(person, 'a key', 'value');
    await halo.delete(person, 'a key');
    await fill(halo, person);
    return json({ revision: 2 });
  }),
  undoCase('too-large', 'the body is over 16 KiB', () =>
    json({ revision: 1, filler: 'x'.repeat(17 * 1024) }),
  ),
];
