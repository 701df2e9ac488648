import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Baseline, constantWorkload, startBaseline } from './baseline.js';
import { isInstalled } from './command.js';
import { type Halo, startHalo } from './halo.js';
import { runLoad } from './load.js';
import { describeMachine } from './machine.js';
import { type Measurement, measure, type Subject } from './measurement.js';
import { type Options, readOptions, usage } from './options.js';
import { createPerson, type Person } from './person.js';
import {
  createPgbenchTable,
  dropPgbenchTable,
  type PgbenchScript,
  pgbenchClients,
  runPgbench,
  runSql,
} from './pgbench.js';
import { plotFile, renderPlot } from './plot.js';
import { readMemory } from './process-usage.js';
import { progressLine, type Results, ratioLines, renderResults } from './report.js';
import { consoleSizeTitle, getSection, overloadTitle } from './result-section.js';
import { measureRows } from './rows.js';
import { runTrials, type TrialStage } from './trial.js';
import { trials } from './trials.js';

/** The usual number, and one that shows what more arrivals gain: flights are then fuller. */
const connections = 64;
const connectionsWide = 256;
/** Enough for V8 to compile what is hot; the first round would else be slower than the others. */
const warmUpSeconds = 8;

type Undo = () => Promise<void>;

/** How many trials the smoke runs at once: they mostly wait for the clock, and nobody reads their figures. */
const smokeLanes = 3;

/** Connecting 64 clients of pgbench can take the whole second that the smoke has, on a busy machine. */
const smokeClients = 8;

/** Everything that is measured, running and filled. */
interface Stage {
  readonly options: Options;
  readonly scratch: string;
  readonly signal: AbortSignal;
  readonly halo: Halo;
  readonly person: Person;
  readonly http: Baseline;
  readonly fastify: Baseline;
  /** 0 where pgbench is not installed. */
  readonly pgbenchClients: number;
}

async function bench(options: Options, signal: AbortSignal, undo: Undo[]): Promise<Results> {
  const deadline = AbortSignal.timeout(options.minutesMax * 60_000);
  const { names } = options;
  const scratch = await mkdtemp(join(tmpdir(), 'halo-bench-'));
  undo.push(() => rm(scratch, { recursive: true, force: true }));
  const machine = await describeMachine(scratch);
  const starting = async (): Promise<Halo> => {
    const started = await startHalo(join(scratch, 'data'), signal);
    undo.push(started.stop);
    return started;
  };
  const firstHalo = await starting();
  await firstHalo.stop();
  const halo = await starting();
  const idle = await readMemory(processesOf(halo));
  console.log(
    `Halo started in ${firstHalo.startSeconds.toFixed(2)} s, then ${halo.startSeconds.toFixed(2)} s.`,
  );

  const http = await startBaseline('http', signal);
  undo.push(http.stop);
  const fastify = await startBaseline('fastify', signal);
  undo.push(fastify.stop);
  const person = await createPerson(halo.origin, options.keys, signal);
  await runSql(halo.postgres, 'halo', 'vacuum analyze');
  const hasPgbench = await isInstalled('pgbench');
  if (hasPgbench) {
    undo.push(() => dropPgbenchTable(halo.postgres));
    await createPgbenchTable(halo.postgres, options.keys);
  }
  const wanted = options.isSmoke ? smokeClients : connections;
  const clients = hasPgbench ? await pgbenchClients(halo.postgres, wanted) : 0;
  console.log(`${options.keys} keys are written. Load comes from ${options.generator}.`);

  const stage = { options, scratch, signal, halo, person, http, fastify, pgbenchClients: clients };
  const measurements: Measurement[] = [];
  if (!options.isSmoke) await warmUp(stage);
  if (names.has('core')) {
    for (let round = 1; round <= options.rounds; round += 1) await runRound(stage, round, measurements);
  }
  const rows = names.has('rows') ? await measureRows(halo, person, options.rows, signal) : [];
  const loaded = await readMemory(processesOf(halo));
  // PostgreSQL would tidy up after the import by itself, but during the trials.
  if (names.has('rows')) await runSql(halo.postgres, 'halo', 'vacuum analyze');
  const tried = await runTrials(
    trials.filter(({ name }) => names.has(name)),
    options.isSmoke ? smokeLanes : 1,
    trialStage(stage),
    { minutesMax: options.minutesMax, signal: deadline },
  );
  const [version] = await runSql(halo.postgres, 'halo', "select current_setting('server_version')");
  return {
    ...options,
    machine: [...machine, ['PostgreSQL', String(version?.[0])], ['Load generator', options.generator]],
    measurements: [...measurements, ...tried.measurements],
    rowsSeen: rows,
    trialsSeen: tried.reports,
    goals: tried.goals,
    startSeconds: { first: firstHalo.startSeconds, second: halo.startSeconds },
    memory: { idle, loaded },
    remarks: remarksOn(clients, wanted),
  };
}

function trialStage({ options, scratch, signal, halo, person }: Stage): TrialStage {
  return {
    generator: options.generator,
    seconds: options.seconds,
    keys: options.keys,
    sizes: options.trials,
    twice: !options.isSmoke,
    round: options.rounds + 1,
    signal,
    halo,
    person,
    directory: (name) => mkdtemp(join(scratch, `${name}-`)),
    undo: () => {
      throw new Error('A trial undoes for itself.');
    },
  };
}

function processesOf(halo: Halo) {
  return { serverPid: halo.pid, postgresPid: halo.postgres.pid };
}

function remarksOn(clients: number, wanted: number): string[] {
  if (clients === 0) return ['pgbench is not installed here, so that nothing could be compared with it.'];
  if (clients === wanted) return [];
  return [
    `pgbench ran with ${clients} clients instead of ${wanted}: the server's max_connections allows no more.`,
  ];
}

async function warmUp({ options, signal, halo, person, http, fastify }: Stage): Promise<void> {
  const seconds = Math.min(warmUpSeconds, options.seconds);
  const workloads = [
    constantWorkload(http),
    constantWorkload(fastify),
    await person.workload('GET'),
    await person.workload('PUT'),
  ];
  for (const workload of workloads) {
    await runLoad(options.generator, workload, { connections, seconds, signal });
  }
  await runSql(halo.postgres, 'halo', 'vacuum analyze');
}

/** Writes the page, and keeps in it what other programs measure. */
async function writeResults(output: string, page: string): Promise<void> {
  // There is none yet where it is written for the first time.
  const before = await readFile(output, 'utf8').catch(() => '');
  const kept = [overloadTitle, consoleSizeTitle].flatMap((title) => getSection(before, title) ?? []);
  const parts = [page, ...kept].map((part) => part.trimEnd());
  await writeFile(output, `${parts.join('\n\n')}\n`);
}

/** Baseline and Halo take turns, so that each ratio is of neighbours in time. */
async function runRound(stage: Stage, round: number, measurements: Measurement[]): Promise<void> {
  const { options, signal, halo, person, http, fastify } = stage;
  const postgresPid = halo.postgres.pid;
  const pressure = (wanted: number) => ({ connections: wanted, seconds: options.seconds, signal });
  const add = (measured: Measurement): void => {
    measurements.push(measured);
    console.log(progressLine(measured));
  };
  const bare = async (subject: Subject, server: Baseline): Promise<void> => {
    const run = () => runLoad(options.generator, constantWorkload(server), pressure(connections));
    add(
      await measure({ subject, round, connections }, { serverPid: server.pid, postgresPid: undefined }, run),
    );
  };
  const wire = async (subject: Subject, method: 'GET' | 'PUT', wanted: number): Promise<void> => {
    if (method === 'PUT') await runSql(halo.postgres, 'halo', 'checkpoint');
    const workload = await person.workload(method);
    const run = () => runLoad(options.generator, workload, pressure(wanted));
    add(await measure({ subject, round, connections: wanted }, processesOf(halo), run));
  };
  const pgbench = async (subject: Subject, script: PgbenchScript): Promise<void> => {
    const clients = stage.pgbenchClients;
    if (clients === 0) return;
    if (script === 'upsert') await runSql(halo.postgres, 'halo', 'checkpoint');
    const run = () => runPgbench(halo.postgres, script, options.keys, pressure(clients));
    add(await measure({ subject, round, connections: clients }, { serverPid: undefined, postgresPid }, run));
  };
  const again = !options.isSmoke;
  await bare('http', http);
  await bare('fastify', fastify);
  await wire('get', 'GET', connections);
  if (again) await bare('fastify', fastify);
  if (again) await bare('http', http);
  await pgbench('pgbenchGet', 'get');
  await pgbench('pgbenchUpsert', 'upsert');
  await wire('put', 'PUT', connections);
  if (again) await pgbench('pgbenchUpsert', 'upsert');
  await wire('putWide', 'PUT', connectionsWide);
  if (again) await pgbench('pgbenchUpsert', 'upsert');
}

async function main(): Promise<void> {
  const options = await readOptions(process.argv.slice(2)).catch((error: Error) => {
    throw new Error(`${error.message}\n\n${usage}`);
  });
  const interruption = new AbortController();
  // Handled again and again: an impatient second Ctrl+C must not leave servers behind.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => interruption.abort(new Error('Interrupted.')));
  const undo: Undo[] = [];
  try {
    const results = await bench(options, interruption.signal, undo);
    console.log(`\n${ratioLines(results.measurements)}`);
    for (const remark of results.remarks) console.log(remark);
    const errors = results.measurements.reduce((sum, measured) => sum + measured.errors, 0);
    if (errors > 0) throw new Error(`${errors} requests failed: these are no results.`);
    if (options.output !== undefined) {
      await writeResults(options.output, renderResults(results));
      // Not beside a device: `--output /dev/null` is for whoever wants no results.
      if (options.output.endsWith('.md')) {
        await writeFile(join(dirname(options.output), plotFile), renderPlot(results.measurements));
      }
    }
  } finally {
    // The last thing started is the first to be stopped, and one that fails keeps none of the others.
    for (const step of undo.reverse()) {
      await step().catch((error: unknown) => {
        console.error('Something could not be cleaned up.', error);
        process.exitCode = 1;
      });
    }
  }
}

await main().catch((error: unknown) => {
  if (!(error instanceof Error)) throw error;
  console.error(error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message);
  process.exitCode = 1;
});
