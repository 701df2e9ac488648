import { cut } from '../figures.js';
import { startHalo } from '../halo.js';
import { createPerson } from '../person.js';
import { runSql } from '../pgbench.js';
import type { Trial } from '../trial.js';
import { describeLoad, load, takeTurns } from '../trial-load.js';

const connections = 64;

/** What reads cost when nothing that was read is kept, so that PostgreSQL finds and sends every key. */
export const cacheTrial: Trial = {
  name: 'cache',
  title: 'Reads without a cache',
  async run(stage) {
    const { halo, person, keys, signal } = stage;
    const bare = await startHalo(await stage.directory('cache'), signal, { HALO_CACHE_MIB: '0' });
    stage.undo(bare.stop);
    const stranger = await createPerson(bare.origin, keys, signal);
    await runSql(bare.postgres, 'halo', 'vacuum analyze');
    const get = async (server: typeof halo, whose: typeof person) => {
      const processes = { serverPid: server.pid, postgresPid: server.postgres.pid };
      return load(stage, await whose.workload('GET'), connections, processes);
    };
    // The first load of a server also compiles it.
    if (stage.twice) await get(bare, stranger);
    const { ratio, baseline, subject } = await takeTurns(
      stage,
      () => get(halo, person),
      () => get(bare, stranger),
    );
    return {
      goals: [],
      rows: [
        ['without a cache / with one', cut(ratio)],
        [`GET, \`HALO_CACHE_MIB=0\``, describeLoad(subject)],
        ['GET, 64 MiB, which is the default', describeLoad(baseline)],
      ],
    };
  },
};
