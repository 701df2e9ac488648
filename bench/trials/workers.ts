import { cut } from '../figures.js';
import { startHalo } from '../halo.js';
import type { Measured } from '../measurement.js';
import { createPerson } from '../person.js';
import { runSql } from '../pgbench.js';
import { readCpuByProcess } from '../process-usage.js';
import { perSecond } from '../ratios.js';
import type { Row } from '../rows.js';
import type { Trial, TrialStage } from '../trial.js';
import { describeLoad, load, refuseErrors } from '../trial-load.js';

const connections = 64;
const methods = ['GET', 'PUT'] as const;
type Rates = Record<(typeof methods)[number], number>;

/** What a second process gains, on the cores that the load generator and PostgreSQL use as well. */
export const workersTrial: Trial = {
  name: 'workers',
  title: 'Two processes',
  async run(stage) {
    const rows: Row[] = [];
    const before = await measureWorkers(stage, 1, rows);
    const two = await measureWorkers(stage, 2, rows);
    const around = stage.twice ? [before, await measureWorkers(stage, 1, rows)] : [before];
    const gains = methods.map((method) => {
      const one = around.reduce((sum, rates) => sum + rates[method], 0) / around.length;
      return `${method} ${cut(two[method] / one)}`;
    });
    rows.unshift(['rate with 2 / with 1', gains.join(', ')]);
    return { goals: [], rows };
  },
};

async function measureWorkers(stage: TrialStage, workers: number, rows: Row[]): Promise<Rates> {
  const { keys, signal } = stage;
  const halo = await startHalo(await stage.directory('workers'), signal, { HALO_WORKERS: String(workers) });
  stage.undo(halo.stop);
  const person = await createPerson(halo.origin, keys, signal);
  await runSql(halo.postgres, 'halo', 'vacuum analyze');
  const processes = { serverPid: halo.pid, postgresPid: halo.postgres.pid };
  // The first load of a server also compiles it.
  if (stage.twice) await load(stage, await person.workload('GET'), connections, processes);
  const rates: Rates = { GET: 0, PUT: 0 };
  for (const method of methods) {
    if (method === 'PUT') await runSql(halo.postgres, 'halo', 'checkpoint');
    const workload = await person.workload(method);
    const before = await readCpuByProcess(processes);
    const measured = await load(stage, workload, connections, processes);
    const shares = sharesOf(before, await readCpuByProcess(processes), measured);
    refuseErrors(measured.errors);
    rates[method] = perSecond(measured);
    rows.push([`${method}, HALO_WORKERS=${workers}`, `${describeLoad(measured)}; each process ${shares}`]);
  }
  await halo.stop();
  return rates;
}

/** Of one core, of each process that did anything, the busiest first. */
function sharesOf(
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
  { seconds }: Measured,
): string {
  const shares = [...after].map(([pid, us]) => (us - (before.get(pid) ?? 0)) / (seconds * 1e6));
  return shares
    .sort((a, b) => b - a)
    .map((share) => `${(share * 100).toFixed(0)} %`)
    .join(', ');
}
