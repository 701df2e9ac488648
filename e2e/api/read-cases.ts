import { limits } from 'halo-contract';
import { type AnswerCase, endedToken, json } from './answer-case.js';

const operation = 'read';
const asked = json({ keys: ['a key', 'an absent key'] });

/** Every answer that reading many keys documents. */
export const readCases: readonly AnswerCase[] = [
  {
    operation,
    proves: 200,
    when: 'a key exists and another does not',
    send: async (halo, person) => {
      await halo.set(person, 'a key', 'value');
      return asked;
    },
  },
  {
    operation,
    proves: 'unauthenticated',
    when: 'nothing proves who asks',
    send: () => ({ ...asked, token: null }),
  },
  {
    operation,
    proves: 'session-ended',
    when: 'the session was logged out',
    send: async (halo, person) => ({ ...asked, token: await endedToken(halo, person) }),
  },
  { operation, proves: 'invalid-request', when: 'no key is asked for', send: () => json({ keys: [] }) },
  { operation, proves: 'invalid-key', when: 'a key has a NUL in it', send: () => json({ keys: ['a\0b'] }) },
  {
    operation,
    proves: 'too-large',
    when: 'the values are over 32 MiB together',
    send: async (halo, person) => {
      await halo.set(person, 'large', new Uint8Array(limits.readValueBytesMax / 2 + 1));
      return json({ keys: ['large', 'large'] });
    },
  },
  {
    operation,
    proves: 'unsupported-media-type',
    when: 'the body is declared to be text',
    send: () => ({ ...asked, headers: { 'content-type': 'text/plain' } }),
  },
];
