import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { type Database, openDatabase } from './database.js';
import { databaseError, StandbyMet, UnreplicatedCommit } from './failure.js';
import { startEmbeddedPostgres } from './postgres.js';
import { createTestDatabase } from './test-database.js';
import { endWait, waitForStandbys } from './test-standby.js';

const one = { cold: 1, readers: 1, writers: 1, scanners: 1, exporters: 1 };
const { address, database, drop } = await createTestDatabase();
await sql`create table notes (note text)`.execute(database.kysely);
afterAll(drop);

async function backendOf({ kysely }: Database): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(kysely);
  return rows[0]?.pid ?? 0;
}

test('a transaction whose wait for a standby is cancelled has failed, and its connection is dropped', async () => {
  await waitForStandbys(database);
  const waiting = openDatabase(address, one, () => {});
  try {
    const before = await backendOf(waiting);
    const commit = waiting.kysely.transaction().execute(async (transaction) => {
      await sql`insert into notes values ('cancelled')`.execute(transaction);
    });
    const outcome = expect(commit).rejects.toThrow(UnreplicatedCommit);
    await endWait(database, 'pg_cancel_backend');
    await outcome;
    expect(await backendOf(waiting)).not.toBe(before);
    // PostgreSQL has committed all the same: nobody may say that nothing was changed.
    const { rows } = await sql`select note from notes`.execute(database.kysely);
    expect(rows).toEqual([{ note: 'cancelled' }]);
  } finally {
    await waiting.close();
  }
});

test('a transaction whose backend is ended while it waits for a standby has an unknown outcome', async () => {
  await waitForStandbys(database);
  const waiting = openDatabase(address, one, () => {});
  try {
    const commit = waiting.kysely.transaction().execute(async (transaction) => {
      await sql`insert into notes values ('ended')`.execute(transaction);
    });
    const failed = commit.catch((error: unknown) => databaseError(error, { committing: true }));
    await endWait(database, 'pg_terminate_backend');
    expect(await failed).toMatchObject({ code: 'outcome-unknown' });
  } finally {
    await waiting.close();
  }
});

test('a connection that takes no writes is dropped, and the next one is used', async () => {
  const own = openDatabase(address, one, () => {});
  try {
    const before = await backendOf(own);
    await sql`set session characteristics as transaction read only`.execute(own.kysely);
    const write = sql`create table never (id int)`.execute(own.kysely);
    await expect(write).rejects.toMatchObject({ code: '25006' });
    expect(await backendOf(own)).not.toBe(before);
    // Any other failure leaves the connection where it was.
    const after = await backendOf(own);
    await expect(sql`select from nowhere`.execute(own.kysely)).rejects.toMatchObject({ code: '42P01' });
    expect(await backendOf(own)).toBe(after);
  } finally {
    await own.close();
  }
});

test('no pool connects to a standby, and all do once it is promoted', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'halo-test-'));
  const start = () => startEmbeddedPostgres({ directory, log: () => {}, settings: { fsync: 'off' } });
  // A cluster that was shut down and finds this file starts as a standby of a primary that never shows.
  await (await start()).stop();
  await writeFile(join(directory, 'postgres', 'standby.signal'), '');
  const { socketDirectory: host, port, user, database: name, stop } = await start();
  const own = openDatabase({ host, port, user, database: name }, one, () => {});
  const pools = [own.readers, own.writers, own.scanners, own.exporters];
  try {
    for (const pool of pools) await expect(pool.query('select 1')).rejects.toThrow(StandbyMet);
    await expect(sql`select 1`.execute(own.kysely)).rejects.toThrow(StandbyMet);
    const operator = new pg.Client({ host, port, user, database: name });
    await operator.connect();
    await operator.query('select pg_promote()');
    await operator.end();
    for (const pool of pools) expect((await pool.query('select 1')).rowCount).toBe(1);
    expect((await sql`select 1`.execute(own.kysely)).rows).toHaveLength(1);
  } finally {
    await own.close();
    await stop();
    await rm(directory, { recursive: true, force: true });
  }
});
