import { type Grant, limits } from 'halo-contract';
import type { Kysely, Transaction } from 'kysely';
import type { Credential } from '../database/live-session.js';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';
import { foldAccountName, parseAccountName, readAccountName } from './account-name.js';
import { appendAudit, recordAudit, serverTrail } from './audit.js';
import { createNamedGate } from './gate.js';
import { insertAccount } from './new-account.js';
import type { Origin } from './origin.js';
import { checkPassword, type PasswordHasher } from './passwords.js';
import type { Secrets } from './secrets.js';
import {
  endSession,
  endSessionOf,
  type OpenedSession,
  openSession,
  refreshSession,
  sessionOfRefreshToken,
} from './sessions.js';
import type { SignUpPolicy } from './sign-up-policy.js';
import type { Throttle } from './throttle.js';
import type { Tokens } from './tokens.js';
import { inTransaction, withDatabase } from './transaction.js';

export interface AccountsOptions {
  readonly database: Kysely<Tables>;
  readonly hasher: PasswordHasher;
  readonly tokens: Tokens;
  readonly secrets: Secrets;
  readonly throttle: Throttle;
  readonly signUpPolicy: SignUpPolicy;
  /** What the operator asks for; never below the contract's floor. */
  readonly passwordLengthMin?: number | undefined;
}

export interface LogInRequest extends Origin {
  readonly name: string;
  readonly password: string;
}

export interface SignUpRequest extends LogInRequest {
  /** An invite code, where signing up takes one. */
  readonly invite?: string | undefined;
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
   * Creates an account and logs in. Throws `invalid-request`, `weak-password`, `name-taken`, `sign-up-closed`,
   * `rate-limited`, `overloaded`, `unavailable`, and `outcome-unknown` when the connection is lost while committing.
   */
  signUp(request: SignUpRequest): Promise<Granted>;
  /**
   * Throws `unauthenticated` for a wrong name as for a wrong password, `account-disabled`, `rate-limited`,
   * `overloaded`, `unavailable`.
   */
  logIn(request: LogInRequest): Promise<Granted>;
  /** Throws `unauthenticated`, `session-ended`, `rate-limited`, `unavailable`. */
  refresh(refreshToken: string, origin: Origin): Promise<Granted>;
  /** Throws `session-ended`, `insufficient-scope`, `unavailable`. */
  logOut(credential: Credential, origin: Origin): Promise<void>;
  /** Logs out a browser by its cookie. Throws `unauthenticated`, `session-ended`, `unavailable`. */
  logOutByRefreshToken(refreshToken: string, origin: Origin): Promise<void>;
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

/**
 * An attempt counts as failed until it succeeds. A program that logs in many times at once with the right password
 * would look like somebody guessing, were its attempts not let through a few at a time; more would not be faster.
 */
const logInsOfOneMax = 2;
const logInsWaitingMax = 64;

/** No account has it: names have three characters at least. */
const nobody = '';

/** The verbs of a person: come, come again, stay, go. */
export function createAccounts(options: AccountsOptions): Accounts {
  const { database, secrets } = options;
  const enter = createNamedGate({ concurrency: logInsOfOneMax, queueMax: logInsWaitingMax });
  return {
    signUp: (request) => signUp(options, request),
    logIn: (request) => enter(foldAccountName(request.name), () => logIn(options, request)),
    refresh: (refreshToken, origin) => refresh(options, refreshToken, origin),
    logOut: (credential, origin) => endSession(database, credential, origin),
    logOutByRefreshToken: (refreshToken, origin) => endSessionOf(database, secrets, refreshToken, origin),
  };
}

async function signUp(options: AccountsOptions, request: SignUpRequest): Promise<Granted> {
  const { database, hasher, tokens, secrets, throttle, signUpPolicy } = options;
  const { name: writtenName, password, invite, device, address } = request;
  const { name, folded } = readAccountName(writtenName);
  await checkPassword(password, name, options.passwordLengthMin ?? limits.passwordLengthMin);
  await signUpPolicy.check(invite);
  await throttle.signUp.begin({ address });
  // Before the transaction, which would otherwise hold its connection while waiting for a core.
  const passwordHash = await hasher.hash(password);
  const { account, session } = await inTransaction(database, 'outcome-unknown', async (transaction) => {
    await signUpPolicy.admit(transaction, invite);
    const account = await insertAccount(transaction, { name, folded }, passwordHash);
    const accountId = account.id;
    const session = await openSession(transaction, secrets, { accountId, device, address });
    const done = { accountId, event: 'sign-up', actor: 'owner', session: session.sessionId } as const;
    await appendAudit(transaction, { ...done, device, address });
    return { account, session };
  });
  return grant(tokens, account, session);
}

async function logIn(options: AccountsOptions, request: LogInRequest): Promise<Granted> {
  const { name, address } = request;
  const attempt = await options.throttle.logIn.begin({ name, address });
  for (let tries = 1; tries <= logInAttemptsMax; tries += 1) {
    const granted = await tryLogIn(options, request);
    if (granted === undefined) continue;
    await attempt.succeeded();
    return granted;
  }
  throw new HaloError('unauthenticated', wrongNameOrPassword);
}

/** Returns undefined when the stored hash changed since it was read, so that what was verified is void. */
async function tryLogIn(
  { database, hasher, tokens, secrets }: AccountsOptions,
  { name, password, device, address }: LogInRequest,
): Promise<Granted | undefined> {
  // An impossible name takes the same way as an unknown one, and so the same time.
  const folded = parseAccountName(name)?.folded ?? nobody;
  const account = await withDatabase(() =>
    database
      .selectFrom('accounts')
      .select(['id', 'name', 'created_at', 'password_hash', 'disabled_at'])
      .where('name_folded', '=', folded)
      .executeTakeFirst(),
  );
  const failed = { event: 'log-in-failed', actor: 'stranger', device, address } as const;
  if (account === undefined) {
    await hasher.verifyNothing(password);
    // The name is not recorded: what people type there is at times their password.
    await recordAudit(database, { accountId: serverTrail, ...failed });
    throw new HaloError('unauthenticated', wrongNameOrPassword);
  }
  const { ok, stale } = await hasher.verify(account.password_hash, password);
  const accountId = account.id;
  if (!ok || account.disabled_at !== null) {
    await recordAudit(database, { accountId, ...failed });
    if (!ok) throw new HaloError('unauthenticated', wrongNameOrPassword);
    throw new HaloError('account-disabled', 'The operator has disabled this account.');
  }
  const newHash = stale ? await rehash(hasher, password) : undefined;
  const session = await inTransaction(database, 'unavailable', async (transaction) => {
    if (!(await confirmHash(transaction, account, newHash))) return undefined;
    const session = await openSession(transaction, secrets, { accountId, device, address });
    const done = { accountId, event: 'log-in', actor: 'owner', session: session.sessionId } as const;
    await appendAudit(transaction, { ...done, device, address });
    return session;
  });
  return session === undefined ? undefined : grant(tokens, account, session);
}

/** Renews a session's tokens, unless its address or itself has tried too often. */
async function refresh(
  { database, secrets, tokens, throttle }: AccountsOptions,
  refreshToken: string,
  origin: Origin,
): Promise<Granted> {
  const { address } = origin;
  try {
    const sessionId = sessionOfRefreshToken(secrets, refreshToken);
    await throttle.refresh.check({ sessionId, address });
    const session = await refreshSession(database, secrets, refreshToken, origin);
    await throttle.refresh.succeeded({ sessionId });
    return await grant(tokens, session.account, session);
  } catch (error) {
    const refused = error instanceof HaloError && error.status === 401;
    if (refused) await throttle.refresh.failed({ address });
    throw error;
  }
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
 * Says whether the hash that was verified is still the account's and the account enabled, and locks it until the
 * session is there. Otherwise a change of password, which ends all sessions, could come between verifying the old
 * one and opening a session, and that session would outlive it; likewise a disabling.
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
      .where('disabled_at', 'is', null)
      .executeTakeFirst();
    return row !== undefined;
  }
  const query = transaction.updateTable('accounts').set({ password_hash: newHash });
  const { numUpdatedRows } = await query
    .where('id', '=', id)
    .where('password_hash', '=', password_hash)
    .where('disabled_at', 'is', null)
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
