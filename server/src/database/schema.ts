import { type Kysely, sql } from 'kysely';
import { StartError } from '../errors.js';
import { databaseError } from './failure.js';
import { migrate } from './migrate.js';
import type { Tables } from './tables.js';

/**
 * Makes sure that there is a database, with the schema of this Halo.
 *
 * @returns the names of the migrations that were applied
 * @throws StartError when the database cannot be reached, or its schema not be brought up to date
 */
export async function prepareSchema(database: Kysely<Tables>): Promise<string[]> {
  await checkReady(database).catch((error: Error) => {
    const reason = error.cause instanceof Error ? error.cause.message : error.message;
    throw new StartError(`The database cannot be reached: ${reason}. Check DATABASE_URL and that it runs.`, {
      cause: error,
    });
  });
  return migrate(database);
}

/** Throws HaloError `unavailable` unless the database answers. */
export async function checkReady(database: Kysely<Tables>): Promise<void> {
  await sql`select 1`.execute(database).catch((error: unknown) => {
    throw databaseError(error, { committing: false });
  });
}
