import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { StartError } from '../errors.js';
import { type Database, openDatabase } from './database.js';
import { migrate } from './migrate.js';
import { createTestDatabase } from './test-database.js';

const names = (await readdir(new URL('../../migrations/', import.meta.url)))
  .filter((name) => name.endsWith('.sql'))
  .map((name) => name.slice(0, -'.sql'.length))
  .sort();

const drops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const drop of drops.splice(0)) await drop();
});

async function asAdministrator(statement: string): Promise<void> {
  const client = new pg.Client({ ...inject('cluster'), database: 'postgres' });
  await client.connect();
  await client.query(statement);
  await client.end();
}

/** A database without any schema, unlike those of `createTestDatabase`, and as many openings of it as asked. */
async function createEmptyDatabase(openings: number): Promise<Database[]> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdministrator(`create database ${name} template template0`);
  const address = { ...inject('cluster'), database: name };
  const opened = Array.from({ length: openings }, () =>
    openDatabase(address, { cold: 2, readers: 1, writers: 1, scanners: 1, exporters: 1 }, () => {}),
  );
  drops.push(async () => {
    for (const database of opened) await database.close();
    await asAdministrator(`drop database ${name} with (force)`);
  });
  return opened;
}

async function createMigratedDatabase(): Promise<Database> {
  const { database, drop } = await createTestDatabase();
  drops.push(drop);
  return database;
}

async function appliedIn({ kysely }: Database): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(
    kysely,
  );
  return rows.map(({ name }) => name);
}

async function tablesIn({ kysely }: Database): Promise<string[]> {
  const query = sql<{ name: string }>`
    select table_name as name from information_schema.tables where table_schema = 'public' order by 1`;
  return (await query.execute(kysely)).rows.map(({ name }) => name);
}

async function failureOf(migrating: Promise<unknown>): Promise<StartError> {
  const error: unknown = await migrating.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error instanceof StartError) return error;
  throw new Error('There was no StartError.', { cause: error });
}

describe('migrate', () => {
  test('applies each migration to an empty database exactly once, however many servers start at once', async () => {
    const servers = await createEmptyDatabase(8);
    const [first] = servers;
    if (first === undefined) throw new Error('No database was opened.');
    expect(await tablesIn(first)).toEqual([]);
    // Two of each server's connections, so that the lock is fought over within a process too.
    const applied = await Promise.all([...servers, ...servers].map(({ kysely }) => migrate(kysely)));
    expect(applied.flat().sort()).toEqual(names);
    expect(applied.filter((some) => some.length > 0)).toEqual([names]);
    expect(await appliedIn(first)).toEqual(names);
    expect(await tablesIn(first)).toEqual(await tablesIn(await createMigratedDatabase()));
  });

  test('applies nothing when the schema is up to date', async () => {
    const database = await createMigratedDatabase();
    expect(await migrate(database.kysely)).toEqual([]);
    expect(await appliedIn(database)).toEqual(names);
  });

  test('keeps what is stored when it runs again', async () => {
    const database = await createMigratedDatabase();
    const account = { name: 'ada', name_folded: 'ada', password_hash: 'x' };
    await database.kysely.insertInto('accounts').values(account).execute();
    await migrate(database.kysely);
    expect(await database.kysely.selectFrom('accounts').select('name').execute()).toEqual([{ name: 'ada' }]);
  });

  test('refuses a database that a newer Halo migrated, and leaves it as it is', async () => {
    const database = await createMigratedDatabase();
    const newer = '9999-from-the-future';
    await sql`insert into kysely_migration (name, timestamp) values (${newer}, now()::text)`.execute(
      database.kysely,
    );
    const { message } = await failureOf(migrate(database.kysely));
    expect(message).toContain(newer);
    expect(message).toContain('newer Halo');
    expect(await appliedIn(database)).toEqual([...names, newer]);
  });

  test('refuses a database in which a migration is missing from the middle', async () => {
    const database = await createMigratedDatabase();
    await sql`delete from kysely_migration where name = ${names[0]}`.execute(database.kysely);
    expect((await failureOf(migrate(database.kysely))).message).toContain('cannot be brought up to date');
  });

  test('names the migration that fails, applies none of them, and can then run again', async () => {
    const [database] = await createEmptyDatabase(1);
    if (database === undefined) throw new Error('No database was opened.');
    // In the way of the last migration, so that what came before it has to be undone.
    await sql`create table entries (in_the_way int)`.execute(database.kysely);
    const { message, cause } = await failureOf(migrate(database.kysely));
    expect(message).toMatch(
      /^The migration \d{4}-[a-z-]+ failed and was rolled back: .*entries.*already exists/,
    );
    expect(cause).toBeInstanceOf(Error);
    expect(await tablesIn(database)).not.toContain('accounts');
    await sql`drop table entries`.execute(database.kysely);
    expect(await migrate(database.kysely)).toEqual(names);
  });
});
