import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { openDatabase } from './database.js';
import { migrate } from './migrate.js';
import { startEmbeddedPostgres } from './postgres.js';

/** The one cluster of a test run. */
export interface TestCluster {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

export const templateDatabase = 'halo_template';

declare module 'vitest' {
  interface ProvidedContext {
    cluster: TestCluster;
  }
}

/** Vitest's global set-up: starts a real PostgreSQL and migrates the template that each file clones. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'halo-test-'));
  // Tests make and drop whole databases; whether those survive a power cut does not matter.
  const settings = {
    fsync: 'off',
    max_connections: '200',
    // A standby that never comes. Only a session that asks for it waits, which is how a test gets to see that wait.
    synchronous_standby_names: 'nobody',
    synchronous_commit: 'local',
  };
  const postgres = await startEmbeddedPostgres({ directory, log: () => {}, settings });
  const { socketDirectory: host, port, user } = postgres;
  const client = new pg.Client({ host, port, user, database: 'postgres' });
  await client.connect();
  await client.query(`create database ${templateDatabase}`);
  await client.end();
  const sizes = { cold: 1, readers: 1, writers: 1, scanners: 1, exporters: 1 };
  const database = openDatabase({ host, port, user, database: templateDatabase }, sizes, () => {});
  await migrate(database.kysely);
  await database.close();
  project.provide('cluster', { host, port, user });
  return async () => {
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  };
}
