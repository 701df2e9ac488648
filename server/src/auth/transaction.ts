import type { Kysely, Transaction } from 'kysely';
import { databaseError } from '../database/failure.js';
import type { Tables } from '../database/tables.js';
import { inSpan } from '../observability/spans.js';

/**
 * Runs a transaction and puts its failures into the catalogue's words.
 *
 * @param ifCommitIsLost what it means to the client that nobody knows whether it committed: for a log-in
 * nothing, since a session whose token nobody got is never used
 */
export async function inTransaction<Result>(
  database: Kysely<Tables>,
  ifCommitIsLost: 'outcome-unknown' | 'unavailable',
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  let committing = false;
  try {
    return await inSpan('transaction', () =>
      database.transaction().execute(async (transaction) => {
        const result = await work(transaction);
        committing = true;
        return result;
      }),
    );
  } catch (error) {
    throw databaseError(error, { committing: committing && ifCommitIsLost === 'outcome-unknown' });
  }
}

/** Runs what changes nothing, or in one statement, and puts its failures into the catalogue's words. */
export async function withDatabase<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
}
