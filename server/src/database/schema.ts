import { setTimeout as delay } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { StartError } from '../errors.js';
import { databaseError, isPassing } from './failure.js';
import { migrate } from './migrate.js';
import type { Tables } from './tables.js';

/** A fail-over takes seconds; a server that is started in the middle of one need not be started again. */
const waitMsMax = 60_000;
const lookMs = 250;

/**
 * Makes sure that there is a database that takes writes, with the schema of this Halo. One that is only starting,
 * failing over or still a standby is waited for, up to a minute; where nobody listens, there is nothing to wait for.
 *
 * @param onWait told why, once, when there is something to wait for
 * @returns the names of the migrations that were applied
 * @throws StartError when the database cannot be reached, or its schema not be brought up to date
 */
export async function prepareSchema(
  database: Kysely<Tables>,
  onWait: (reason: string) => void,
): Promise<string[]> {
  const deadline = performance.now() + waitMsMax;
  for (let looks = 1; ; looks += 1) {
    const failure = await checkReady(database).then(
      () => undefined,
      (error: Error) => error,
    );
    if (failure === undefined) return migrate(database);
    const reason = failure.cause instanceof Error ? failure.cause.message : failure.message;
    if (!isPassing(failure.cause) || performance.now() > deadline) {
      throw new StartError(
        `The database cannot be reached: ${reason}. Check DATABASE_URL and that it runs.`,
        { cause: failure },
      );
    }
    if (looks === 1) onWait(reason);
    await delay(lookMs);
  }
}

/** Throws HaloError `unavailable` unless the database answers. Whether it takes writes, the migration will see. */
async function checkReady(database: Kysely<Tables>): Promise<void> {
  await sql`select 1`.execute(database).catch((error: unknown) => {
    throw databaseError(error, { committing: false });
  });
}
