import { type AnswerCase, endedToken } from './answer-case.js';

const operation = 'listChanges';
const stream = { headers: { accept: 'text/event-stream' } };

/** All answers of the change feed but `pruned`, which takes a day to come about. */
export const changeCases: readonly AnswerCase[] = [
  {
    operation,
    proves: 200,
    when: 'there are changes',
    send: async (halo, person) => {
      await halo.set(person, 'a key', 'value');
      return { query: 'since=0&values=true' };
    },
  },
  { operation, proves: 'unauthenticated', when: 'nothing proves who asks', send: () => ({ token: null }) },
  {
    operation,
    proves: 'unauthenticated',
    when: 'nothing proves who asks for a stream',
    send: () => ({ ...stream, token: null }),
  },
  {
    operation,
    proves: 'session-ended',
    when: 'the session was logged out',
    send: async (halo, person) => ({ token: await endedToken(halo, person) }),
  },
  {
    operation,
    proves: 'session-ended',
    when: 'a stream is asked for with a session that was logged out',
    send: async (halo, person) => ({ ...stream, token: await endedToken(halo, person) }),
  },
  {
    operation,
    proves: 'invalid-request',
    when: 'a parameter is unknown',
    send: () => ({ query: 'owner=1' }),
  },
  {
    operation,
    proves: 'invalid-request',
    when: 'the revision is still to come',
    send: () => ({ query: 'since=1' }),
  },
  {
    operation,
    proves: 'not-acceptable',
    when: 'another media type is asked for',
    send: () => ({ headers: { accept: 'text/html' } }),
  },
];
