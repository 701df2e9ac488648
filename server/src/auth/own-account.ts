import type { PasswordChange } from 'halo-contract';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Credential } from '../database/live-session.js';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';
import { type Acting, actingSession, checkLogIn, lockAsOwner } from './acting-session.js';
import { appendAudit, recordAudit } from './audit.js';
import { deleteAccountRows } from './deletion.js';
import type { Origin } from './origin.js';
import { checkPassword, type PasswordHasher } from './passwords.js';
import { deleteOtherLogIns } from './session-list.js';
import type { Throttle } from './throttle.js';
import { inTransaction, withDatabase } from './transaction.js';

/** What a person does to their own account, for which the password is asked once more. */
export interface OwnAccount {
  /**
   * Ends every other session and, when asked, API tokens.
   *
   * @throws HaloError `weak-password`, `unauthenticated` with a pointer for a wrong password, `rate-limited`,
   * `session-ended`, `insufficient-scope`, `overloaded`, `unavailable`, `outcome-unknown`
   */
  changePassword(credential: Credential, change: PasswordChange, origin: Origin): Promise<void>;
  /**
   * Deletes the account: nothing reaches its data any more, which is left to be erased.
   *
   * @throws HaloError as `changePassword`
   */
  delete(credential: Credential, password: string, origin: Origin): Promise<void>;
}

export interface OwnAccountOptions {
  readonly database: Kysely<Tables>;
  readonly hasher: PasswordHasher;
  readonly throttle: Pick<Throttle, 'password'>;
  readonly passwordLengthMin: number;
}

interface Owner extends Acting {
  readonly name: string;
  readonly password_hash: string;
}

export function createOwnAccount(options: OwnAccountOptions): OwnAccount {
  const { database, hasher, passwordLengthMin } = options;
  return {
    async changePassword(credential, change, origin) {
      const owner = await findOwner(database, credential);
      await checkPassword(change.new_password, owner.name, passwordLengthMin).catch((error: unknown) => {
        throw at('/new_password', error);
      });
      await provePassword(options, credential, owner, change.current_password, '/current_password', origin);
      const newHash = await hasher.hash(change.new_password);
      const { accountId, sessionId: session } = credential;
      await inTransaction(database, 'outcome-unknown', async (transaction) => {
        await lockHash(transaction, credential, owner.password_hash, '/current_password');
        await lockAsOwner(transaction, credential);
        await transaction
          .updateTable('accounts')
          .set({ password_hash: newHash })
          .where('id', '=', accountId)
          .execute();
        await deleteOtherLogIns(transaction, accountId, session);
        const done = { accountId, actor: 'owner', session, ...origin } as const;
        await appendAudit(transaction, { event: 'password-changed', ...done });
        if (change.revoke_tokens !== true) return;
        const tokens = transaction.deleteFrom('sessions').where('account_id', '=', accountId);
        await tokens.where('kind', '=', 'token').execute();
        await appendAudit(transaction, { event: 'tokens-revoked', ...done });
      });
    },

    async delete(credential, password, origin) {
      const owner = await findOwner(database, credential);
      await provePassword(options, credential, owner, password, '/password', origin);
      const { accountId } = credential;
      await inTransaction(database, 'outcome-unknown', async (transaction) => {
        await lockHash(transaction, credential, owner.password_hash, '/password');
        await lockAsOwner(transaction, credential);
        await deleteAccountRows(transaction, { accountId, actor: 'owner', ...origin });
      });
    },
  };
}

async function findOwner(database: Kysely<Tables>, credential: Credential): Promise<Owner> {
  const { rows } = await withDatabase(() =>
    sql<Owner>`
      select acting.kind, a.name, a.password_hash
      from (${actingSession(credential)}) acting join accounts a on a.id = ${credential.accountId}::bigint
    `.execute(database),
  );
  checkLogIn(rows);
  const [owner] = rows;
  if (owner === undefined) throw new Error('A session lives without its account.');
  return owner;
}

/** Whoever holds a session may guess as slowly here as at the log-in. */
async function provePassword(
  { database, hasher, throttle }: OwnAccountOptions,
  { accountId, sessionId: session }: Credential,
  owner: Owner,
  password: string,
  pointer: string,
  origin: Origin,
): Promise<void> {
  const attempt = await throttle.password.begin({ accountId, address: origin.address });
  const { ok } = await hasher.verify(owner.password_hash, password);
  if (ok) return attempt.succeeded();
  await recordAudit(database, {
    accountId,
    event: 'password-refused',
    actor: 'stranger',
    session,
    ...origin,
  });
  throw new HaloError('unauthenticated', 'The password is wrong.', { extra: { pointer } });
}

/** Locks the account, unless its password was changed since it was proved. */
async function lockHash(
  transaction: Transaction<Tables>,
  credential: Credential,
  hash: string,
  pointer: string,
): Promise<void> {
  // Not `for update`: whoever holds the store and adds a session refers to this row, and would wait for us.
  const query = transaction.selectFrom('accounts').select('id').forNoKeyUpdate();
  const row = await query
    .where('id', '=', credential.accountId)
    .where('password_hash', '=', hash)
    .executeTakeFirst();
  if (row !== undefined) return;
  // Whoever changed it has ended this session, unless it was this session.
  checkLogIn((await actingSession(credential).execute(transaction)).rows);
  throw new HaloError('unauthenticated', 'The password was changed a moment ago.', { extra: { pointer } });
}

/** The same refusal, about another field. */
function at(pointer: string, error: unknown): unknown {
  if (!(error instanceof HaloError)) return error;
  return new HaloError(error.code, error.message, { extra: { ...error.extra, pointer } });
}
