import type { Halo, Person } from '../halo.js';
import type { AnswerCase, Sending } from './answer-case.js';
import { credentialCases, invalidKeyCase } from './key-cases.js';

const key = 'a key';

/** A key that was set in revision 1 and deleted in revision 2. */
async function deletedKey(halo: Halo, person: Person): Promise<Sending> {
  await halo.set(person, key, 'value');
  await halo.delete(person, key);
  return { key };
}

async function purgedVersion(halo: Halo, person: Person): Promise<Sending> {
  await deletedKey(halo, person);
  await halo.purge(person, key);
  return { key, query: 'revision=1' };
}

/** History and trash: one case for each answer that the contract documents. */
export const historyCases: readonly AnswerCase[] = [
  { operation: 'getKey', proves: 'pruned', when: 'that version was purged', send: purgedVersion },
  { operation: 'headKey', proves: 'pruned', when: 'that version was purged', send: purgedVersion },
  ...credentialCases('getHistory'),
  invalidKeyCase('getHistory'),
  { operation: 'getHistory', proves: 200, when: 'the key was deleted', send: deletedKey },
  { operation: 'getHistory', proves: 'not-found', when: 'the key never was', send: () => ({ key }) },
  ...credentialCases('listTrash'),
  { operation: 'listTrash', proves: 200, when: 'a key was deleted', send: deletedKey },
  ...credentialCases('purgeKey'),
  invalidKeyCase('purgeKey'),
  { operation: 'purgeKey', proves: 204, when: 'the key lies in the trash', send: deletedKey },
  {
    operation: 'purgeKey',
    proves: 'not-found',
    when: 'the key lives',
    send: async (halo, person) => {
      await halo.set(person, key, 'value');
      return { key };
    },
  },
];
