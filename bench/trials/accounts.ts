import { atLeast } from '../goals.js';
import { createPerson, type Person } from '../person.js';
import { runSql } from '../pgbench.js';
import type { Trial } from '../trial.js';
import { describeLoad, load, takeTurns } from '../trial-load.js';
import type { Workload } from '../workload.js';

const connections = 64;
/** Passwords are hashed by a few threads; more who sign up at once would only be refused. */
const signUpsAtOnce = 2;

/** Whether writing for many accounts costs more than writing for one: their commits share less. */
export const accountsTrial: Trial = {
  name: 'accounts',
  title: 'Writes of many accounts',
  async run(stage) {
    const { halo, person, sizes, keys, signal } = stage;
    const keysEach = Math.max(1, Math.floor(keys / sizes.accounts));
    const people: Person[] = [];
    const join = async (): Promise<void> => {
      while (people.length < sizes.accounts) {
        const place = people.length;
        // The place is taken before the wait, so that no more sign up than are wanted.
        people.length = place + 1;
        people[place] = await createPerson(halo.origin, keysEach, signal);
      }
    };
    await Promise.all(Array.from({ length: signUpsAtOnce }, join));
    await runSql(halo.postgres, 'halo', 'vacuum analyze');
    const processes = { serverPid: halo.pid, postgresPid: halo.postgres.pid };
    const run = async (workload: Workload) => {
      await runSql(halo.postgres, 'halo', 'checkpoint');
      return load(stage, workload, connections, processes);
    };
    const { ratio, baseline, subject } = await takeTurns(
      stage,
      async () => run(await person.workload('PUT')),
      async () => run(await workloadOf(people, keysEach)),
    );
    return {
      goals: [atLeast(`PUT by ${sizes.accounts} accounts / by one (${connections} connections)`, ratio, 0.8)],
      rows: [
        ['PUT by one account', describeLoad(baseline)],
        [`PUT by ${sizes.accounts} accounts in turn`, describeLoad(subject)],
      ],
    };
  },
};

/** One for all, with the token of the next with every request. */
async function workloadOf(people: readonly Person[], keys: number): Promise<Workload> {
  const [first] = people;
  if (first === undefined) throw new Error('Nobody has signed up.');
  const { headers, ...workload } = await first.workload('PUT', keys);
  const { Authorization: _own, ...others } = headers;
  const authorizations: string[] = [];
  for (const person of people) authorizations.push((await person.authorize()).Authorization ?? '');
  return { ...workload, headers: others, authorizations };
}
