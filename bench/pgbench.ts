import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { runCommand } from './command.js';
import { type Outcome, type Pressure, value } from './workload.js';

/** Where a PostgreSQL server is reached: a Unix socket, and the port that names its file. */
export interface PostgresPlace {
  readonly socketDirectory: string;
  readonly port: number;
  readonly pid: number;
}

const superuser = 'halo';
const database = 'bench';
/** Halo's pools and this program's own session need these while pgbench runs. */
const connectionsSpared = 16;
/** Two keep 64 clients busy; pgbench needs less than half a core for them. */
const threads = 2;
/** Latencies are logged for one transaction in ten: enough for a p99, too little to slow pgbench down. */
const sampling = 0.1;

const scripts = {
  get: "select value from entries where account_id = 1 and key = 'bench/' || :n::text;",
  upsert: `insert into entries (account_id, key, value) values (1, 'bench/' || :n::text, :value::bytea)
    on conflict (account_id, key) do update set value = excluded.value;`,
};
export type PgbenchScript = keyof typeof scripts;

/** Runs one statement in the named database of the server that Halo uses. */
export async function runSql(
  { socketDirectory: host, port }: PostgresPlace,
  name: string,
  statement: string,
  parameters: readonly unknown[] = [],
): Promise<readonly unknown[][]> {
  const client = new pg.Client({ host, port, user: superuser, database: name });
  await client.connect();
  try {
    const { rows } = await client.query({
      text: statement,
      values: [...parameters],
      rowMode: 'array',
    });
    return rows;
  } finally {
    await client.end();
  }
}

/**
 * Makes a database beside Halo's with a table of the least shape that could hold the same: a row a key, with
 * no session, revision, history or counter.
 */
export async function createPgbenchTable(place: PostgresPlace, keys: number): Promise<void> {
  await runSql(place, 'postgres', `create database ${database}`);
  await runSql(
    place,
    database,
    `create table entries (
       account_id bigint not null, key text collate "C" not null, value bytea not null,
       primary key (account_id, key))`,
  );
  await runSql(
    place,
    database,
    `insert into entries select 1, 'bench/' || n, convert_to($2, 'UTF8') from generate_series(0, $1::int - 1) n`,
    [keys, value],
  );
  await runSql(place, database, 'vacuum analyze');
}

export async function dropPgbenchTable(place: PostgresPlace): Promise<void> {
  await runSql(place, 'postgres', `drop database if exists ${database} with (force)`);
}

/** @returns how many clients pgbench may use: as many as wanted, or what the server has connections for */
export async function pgbenchClients(place: PostgresPlace, wanted: number): Promise<number> {
  const [row] = await runSql(place, 'postgres', "select current_setting('max_connections')");
  return Math.max(1, Math.min(wanted, Number(row?.[0]) - connectionsSpared));
}

/** Runs one prepared statement against random keys, each client one at a time. */
export async function runPgbench(
  place: PostgresPlace,
  script: PgbenchScript,
  keys: number,
  pressure: Pressure,
): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), 'halo-bench-pgbench-'));
  try {
    const file = join(directory, 'script.sql');
    await writeFile(file, `\\set n random(0, ${keys - 1})\n${scripts[script].replaceAll(/\s+/g, ' ')}\n`);
    const output = await runCommand(
      'pgbench',
      [
        ...['--host', place.socketDirectory, '--port', String(place.port), '--username', superuser],
        ...['--client', String(pressure.connections)],
        ...['--jobs', String(Math.min(threads, pressure.connections))],
        ...['--time', String(pressure.seconds), '--no-vacuum', '--protocol', 'prepared'],
        ...['--define', `value=${value}`, '--file', file],
        ...['--log', '--log-prefix', join(directory, 'latency'), '--sampling-rate', String(sampling)],
        database,
      ],
      { signal: pressure.signal },
    );
    return { ...parsePgbenchOutput(output), ...parsePgbenchLog(await readLogs(directory)) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** pgbench writes a file a thread. */
async function readLogs(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter((name) => name.startsWith('latency'));
  return (await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))).join('');
}

/**
 * Reads pgbench's summary; the time to connect is left out of it.
 *
 * @throws Error when it is not one, or when nothing was processed
 */
export function parsePgbenchOutput(output: string): Pick<Outcome, 'operations' | 'seconds' | 'errors'> {
  const operations = Number(/^number of transactions actually processed: (\d+)/m.exec(output)?.[1]);
  const perSecond = Number(/^tps = ([\d.]+)/m.exec(output)?.[1]);
  // pgbench before version 15 knows no failed transactions: there a failure ends the client and the run.
  const errors = Number(/^number of failed transactions: (\d+)/m.exec(output)?.[1] ?? 0);
  if (!(operations > 0 && perSecond > 0)) throw new Error(`pgbench printed no result: ${output}`);
  return { operations, seconds: operations / perSecond, errors };
}

/** Reads the sampled latencies, the third column, in microseconds. A sample's maximum says nothing. */
export function parsePgbenchLog(log: string): Pick<Outcome, 'p50Ms' | 'p99Ms' | 'maxMs'> {
  const latenciesMs = log
    .split('\n')
    .map((line) => Number(line.split(' ')[2]) / 1_000)
    .filter((latencyMs) => latencyMs >= 0)
    .sort((a, b) => a - b);
  const at = (part: number) => latenciesMs[Math.floor((latenciesMs.length - 1) * part)] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: undefined };
}
