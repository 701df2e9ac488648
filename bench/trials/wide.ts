import { constantWorkload, startBaseline } from '../baseline.js';
import { cut } from '../figures.js';
import { atLeast, atMost, type Goal } from '../goals.js';
import { runSql } from '../pgbench.js';
import { readOpenFilesMax } from '../process-usage.js';
import { perSecond } from '../ratios.js';
import type { Row } from '../rows.js';
import { NotMeasured, type Trial } from '../trial.js';
import { describeLoad, load } from '../trial-load.js';

const connections = 64;
/** What a server has open besides the connections of its clients. */
const filesSpared = 100;
/** Throughput may differ by 15 %. */
const shareMin = 0.85;
/** How far the slowest of a hundred may be from the middle. */
const tailMax = 4;

/** Whether Halo is as fast with many connections, and as even with the usual number. */
export const wideTrial: Trial = {
  name: 'wide',
  title: 'Many connections',
  async run(stage) {
    const { halo, person, sizes, twice } = stage;
    const wide = sizes.connectionsWide;
    const filesMax = await readOpenFilesMax();
    if (filesMax < wide + filesSpared) {
      throw new NotMeasured(`A process may open ${filesMax} files here: raise the limit with "ulimit -n".`);
    }
    const goals: Goal[] = [];
    const rows: Row[] = [];
    let failed = 0;
    const run = async (method: 'GET' | 'PUT', wanted: number) => {
      if (method === 'PUT') await runSql(halo.postgres, 'halo', 'checkpoint');
      const processes = { serverPid: halo.pid, postgresPid: halo.postgres.pid };
      const measured = await load(stage, await person.workload(method), wanted, processes);
      failed += measured.errors;
      rows.push([`${method}, ${wanted} connections`, describeLoad(measured)]);
      return measured;
    };
    for (const method of ['GET', 'PUT'] as const) {
      const few = [await run(method, connections)];
      const many = await run(method, wide);
      if (twice) few.push(await run(method, connections));
      const rate = few.reduce((sum, one) => sum + perSecond(one), 0) / few.length;
      // The worse of the two: a tail that shows every other time is there.
      const tail = Math.max(...few.map(({ p50Ms, p99Ms }) => p99Ms / p50Ms));
      goals.push(
        atLeast(`${method} at ${wide} connections / at ${connections}`, perSecond(many) / rate, shareMin),
        atMost(`${method}: p99 / p50 at ${connections} connections`, tail, tailMax),
      );
    }
    // What the same cores, kernel and generator make of an answer that costs nothing.
    const bare = await startBaseline('fastify', stage.signal);
    stage.undo(bare.stop);
    const constant = constantWorkload(bare);
    const processes = { serverPid: bare.pid, postgresPid: undefined };
    const [few, many] = [
      await load(stage, constant, connections, processes),
      await load(stage, constant, wide, processes),
    ];
    rows.push(
      [`bare Fastify, ${connections} connections`, describeLoad(few)],
      [
        `bare Fastify, ${wide} connections: ${cut(perSecond(many) / perSecond(few))} of it`,
        describeLoad(many),
      ],
    );
    goals.push(atMost(`requests that failed, at ${connections} and ${wide} connections`, failed, 0));
    return { goals, rows };
  },
};
