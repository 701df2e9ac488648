import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { type Database, type DatabaseAddress, type Flight, openDatabase } from './database.js';
import { templateDatabase } from './test-cluster.js';

export interface TestDatabase {
  readonly address: DatabaseAddress;
  readonly database: Database;
  drop(): Promise<void>;
}

/** A migrated database of the test file's own, on the cluster of the run. */
export async function createTestDatabase(flight: Flight = 'mixed'): Promise<TestDatabase> {
  const { host, port, user } = inject('cluster');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const asAdministrator = async (statement: string) => {
    const client = new pg.Client({ host, port, user, database: 'postgres' });
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  await asAdministrator(`create database ${name} template ${templateDatabase} strategy wal_log`);
  const address = { host, port, user, database: name };
  const database = openDatabase(
    address,
    { cold: 8, readers: 2, writers: 2, scanners: 2, exporters: 2 },
    () => {},
    flight,
  );
  return {
    address,
    database,
    drop: async () => {
      await database.close();
      await asAdministrator(`drop database ${name} with (force)`);
    },
  };
}
