import { cut } from '../figures.js';
import { startHalo } from '../halo.js';
import { createPerson } from '../person.js';
import { runSql } from '../pgbench.js';
import type { Trial } from '../trial.js';
import { describeLoad, load, takeTurns } from '../trial-load.js';

const connections = 64;

/** One PUT for so many requests, where reads and writes of an account are mixed. */
const putEvery = 10;

/**
 * What reads cost when nothing that was read is kept, so that PostgreSQL finds and sends every key; by themselves, and
 * beside writes to the same store.
 */
export const cacheTrial: Trial = {
  name: 'cache',
  title: 'Reads without a cache',
  async run(stage) {
    const { halo, person, keys, signal } = stage;
    const bare = await startHalo(await stage.directory('cache'), signal, { HALO_CACHE_MIB: '0' });
    stage.undo(bare.stop);
    const stranger = await createPerson(bare.origin, keys, signal);
    await runSql(bare.postgres, 'halo', 'vacuum analyze');
    const kept = { server: halo, whose: person };
    const unkept = { server: bare, whose: stranger };
    const run = async ({ server, whose }: typeof kept, mixed: boolean) => {
      const processes = { serverPid: server.pid, postgresPid: server.postgres.pid };
      const gets = await whose.workload('GET');
      if (!mixed) return load(stage, gets, connections, processes);
      const between = { nth: putEvery, workload: await whose.workload('PUT') };
      return load(stage, { ...gets, between }, connections, processes);
    };
    const compare = (mixed: boolean) =>
      takeTurns(
        stage,
        () => run(kept, mixed),
        () => run(unkept, mixed),
      );
    // The first load of a server also compiles it.
    if (stage.twice) await run(unkept, false);
    const alone = await compare(false);
    const mixed = await compare(true);
    const uncached = '`HALO_CACHE_MIB=0`';
    const cached = '64 MiB, which is the default';
    return {
      goals: [],
      rows: [
        ['GET without a cache / with one', cut(alone.ratio)],
        [`GET, ${uncached}`, describeLoad(alone.subject)],
        [`GET, ${cached}`, describeLoad(alone.baseline)],
        [`GET, every ${putEvery}th a PUT, without a cache / with one`, cut(mixed.ratio)],
        [`GET and PUT, ${uncached}`, describeLoad(mixed.subject)],
        [`GET and PUT, ${cached}`, describeLoad(mixed.baseline)],
      ],
    };
  },
};
