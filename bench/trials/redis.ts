import { readdir } from 'node:fs/promises';
import { isOnPath } from '../command.js';
import { runLoad } from '../load.js';
import { type Measurement, measure, type Subject } from '../measurement.js';
import { keyBeginning } from '../person.js';
import { runSql } from '../pgbench.js';
import { startWebdis, type Webdis } from '../redis.js';
import { NotMeasured, type Trial, type TrialStage } from '../trial.js';
import { refuseErrors } from '../trial-load.js';
import { value, type Workload } from '../workload.js';

const connections = 64;

/** What another store behind HTTP, just as durable, answers on the same machine. */
export const redisTrial: Trial = {
  name: 'redis',
  title: 'Redis behind webdis',
  async run(stage) {
    for (const program of ['webdis', 'redis-server']) {
      if (!isOnPath(program)) {
        throw new NotMeasured(`${program} is missing: on Debian, run "apt-get install webdis redis-server".`);
      }
    }
    const keys = Array.from({ length: stage.keys }, (_, n) => `${keyBeginning}${n}`);
    const webdis = await startWebdis(await stage.directory('redis'), keys);
    stage.undo(webdis.stop);
    await checkAnswers(webdis);
    const measurements = await takeMeasurements(stage, webdis);
    for (const { errors } of measurements) refuseErrors(errors);
    const threads = (await readdir(`/proc/${webdis.webdisPid}/task`).catch(() => [])).length;
    return {
      goals: [],
      measurements,
      rows: [
        [
          'how it was asked',
          'webdis with HTTP basic authentication, which it compares in memory, and answers in its default form, JSON; ' +
            'Redis with `appendonly yes` and `appendfsync always`, on a Unix socket',
        ],
        ['threads of webdis', `${threads} in all, its own choice`],
        ['CPU time among the figures', 'webdis as the server, Redis in the place of PostgreSQL'],
      ],
    };
  },
};

/** A store that answers quickly because it refuses, or forgets, is no comparison. */
async function checkAnswers({ origin, headers }: Webdis): Promise<void> {
  const url = `${origin}/SET/${encodeURIComponent(`${keyBeginning}0`)}`;
  const put = await fetch(url, { method: 'PUT', headers, body: value });
  const written = await put.text();
  if (!/true|OK/.test(written)) throw new Error(`webdis answered ${put.status} ${written} to a SET.`);
  const got = await fetch(url.replace('/SET/', '/GET/'), { headers });
  const read = await got.text();
  if (!read.includes(value)) throw new Error(`webdis answered ${got.status} ${read} to a GET.`);
  const { status } = await fetch(url.replace('/SET/', '/GET/'));
  if (status !== 403) throw new Error(`webdis answered ${status} to somebody without the password.`);
}

async function takeMeasurements(stage: TrialStage, webdis: Webdis): Promise<Measurement[]> {
  const { halo, person, generator, seconds, round, twice, signal } = stage;
  const measurements: Measurement[] = [];
  const add = async (subject: Subject, workload: Workload, serverPid: number, postgresPid: number) => {
    const run = () => runLoad(generator, workload, { connections, seconds, signal });
    measurements.push(await measure({ subject, round, connections }, { serverPid, postgresPid }, run));
  };
  const theirs = (subject: Subject, method: 'GET' | 'PUT') =>
    add(subject, webdisWorkload(stage, webdis, method), webdis.webdisPid, webdis.redisPid);
  for (const [ours, baseline, method] of [
    ['get', 'webdisGet', 'GET'],
    ['put', 'webdisSet', 'PUT'],
  ] as const) {
    await theirs(baseline, method);
    if (method === 'PUT') await runSql(halo.postgres, 'halo', 'checkpoint');
    await add(ours, await person.workload(method), halo.pid, halo.postgres.pid);
    if (twice) await theirs(baseline, method);
  }
  return measurements;
}

/** webdis takes the value of a SET from the body of a PUT. */
function webdisWorkload({ keys }: TrialStage, { origin, headers }: Webdis, method: 'GET' | 'PUT'): Workload {
  const command = method === 'GET' ? 'GET' : 'SET';
  const path = `/${command}/${encodeURIComponent(keyBeginning)}`;
  return { origin, method, path, keys, headers, body: method === 'PUT' ? value : undefined };
}
