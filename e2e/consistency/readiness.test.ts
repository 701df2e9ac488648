import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { operations } from 'halo-contract';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { haloAt } from '../halo.js';
import { makeDataDirectory, removeDataDirectory, startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';
import { until } from '../until.js';

/** Halo's own PostgreSQL is frozen, as a machine without memory or a disk that hangs would freeze it. */
const data = await makeDataDirectory();
const server = await startHalo({ data });
const halo = haloAt(server.url);
const stopped = new Set<number>();
afterAll(async () => {
  thaw();
  await server.stop();
  await removeDataDirectory(data);
});

/** What is promised, and room for a busy machine to notice. */
const answerMsMax = 2_000;
const slackMs = 1_500;

async function postmaster(): Promise<{ readonly pid: number; readonly port: number; readonly host: string }> {
  const lines = (await readFile(join(data, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
  return { pid: Number(lines[0]), port: Number(lines[3]), host: lines[4] ?? '' };
}

/** The first process and all that it has started. */
async function freeze(): Promise<void> {
  const { pid } = await postmaster();
  // It first, so that it starts no more.
  signal(pid);
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  for (const child of children.trim().split(' ').map(Number)) signal(child);
}

function signal(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  stopped.add(pid);
}

function thaw(): void {
  for (const pid of stopped) {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // Gone meanwhile.
    }
  }
  stopped.clear();
}

async function timed(path: string): Promise<{ readonly response: Response; readonly ms: number }> {
  const beganMs = performance.now();
  const response = await halo.request('GET', path);
  return { response, ms: performance.now() - beganMs };
}

const isReady = async (): Promise<boolean> => (await timed(operations.ready.path)).response.status === 200;

test('a frozen PostgreSQL is told of in time, each time, and so is that it is back', async () => {
  expect(await isReady()).toBe(true);
  await freeze();
  for (let asked = 0; asked < 3; asked += 1) {
    const { response, ms } = await timed(operations.ready.path);
    await expectProblem(response, 'unavailable');
    expect(ms).toBeLessThan(answerMsMax + slackMs);
  }
  // Many who ask wait for the same answer.
  const many = await Promise.all(Array.from({ length: 30 }, () => timed(operations.ready.path)));
  expect(many.map(({ response }) => response.status)).toEqual(many.map(() => 503));
  expect(Math.max(...many.map(({ ms }) => ms))).toBeLessThan(answerMsMax + slackMs);
  const live = await timed(operations.live.path);
  expect([live.response.status, live.ms < 1_000]).toEqual([200, true]);
  const metrics = await (await halo.request('GET', '/metrics')).text();
  expect(metrics).toContain('halo_database_ready 0\n');
  thaw();
  await until('Readiness', isReady);
});

test('a PostgreSQL that takes no writes is not ready, and is as soon as it takes them', async () => {
  const { port, host } = await postmaster();
  const operator = new pg.Client({ host, port, user: 'halo', database: 'halo' });
  await operator.connect();
  const setReadOnly = async (value: string): Promise<void> => {
    await operator.query('set default_transaction_read_only = off');
    await operator.query(`alter system set default_transaction_read_only = ${value}`);
    await operator.query('select pg_reload_conf()');
  };
  try {
    expect(await isReady()).toBe(true);
    await setReadOnly('on');
    await until('Unreadiness', async () => !(await isReady()));
    const { response } = await timed(operations.ready.path);
    await expectProblem(response, 'unavailable');
    await setReadOnly('off');
    await until('Readiness', isReady);
  } finally {
    await operator.query('alter system reset default_transaction_read_only');
    await operator.end();
  }
});

test('a PostgreSQL that has gone is not ready until it is back', async () => {
  const { pid } = await postmaster();
  process.kill(pid, 'SIGKILL');
  await until('Unreadiness', async () => !(await isReady()));
  const live = await timed(operations.live.path);
  expect(live.response.status).toBe(200);
  await until('Readiness', isReady, 30_000);
});
