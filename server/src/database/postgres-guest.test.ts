import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './postgres.js';
import { type BorrowedPostgres, borrowEmbeddedPostgres, hasCluster } from './postgres-guest.js';

/** Several PostgreSQL are made, started and stopped, one after the other. */
const testTimeoutMs = 90_000;

let directory = '';
let owner: EmbeddedPostgres | undefined;
const guests: BorrowedPostgres[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'halo-test-'));
});
afterEach(async () => {
  // All at once, since one may wait for another.
  await Promise.allSettled(guests.splice(0).map((guest) => guest.release()));
  await owner?.stop();
  owner = undefined;
  await rm(directory, { recursive: true, force: true });
});

async function borrow(): Promise<BorrowedPostgres> {
  const guest = await borrowEmbeddedPostgres({ directory, log: () => {} });
  guests.push(guest);
  return guest;
}

/** The process id of the PostgreSQL behind an address. */
async function serverOf({ address }: BorrowedPostgres): Promise<number> {
  const client = new pg.Client(address as pg.ClientConfig);
  await client.connect();
  try {
    const { rows } = await client.query<{ file: string }>(`select pg_read_file('postmaster.pid') as file`);
    return Number.parseInt(rows[0]?.file ?? '', 10);
  } finally {
    await client.end();
  }
}

const isRunning = () => existsSync(join(directory, 'postgres', 'postmaster.pid'));

test('a guest uses the PostgreSQL of a running Halo and leaves it alone', {
  timeout: testTimeoutMs,
}, async () => {
  owner = await startEmbeddedPostgres({ directory, log: () => {} });
  const [one, two] = [await borrow(), await borrow()];
  expect([await serverOf(one), await serverOf(two)]).toEqual([owner.pid, owner.pid]);
  await one.release();
  expect(await serverOf(two)).toBe(owner.pid);
  await two.release();
  expect(isRunning()).toBe(true);
});

test('an owner that stops does not wait for its guests', { timeout: testTimeoutMs }, async () => {
  owner = await startEmbeddedPostgres({ directory, log: () => {} });
  const guest = await borrow();
  await owner.stop();
  expect(isRunning()).toBe(false);
  await guest.release();
});

test('where none runs, one is started, shared, and stopped by who started it, last', {
  timeout: testTimeoutMs,
}, async () => {
  const guests = await Promise.all([borrow(), borrow(), borrow()]);
  const pids = await Promise.all(guests.map(serverOf));
  expect(new Set(pids).size).toBe(1);
  const released: number[] = [];
  await Promise.all(
    guests.map(async (guest, index) => {
      await guest.release();
      released.push(index);
    }),
  );
  expect(released).toHaveLength(3);
  expect(isRunning()).toBe(false);
});

test('the starter waits for a guest, and whoever comes meanwhile gets the next PostgreSQL', {
  timeout: testTimeoutMs,
}, async () => {
  const starter = await borrow();
  const guest = await borrow();
  const first = await serverOf(starter);
  let isReleased = false;
  const releasing = starter.release().then(() => {
    isReleased = true;
  });
  const waiting = new pg.Client(guest.address as pg.ClientConfig);
  await waiting.connect();
  await expect
    .poll(async () => {
      const { rows } = await waiting.query(
        `select 1 from pg_locks where locktype = 'advisory' and not granted`,
      );
      return rows.length;
    })
    .toBe(1);
  const late = borrow();
  await waiting.end();
  expect(await serverOf(guest)).toBe(first);
  expect(isReleased).toBe(false);
  await guest.release();
  await releasing;
  expect(await serverOf(await late)).not.toBe(first);
});

test('hasCluster tells a data directory that was used from any other place', {
  timeout: testTimeoutMs,
}, async () => {
  expect(await hasCluster(directory)).toBe(false);
  expect(await hasCluster(join(directory, 'nowhere'))).toBe(false);
  await writeFile(join(directory, 'file'), '');
  expect(await hasCluster(join(directory, 'file'))).toBe(false);
  await (await borrow()).release();
  expect(await hasCluster(directory)).toBe(true);
});
