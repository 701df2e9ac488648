import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Database } from './database.js';

/** Connections to this database that are made from now on wait at COMMIT for a standby, which never comes. */
export async function waitForStandbys({ kysely }: Database): Promise<void> {
  await setForAll(kysely, sql`on`);
}

/** Connections that are made from now on wait for nothing, as before. */
export async function waitForNobody({ kysely }: Database): Promise<void> {
  await setForAll(kysely, sql`local`);
}

async function setForAll(kysely: Database['kysely'], value: ReturnType<typeof sql>): Promise<void> {
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(kysely);
  await sql`alter database ${sql.id(rows[0]?.name ?? '')} set synchronous_commit = ${value}`.execute(kysely);
}

/** Ends the wait of the one backend that waits for a standby, as soon as there is one. */
export async function endWait(
  { kysely }: Database,
  how: 'pg_cancel_backend' | 'pg_terminate_backend',
): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const { rows } = await sql`
      select ${sql.raw(how)}(pid) from pg_stat_activity
      where datname = current_database() and wait_event = 'SyncRep'`.execute(kysely);
    if (rows.length > 0) return;
    if (performance.now() > deadline) throw new Error('Nothing waits for a standby.');
    await delay(10);
  }
}
