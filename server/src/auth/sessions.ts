import { createHmac, timingSafeEqual } from 'node:crypto';
import { limits } from 'halo-contract';
import { type Kysely, sql } from 'kysely';
import type { Credential } from '../database/live-session.js';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';
import { lockAsOwner, lockStore } from './acting-session.js';
import { appendAudit } from './audit.js';
import { type Origin, storedOrigin } from './origin.js';
import type { SecretKeys, Secrets } from './secrets.js';
import {
  decodeRefreshToken,
  encodeRefreshToken,
  hashSessionToken,
  newSecret,
  newSessionId,
  type SessionToken,
} from './session-token.js';
import { inTransaction } from './transaction.js';

export interface OpenedSession {
  readonly sessionId: string;
  readonly refreshToken: string;
  /** When the session ends for good; a refresh does not postpone it. */
  readonly expiresAt: Date;
}

export interface RefreshedSession extends OpenedSession {
  readonly account: { readonly id: string; readonly name: string; readonly created_at: Date };
}

/**
 * Starts a session of 30 days for an account, within the caller's transaction if `database` is one. Of more than
 * 500, those unused for longest end: a program that logs in again and again fills nothing.
 */
export async function openSession(
  database: Kysely<Tables>,
  [{ refreshKey }]: Secrets,
  { accountId, ...origin }: Origin & { readonly accountId: string },
): Promise<OpenedSession> {
  const sessionId = newSessionId();
  const refreshToken = encodeRefreshToken({ accountId, sessionId, secret: newSecret() }, refreshKey);
  await endSurplus(database, accountId);
  const { expires_at } = await database
    .insertInto('sessions')
    .values({
      account_id: accountId,
      id: sessionId,
      kind: 'login',
      secret_hash: hashSessionToken(refreshToken),
      ...storedOrigin(origin),
      expires_at: sql<Date>`now() + make_interval(secs => ${limits.refreshTokenSeconds})`,
    })
    .returning('expires_at')
    .executeTakeFirstOrThrow();
  return { sessionId, refreshToken, expiresAt: expires_at };
}

/** Makes room for one more. */
async function endSurplus(database: Kysely<Tables>, accountId: string): Promise<void> {
  await sql`
    delete from sessions
    where account_id = ${accountId}::bigint and id in (
      select id from sessions
      where account_id = ${accountId}::bigint and kind = 'login'
      order by last_used_at desc, created_at desc, id
      offset ${limits.sessionsMax - 1}
    )`.execute(database);
}

/**
 * Exchanges a refresh token for its child, after RFC 9700: each is good once. The child is derived from its
 * parent, so that however many requests present one token at once, on whichever replica, they make one child
 * and get the same answer; for that the immediate parent is honoured for 10 s. Anything older was stolen or
 * has been: it ends the session.
 *
 * @throws HaloError `unauthenticated` for what is no refresh token, `session-ended` for one without a live
 * session or that ended it just now
 */
export async function refreshSession(
  database: Kysely<Tables>,
  secrets: Secrets,
  token: string,
  origin: Origin,
): Promise<RefreshedSession> {
  const parent = decode(secrets, token);
  // Not thrown within the transaction, which would then take back that the session was ended.
  const refreshed = await inTransaction(database, 'unavailable', async (transaction) => {
    const rotated = await rotate(transaction, parent, token, deriveChild(parent, secrets[0]));
    const { accountId, sessionId: session } = parent;
    if (rotated !== undefined) {
      await appendAudit(transaction, { accountId, event: 'refresh', actor: 'owner', session, ...origin });
      return rotated;
    }
    const repeated = await findChild(transaction, secrets, parent, token);
    if (repeated !== undefined) return repeated;
    const wasAlive = await deleteLogIn(transaction, parent);
    const replayed = { event: 'refresh-replayed', actor: 'stranger', subject: session } as const;
    if (wasAlive) await appendAudit(transaction, { accountId, ...replayed, ...origin });
    return undefined;
  });
  if (refreshed === undefined) throw ended();
  return refreshed;
}

/** Which session a refresh token names. Throws `unauthenticated` for what is none. */
export function sessionOfRefreshToken(secrets: Secrets, token: string): string {
  return decode(secrets, token).sessionId;
}

function decode(secrets: Secrets, token: string): SessionToken {
  const decoded = decodeRefreshToken(
    token,
    secrets.map(({ refreshKey }) => refreshKey),
  );
  if (decoded === undefined) throw new HaloError('unauthenticated', 'The refresh token is not valid.');
  return decoded;
}

/**
 * Ends the session of a log-in; its credentials are refused everywhere from the next statement on.
 *
 * @throws HaloError `session-ended` if it had ended already, `insufficient-scope` for an API token, which is
 * revoked and not logged out
 */
export async function endSession(
  database: Kysely<Tables>,
  credential: Credential,
  origin: Origin,
): Promise<void> {
  await inTransaction(database, 'unavailable', async (transaction) => {
    await lockAsOwner(transaction, credential);
    await deleteLogIn(transaction, credential);
    await appendLogOut(transaction, credential, origin);
  });
}

/**
 * Ends the session of a refresh token, for a browser whose access token has expired.
 *
 * @throws HaloError `unauthenticated` for what is no refresh token, `session-ended` for one that is no longer good
 */
export async function endSessionOf(
  database: Kysely<Tables>,
  secrets: Secrets,
  token: string,
  origin: Origin,
): Promise<void> {
  const session = decode(secrets, token);
  await inTransaction(database, 'unavailable', async (transaction) => {
    if (!(await deleteLogIn(transaction, session, token))) throw ended();
    await appendLogOut(transaction, session, origin);
  });
}

function appendLogOut(
  transaction: Kysely<Tables>,
  { accountId, sessionId: session }: NamedSession,
  origin: Origin,
): Promise<void> {
  return appendAudit(transaction, { accountId, event: 'log-out', actor: 'owner', session, ...origin });
}

/**
 * Replaces the parent's hash by the child's. One statement: of many at once PostgreSQL lets one through, and
 * the others, having waited for its row lock, find that the hash is no longer theirs.
 */
async function rotate(
  database: Kysely<Tables>,
  { accountId, sessionId }: SessionToken,
  parentToken: string,
  childToken: string,
): Promise<RefreshedSession | undefined> {
  const row = await database
    .updateTable('sessions as s')
    .from('accounts as a')
    .set((eb) => ({
      previous_hash: eb.ref('s.secret_hash'),
      secret_hash: hashSessionToken(childToken),
      rotated_at: sql<Date>`now()`,
      last_used_at: sql<Date>`now()`,
    }))
    .where('s.account_id', '=', accountId)
    .where('s.id', '=', sessionId)
    .where('s.kind', '=', 'login')
    .where('s.secret_hash', '=', hashSessionToken(parentToken))
    .where('s.expires_at', '>', sql<Date>`now()`)
    .whereRef('a.id', '=', 's.account_id')
    .returning(['s.expires_at', 'a.id', 'a.name', 'a.created_at'])
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { expires_at, ...account } = row;
  return { account, sessionId, refreshToken: childToken, expiresAt: expires_at };
}

/**
 * Returns the child that the token got a moment ago, or undefined if the token is not the immediate parent
 * or its 10 s are over. Throws `session-ended` if no such session lives. The database judges the time, since
 * its clock is the one that all replicas share.
 */
async function findChild(
  database: Kysely<Tables>,
  secrets: Secrets,
  parent: SessionToken,
  parentToken: string,
): Promise<RefreshedSession | undefined> {
  const row = await database
    .selectFrom('sessions as s')
    .innerJoin('accounts as a', 'a.id', 's.account_id')
    .select(['s.secret_hash', 's.previous_hash', 's.expires_at', 'a.id', 'a.name', 'a.created_at'])
    .select(
      sql<boolean | null>`s.rotated_at > now() - make_interval(secs => ${limits.refreshGraceSeconds})`.as(
        'in_grace',
      ),
    )
    .where('s.account_id', '=', parent.accountId)
    .where('s.id', '=', parent.sessionId)
    .where('s.kind', '=', 'login')
    .where('s.expires_at', '>', sql<Date>`now()`)
    .executeTakeFirst();
  if (row === undefined) throw ended();
  const { secret_hash, previous_hash, expires_at, in_grace, ...account } = row;
  const isParent = previous_hash !== null && timingSafeEqual(previous_hash, hashSessionToken(parentToken));
  if (!isParent || in_grace !== true) return undefined;
  // Replicas do not change HALO_SECRET in the same instant: another one may have derived the child with
  // what is the second secret here.
  const child = secrets
    .map((keys) => deriveChild(parent, keys))
    .find((candidate) => timingSafeEqual(secret_hash, hashSessionToken(candidate)));
  if (child === undefined) return undefined;
  return { account, sessionId: parent.sessionId, refreshToken: child, expiresAt: expires_at };
}

function deriveChild({ accountId, sessionId, secret }: SessionToken, { refreshKey }: SecretKeys): string {
  const child = createHmac('sha256', refreshKey).update(secret).digest();
  return encodeRefreshToken({ accountId, sessionId, secret: child }, refreshKey);
}

interface NamedSession {
  readonly accountId: string;
  readonly sessionId: string;
}

/**
 * Deletes a log-in's session under the lock of its store, as a commit would take it: commits that were under
 * way have ended when this returns, and the next one finds no session.
 *
 * @param token a refresh token that must be the session's own, or its immediate parent
 */
async function deleteLogIn(
  database: Kysely<Tables>,
  { accountId, sessionId }: NamedSession,
  token?: string,
): Promise<boolean> {
  const hash = token === undefined ? null : hashSessionToken(token);
  await lockStore(database, accountId);
  const { numAffectedRows } = await sql`
    delete from sessions s
    where s.account_id = ${accountId}::bigint and s.id = ${sessionId} and s.kind = 'login' and s.expires_at > now()
      and (${hash}::bytea is null or s.secret_hash = ${hash} or s.previous_hash = ${hash})`.execute(database);
  return numAffectedRows === 1n;
}

function ended(): HaloError {
  return new HaloError('session-ended', 'The session has ended. Log in again.');
}
