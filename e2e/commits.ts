import { type CommitAnswer, operations } from 'halo-contract';
import { expectJson, type Halo, type Person } from './halo.js';

/** What tests say of commits over the wire. */
export function commitsOf(halo: Halo) {
  const post = (person: Person, path: string, body: unknown) =>
    halo.post(path, body, { authorization: `Bearer ${person.accessToken}` });
  return {
    /** Sends a commit as it is given, right or wrong. */
    send: (person: Person, body: unknown, query = '') =>
      post(person, `${operations.commit.path}${query}`, body),
    /** A commit that must be taken. */
    async commit(person: Person, ...mutations: object[]): Promise<CommitAnswer> {
      return expectJson(await post(person, operations.commit.path, { mutations }), 200);
    },
    undo: (person: Person, revision: unknown, query = '') =>
      post(person, `${operations.undo.path}${query}`, { revision }),
  };
}
