import type { Transaction } from 'kysely';
import { isUniqueViolation } from '../database/failure.js';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';
import type { AccountName } from './account-name.js';

export interface NewAccount {
  readonly id: string;
  readonly name: string;
  readonly created_at: Date;
}

/** Adds an account with its store. Throws `name-taken`, with a pointer. */
export async function insertAccount(
  transaction: Transaction<Tables>,
  { name, folded }: AccountName,
  passwordHash: string,
): Promise<NewAccount> {
  const account = await transaction
    .insertInto('accounts')
    .values({ name, name_folded: folded, password_hash: passwordHash })
    .returning(['id', 'name', 'created_at'])
    .executeTakeFirstOrThrow()
    .catch((error: unknown) => {
      if (!isUniqueViolation(error, 'accounts_name_folded')) throw error;
      throw new HaloError('name-taken', 'Another account has this name.', { extra: { pointer: '/name' } });
    });
  await transaction.insertInto('stores').values({ account_id: account.id }).execute();
  return account;
}
