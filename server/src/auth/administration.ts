import { limits } from 'halo-contract';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';
import { parseAccountName, readAccountName } from './account-name.js';
import { type AuditEntry, appendAudit } from './audit.js';
import { deleteAccountRows } from './deletion.js';
import { insertAccount, type NewAccount } from './new-account.js';
import { checkPassword, type PasswordHasher } from './passwords.js';
import { inTransaction } from './transaction.js';

export interface NewPassword {
  readonly password: string;
  readonly hasher: PasswordHasher;
  /** What the operator asks for; never below the contract's floor. */
  readonly passwordLengthMin: number;
}

/** How many of an account's sessions a verb ended, held or gave back. */
export interface SessionCounts {
  readonly logIns: number;
  readonly tokens: number;
}

/** Null stands for the server's default; what is left out stays as it is. */
export interface LimitChange {
  readonly keys?: number | null | undefined;
  readonly bytes?: number | null | undefined;
}

interface LockedAccount {
  readonly id: string;
  readonly name: string;
  readonly disabled: boolean;
}

/**
 * What the operator does to accounts. Each verb is one transaction, and each takes its locks in the same order as
 * everybody else: the account, its store, its sessions, the end of its audit trail. The account's lock keeps
 * log-ins out; the store's lock waits for the commits that are under way, so that when a verb returns, nothing
 * that it ended can do anything any more.
 *
 * All throw `not-found` for a name that nobody has, `unavailable`, and `outcome-unknown` when the connection is
 * lost while committing.
 */

/**
 * Creates an account without logging in, whoever may sign up. Throws `invalid-request`, `weak-password`,
 * `name-taken`.
 */
export async function createAccount(
  database: Kysely<Tables>,
  writtenName: string,
  { password, hasher, passwordLengthMin }: NewPassword,
): Promise<NewAccount> {
  const name = readAccountName(writtenName);
  await checkPassword(password, name.name, passwordLengthMin);
  const passwordHash = await hasher.hash(password);
  return inTransaction(database, 'outcome-unknown', async (transaction) => {
    const account = await insertAccount(transaction, name, passwordHash);
    await append(transaction, { accountId: account.id, event: 'sign-up' });
    return account;
  });
}

/**
 * Shuts an account: ends its log-ins and holds its API tokens, which no check of a session accepts any more. An
 * account that is disabled already stays so.
 */
export async function disableAccount(database: Kysely<Tables>, name: string): Promise<SessionCounts> {
  return inTransaction(database, 'outcome-unknown', async (transaction) => {
    const account = await lockAccount(transaction, name);
    await transaction
      .updateTable('accounts')
      .set({ disabled_at: sql<Date>`coalesce(disabled_at, now())` })
      .where('id', '=', account.id)
      .execute();
    const logIns = await endLogIns(transaction, account);
    const tokens = await changeTokens(transaction, account, 'token', 'held');
    if (!account.disabled) await append(transaction, { accountId: account.id, event: 'account-disabled' });
    return { logIns, tokens };
  });
}

/** Opens an account again and gives its API tokens back, but for those that have expired meanwhile. */
export async function enableAccount(database: Kysely<Tables>, name: string): Promise<SessionCounts> {
  return inTransaction(database, 'outcome-unknown', async (transaction) => {
    const account = await lockAccount(transaction, name);
    await transaction
      .updateTable('accounts')
      .set({ disabled_at: null })
      .where('id', '=', account.id)
      .execute();
    const tokens = await changeTokens(transaction, account, 'held', 'token');
    await transaction
      .deleteFrom('sessions')
      .where('account_id', '=', account.id)
      .where('kind', '=', 'held')
      .execute();
    if (account.disabled) await append(transaction, { accountId: account.id, event: 'account-enabled' });
    return { logIns: 0, tokens };
  });
}

/** Deletes an account with everything in it. Its name is free at once; its data is erased in the background. */
export async function deleteAccount(database: Kysely<Tables>, name: string): Promise<void> {
  await inTransaction(database, 'outcome-unknown', async (transaction) => {
    const account = await lockAccount(transaction, name);
    await deleteAccountRows(transaction, { accountId: account.id, actor: 'operator' });
  });
}

/** Gives an account another password and ends its log-ins, and on demand its API tokens. Throws `weak-password`. */
export async function resetPassword(
  database: Kysely<Tables>,
  name: string,
  { password, hasher, passwordLengthMin }: NewPassword,
  { revokeTokens }: { readonly revokeTokens: boolean },
): Promise<SessionCounts> {
  await checkPassword(password, name, passwordLengthMin);
  const passwordHash = await hasher.hash(password);
  return inTransaction(database, 'outcome-unknown', async (transaction) => {
    const account = await lockAccount(transaction, name);
    await transaction
      .updateTable('accounts')
      .set({ password_hash: passwordHash })
      .where('id', '=', account.id)
      .execute();
    const logIns = await endLogIns(transaction, account);
    const tokens = revokeTokens ? await revokeAllTokens(transaction, account) : 0;
    await append(transaction, { accountId: account.id, event: 'password-changed' });
    if (revokeTokens) await append(transaction, { accountId: account.id, event: 'tokens-revoked' });
    return { logIns, tokens };
  });
}

/** Ends an account's log-ins, and on demand its API tokens; its owner may log in again at once. */
export async function endAllSessions(
  database: Kysely<Tables>,
  name: string,
  { revokeTokens }: { readonly revokeTokens: boolean },
): Promise<SessionCounts> {
  return inTransaction(database, 'outcome-unknown', async (transaction) => {
    const account = await lockAccount(transaction, name);
    const logIns = await endLogIns(transaction, account);
    const tokens = revokeTokens ? await revokeAllTokens(transaction, account) : 0;
    await append(transaction, { accountId: account.id, event: 'all-sessions-ended' });
    if (revokeTokens) await append(transaction, { accountId: account.id, event: 'tokens-revoked' });
    return { logIns, tokens };
  });
}

/** Sets what an account may keep. An account that keeps more loses nothing: it can only not add to it. */
export async function setLimits(
  database: Kysely<Tables>,
  name: string,
  { keys, bytes }: LimitChange,
): Promise<void> {
  for (const limit of [keys, bytes]) {
    if (limit === undefined || limit === null) continue;
    if (!Number.isSafeInteger(limit) || limit < 0)
      throw new HaloError(
        'invalid-request',
        `A limit is a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`,
      );
  }
  await inTransaction(database, 'outcome-unknown', async (transaction) => {
    const account = await lockAccount(transaction, name);
    await transaction
      .updateTable('stores')
      .set({
        ...(keys === undefined ? {} : { keys_max: keys }),
        ...(bytes === undefined ? {} : { bytes_max: bytes }),
      })
      .where('account_id', '=', account.id)
      .execute();
    await append(transaction, { accountId: account.id, event: 'limits-set' });
  });
}

/** Locks an account and then its store. */
async function lockAccount(transaction: Transaction<Tables>, written: string): Promise<LockedAccount> {
  const folded = parseAccountName(written)?.folded;
  const row =
    folded === undefined
      ? undefined
      : await transaction
          .selectFrom('accounts')
          .select(['id', 'name', 'disabled_at'])
          .where('name_folded', '=', folded)
          // Not `for update`: a commit that holds the store's lock and adds a session checks the reference to this
          // row, and would wait for us while we wait for it.
          .forNoKeyUpdate()
          .executeTakeFirst();
  if (row === undefined) throw noSuchAccount(written);
  await transaction
    .selectFrom('stores')
    .select('account_id')
    .where('account_id', '=', row.id)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  return { id: row.id, name: row.name, disabled: row.disabled_at !== null };
}

export function noSuchAccount(name: string): HaloError {
  const shown = name.slice(0, limits.nameLengthMax);
  return new HaloError('not-found', `There is no account named ${JSON.stringify(shown)}.`);
}

/** Returns how many of them were still alive. */
async function endLogIns(transaction: Transaction<Tables>, { id }: LockedAccount): Promise<number> {
  return endSessions(transaction, id, ['login']);
}

/** Held ones too: an account that is enabled later must not get them back. */
async function revokeAllTokens(transaction: Transaction<Tables>, { id }: LockedAccount): Promise<number> {
  return endSessions(transaction, id, ['token', 'held']);
}

async function endSessions(
  transaction: Transaction<Tables>,
  accountId: string,
  kinds: readonly ('login' | 'token' | 'held')[],
): Promise<number> {
  // Under the store's lock, so that these are the ones that are deleted: Citus returns no clock from a delete.
  const { lived } = await transaction
    .selectFrom('sessions')
    .select((eb) => eb.fn.countAll<string>().as('lived'))
    .where('account_id', '=', accountId)
    .where('kind', 'in', kinds)
    .where('expires_at', '>', sql<Date>`now()`)
    .executeTakeFirstOrThrow();
  await transaction
    .deleteFrom('sessions')
    .where('account_id', '=', accountId)
    .where('kind', 'in', kinds)
    .execute();
  return Number(lived);
}

async function changeTokens(
  transaction: Transaction<Tables>,
  { id }: LockedAccount,
  from: 'token' | 'held',
  to: 'token' | 'held',
): Promise<number> {
  const { numUpdatedRows } = await transaction
    .updateTable('sessions')
    .set({ kind: to })
    .where('account_id', '=', id)
    .where('kind', '=', from)
    .where('expires_at', '>', sql<Date>`now()`)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

async function append(transaction: Transaction<Tables>, event: Omit<AuditEntry, 'actor'>): Promise<void> {
  await appendAudit(transaction, { ...event, actor: 'operator' });
}
