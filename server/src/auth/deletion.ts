import type { Kysely } from 'kysely';
import type { Tables } from '../database/tables.js';

/**
 * Removes an account: from the commit on, nobody can log in, and its name is free. What it kept is left to the
 * sweeper, which erases it batch by batch. The caller has locked the account and its store.
 */
export async function deleteAccountRows(transaction: Kysely<Tables>, accountId: string): Promise<void> {
  await transaction.insertInto('erasures').values({ account_id: accountId }).execute();
  await transaction.deleteFrom('sessions').where('account_id', '=', accountId).execute();
  await transaction.deleteFrom('stores').where('account_id', '=', accountId).execute();
  await transaction.deleteFrom('audit_events').where('account_id', '=', accountId).execute();
  await transaction.deleteFrom('audit_chains').where('account_id', '=', accountId).execute();
  await transaction.deleteFrom('accounts').where('id', '=', accountId).execute();
}
