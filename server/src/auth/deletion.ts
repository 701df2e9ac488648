import type { Kysely } from 'kysely';
import type { Tables } from '../database/tables.js';
import { appendAudit, serverTrail } from './audit.js';
import type { Origin } from './origin.js';

/**
 * Deletes an account within the caller's transaction. Once that commits there is no session and no store any
 * more, so that nothing reaches the account's data, and its name is free. The data itself may be millions of
 * rows: it is noted for erasure, which the engine does in batches.
 */
export async function deleteAccountRows(
  transaction: Kysely<Tables>,
  { accountId, actor, ...origin }: Partial<Origin> & { accountId: string; actor: 'owner' | 'operator' },
): Promise<void> {
  await transaction.insertInto('erasures').values({ account_id: accountId }).execute();
  // Sessions and the store go with it; commits under way hold the store, and are waited for.
  await transaction.deleteFrom('accounts').where('id', '=', accountId).execute();
  const event = 'account-deleted';
  await appendAudit(transaction, { accountId: serverTrail, event, actor, subject: accountId, ...origin });
}
