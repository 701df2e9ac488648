import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Kysely, type Migration, type MigrationResultSet, Migrator, sql } from 'kysely';
import { StartError } from '../errors.js';
import { packageRoot } from '../package-root.js';
import type { Tables } from './tables.js';

const folder = new URL('migrations/', packageRoot);

/**
 * Brings the schema up to date with the files in `migrations/`, in one transaction. Safe from many
 * processes at once: Kysely's migrator holds an advisory lock meanwhile.
 *
 * @returns the names of the migrations that were applied
 * @throws StartError when a migration fails, or when the database was migrated by a newer Halo
 */
export async function migrate(database: Kysely<Tables>): Promise<string[]> {
  return outcomeOf(await migratorOf(database).migrateToLatest());
}

/** Brings a database without a schema to that of one migration and those before it, to fill it from a backup. */
export async function migrateTo(database: Kysely<Tables>, name: string): Promise<string[]> {
  return outcomeOf(await migratorOf(database).migrateTo(name));
}

/** The names of all migrations that this Halo knows, in order. */
export async function readMigrationNames(): Promise<string[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return files.map((name) => name.slice(0, -'.sql'.length));
}

function migratorOf(database: Kysely<Tables>): Migrator {
  return new Migrator({ db: database, provider: { getMigrations: readMigrations } });
}

function outcomeOf({ error, results }: MigrationResultSet): string[] {
  if (error !== undefined) {
    const failed = results?.find((result) => result.status === 'Error')?.migrationName;
    const message = error instanceof Error ? error.message : String(error);
    throw new StartError(
      failed === undefined
        ? `The database schema cannot be brought up to date: ${message}. Was it made by a newer Halo?`
        : `The migration ${failed} failed and was rolled back: ${message}.`,
      { cause: error },
    );
  }
  return (results ?? []).map((result) => result.migrationName);
}

async function readMigrations(): Promise<Record<string, Migration>> {
  const migrations: Record<string, Migration> = {};
  for (const name of await readMigrationNames()) {
    const text = await readFile(fileURLToPath(new URL(`${name}.sql`, folder)), 'utf8');
    migrations[name] = {
      up: async (transaction: Kysely<unknown>) => {
        await sql.raw(text).execute(transaction);
      },
    };
  }
  return migrations;
}
