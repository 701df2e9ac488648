import { type Grant, limits } from 'halo-contract';
import type { Kysely, Transaction } from 'kysely';
import { databaseError, isUniqueViolation } from '../database/failure.js';
import type { Credential } from '../database/live-session.js';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';
import { parseAccountName, readAccountName } from './account-name.js';
import { checkPassword, type PasswordHasher } from './passwords.js';
import type { Secrets } from './secrets.js';
import {
  endSession,
  endSessionOf,
  type OpenedSession,
  type Origin,
  openSession,
  refreshSession,
} from './sessions.js';
import type { Tokens } from './tokens.js';

export interface AccountsOptions {
  readonly database: Kysely<Tables>;
  readonly hasher: PasswordHasher;
  readonly tokens: Tokens;
  readonly secrets: Secrets;
  /** What the operator asks for; never below the contract's floor. */
  readonly passwordLengthMin?: number | undefined;
}

export interface LogInRequest extends Origin {
  readonly name: string;
  readonly password: string;
}

/** The refresh token stays apart from the rest: whether it goes into the body or a cookie is for http. */
export interface Granted {
  readonly grant: Omit<Grant, 'refresh_token'>;
  readonly refreshToken: string;
  /** When the session, and with it the refresh token, expires for good. */
  readonly expiresAt: Date;
}

export interface Accounts {
  /**
   * Creates an account and logs in. Throws `invalid-request`, `weak-password`, `name-taken`, `overloaded`,
   * `unavailable`, and `outcome-unknown` when the connection is lost while committing.
   */
  signUp(request: LogInRequest): Promise<Granted>;
  /** Throws `unauthenticated` for a wrong name as for a wrong password, `overloaded`, `unavailable`. */
  logIn(request: LogInRequest): Promise<Granted>;
  /** Throws `unauthenticated`, `session-ended`, `unavailable`. */
  refresh(refreshToken: string): Promise<Granted>;
  /** Throws `session-ended`, `insufficient-scope`, `unavailable`. */
  logOut(credential: Credential): Promise<void>;
  /** Logs out a browser by its cookie. Throws `unauthenticated`, `session-ended`, `unavailable`. */
  logOutByRefreshToken(refreshToken: string): Promise<void>;
}

/** What a grant says of its account. */
interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly created_at: Date;
}

/** One message for both, so that it does not tell which names exist. */
const wrongNameOrPassword = 'The name or the password is wrong.';

/**
 * A second attempt serves the log-in that lost to another's renewal of the hash, a third one whom a change of
 * password then overtook. Nobody changes it more often within those milliseconds.
 */
const logInAttemptsMax = 3;

/** No account has it: names have three characters at least. */
const nobody = '';

/** The verbs of a person: come, come again, stay, go. */
export function createAccounts(options: AccountsOptions): Accounts {
  const { database, secrets, tokens } = options;
  return {
    signUp: (request) => signUp(options, request),
    logIn: (request) => logIn(options, request),
    async refresh(refreshToken) {
      const session = await withDatabase(() => refreshSession(database, secrets, refreshToken));
      return grant(tokens, session.account, session);
    },
    async logOut(credential) {
      await withDatabase(() => endSession(database, credential));
    },
    async logOutByRefreshToken(refreshToken) {
      await withDatabase(() => endSessionOf(database, refreshToken));
    },
  };
}

async function signUp(
  { database, hasher, tokens, passwordLengthMin = limits.passwordLengthMin }: AccountsOptions,
  { name: writtenName, password, device, address }: LogInRequest,
): Promise<Granted> {
  const { name, folded } = readAccountName(writtenName);
  await checkPassword(password, name, passwordLengthMin);
  // Before the transaction, which would otherwise hold its connection while waiting for a core.
  const passwordHash = await hasher.hash(password);
  const { account, session } = await inTransaction(database, 'outcome-unknown', async (transaction) => {
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
    const session = await openSession(transaction, { accountId: account.id, device, address });
    return { account, session };
  });
  return grant(tokens, account, session);
}

async function logIn(options: AccountsOptions, request: LogInRequest): Promise<Granted> {
  for (let attempt = 1; attempt <= logInAttemptsMax; attempt += 1) {
    const granted = await tryLogIn(options, request);
    if (granted !== undefined) return granted;
  }
  throw new HaloError('unauthenticated', wrongNameOrPassword);
}

/** Returns undefined when the stored hash changed since it was read, so that what was verified is void. */
async function tryLogIn(
  { database, hasher, tokens }: AccountsOptions,
  { name, password, device, address }: LogInRequest,
): Promise<Granted | undefined> {
  // An impossible name takes the same way as an unknown one, and so the same time.
  const folded = parseAccountName(name)?.folded ?? nobody;
  const account = await withDatabase(() =>
    database
      .selectFrom('accounts')
      .select(['id', 'name', 'created_at', 'password_hash'])
      .where('name_folded', '=', folded)
      .executeTakeFirst(),
  );
  if (account === undefined) {
    await hasher.verifyNothing(password);
    throw new HaloError('unauthenticated', wrongNameOrPassword);
  }
  const { ok, stale } = await hasher.verify(account.password_hash, password);
  if (!ok) throw new HaloError('unauthenticated', wrongNameOrPassword);
  const newHash = stale ? await rehash(hasher, password) : undefined;
  const session = await inTransaction(database, 'unavailable', async (transaction) => {
    if (!(await confirmHash(transaction, account, newHash))) return undefined;
    return openSession(transaction, { accountId: account.id, device, address });
  });
  return session === undefined ? undefined : grant(tokens, account, session);
}

/** A busy moment is no reason to refuse a log-in: the hash can be renewed with the next one. */
async function rehash(hasher: PasswordHasher, password: string): Promise<string | undefined> {
  try {
    return await hasher.hash(password);
  } catch (error) {
    if (error instanceof HaloError && error.code === 'overloaded') return undefined;
    throw error;
  }
}

/**
 * Says whether the hash that was verified is still the account's, and locks it until the session is there.
 * Otherwise a change of password, which ends all sessions, could come between verifying the old one and
 * opening a session, and that session would outlive it.
 */
async function confirmHash(
  transaction: Transaction<Tables>,
  { id, password_hash }: { readonly id: string; readonly password_hash: string },
  newHash: string | undefined,
): Promise<boolean> {
  if (newHash === undefined) {
    const query = transaction.selectFrom('accounts').select('id').forShare();
    const row = await query
      .where('id', '=', id)
      .where('password_hash', '=', password_hash)
      .executeTakeFirst();
    return row !== undefined;
  }
  const query = transaction.updateTable('accounts').set({ password_hash: newHash });
  const { numUpdatedRows } = await query
    .where('id', '=', id)
    .where('password_hash', '=', password_hash)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function grant(tokens: Tokens, account: AccountRow, session: OpenedSession): Promise<Granted> {
  const { token, expiresInS } = await tokens.issue({ accountId: account.id, sessionId: session.sessionId });
  return {
    grant: {
      account: { id: account.id, name: account.name, created_at: account.created_at.toISOString() },
      access_token: token,
      token_type: 'Bearer',
      expires_in: expiresInS,
    },
    refreshToken: session.refreshToken,
    expiresAt: session.expiresAt,
  };
}

/**
 * Runs a transaction and puts its failures into the catalogue's words.
 *
 * @param ifCommitIsLost what it means to the client that nobody knows whether it committed: for a log-in
 * nothing, since a session whose token nobody got is never used
 */
async function inTransaction<Result>(
  database: Kysely<Tables>,
  ifCommitIsLost: 'outcome-unknown' | 'unavailable',
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  let committing = false;
  try {
    return await database.transaction().execute(async (transaction) => {
      const result = await work(transaction);
      committing = true;
      return result;
    });
  } catch (error) {
    throw databaseError(error, { committing: committing && ifCommitIsLost === 'outcome-unknown' });
  }
}

async function withDatabase<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
}
