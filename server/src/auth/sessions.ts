import { createHmac, timingSafeEqual } from 'node:crypto';
import { limits } from 'halo-contract';
import { type Kysely, sql } from 'kysely';
import type { Credential } from '../database/live-session.js';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';
import type { SecretKeys, Secrets } from './secrets.js';
import {
  decodeSessionToken,
  encodeSessionToken,
  hashSessionToken,
  newSecret,
  newSessionId,
  type SessionToken,
} from './session-token.js';

/** Where a log-in came from, as the list of sessions shows it. */
export interface Origin {
  /** The `User-Agent` header. */
  readonly device: string | undefined;
  readonly address: string | undefined;
}

export interface OpenedSession {
  readonly sessionId: string;
  readonly refreshToken: string;
  /** When the session ends for good; a refresh does not postpone it. */
  readonly expiresAt: Date;
}

export interface RefreshedSession extends OpenedSession {
  readonly account: { readonly id: string; readonly name: string; readonly created_at: Date };
}

/** Enough of a `User-Agent` to recognise a device by; the rest is of no use to anybody. */
const deviceLengthMax = 256;
const addressLengthMax = 64;

/** Starts a session of 30 days for an account, within the caller's transaction if `database` is one. */
export async function openSession(
  database: Kysely<Tables>,
  { accountId, device, address }: Origin & { readonly accountId: string },
): Promise<OpenedSession> {
  const sessionId = newSessionId();
  const refreshToken = encodeSessionToken('refresh', { accountId, sessionId, secret: newSecret() });
  const { expires_at } = await database
    .insertInto('sessions')
    .values({
      account_id: accountId,
      id: sessionId,
      kind: 'login',
      secret_hash: hashSessionToken(refreshToken),
      device: storable(device, deviceLengthMax),
      address: storable(address, addressLengthMax),
      expires_at: sql<Date>`now() + make_interval(secs => ${limits.refreshTokenSeconds})`,
    })
    .returning('expires_at')
    .executeTakeFirstOrThrow();
  return { sessionId, refreshToken, expiresAt: expires_at };
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
): Promise<RefreshedSession> {
  const parent = decodeSessionToken('refresh', token);
  if (parent === undefined) throw new HaloError('unauthenticated', 'The refresh token is not valid.');
  const rotated = await rotate(database, parent, token, deriveChild(parent, secrets[0]));
  if (rotated !== undefined) return rotated;
  const repeated = await findChild(database, secrets, parent, token);
  if (repeated !== undefined) return repeated;
  await deleteLogIn(database, parent);
  throw ended();
}

/**
 * Ends the session of a log-in; its credentials are refused everywhere from the next statement on.
 *
 * @throws HaloError `session-ended` if it had ended already, `insufficient-scope` for an API token, which is
 * revoked and not logged out
 */
export async function endSession(database: Kysely<Tables>, credential: Credential): Promise<void> {
  if (credential.secretHash !== undefined) {
    throw new HaloError('insufficient-scope', 'An API token cannot log out. Revoke it instead.');
  }
  if (!(await deleteLogIn(database, credential))) throw ended();
}

/**
 * Ends the session of a refresh token, for a browser whose access token has expired.
 *
 * @throws HaloError `unauthenticated` for what is no refresh token, `session-ended` for one that is no longer good
 */
export async function endSessionOf(database: Kysely<Tables>, token: string): Promise<void> {
  const session = decodeSessionToken('refresh', token);
  if (session === undefined) throw new HaloError('unauthenticated', 'The refresh token is not valid.');
  if (!(await deleteLogIn(database, session, token))) throw ended();
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
  return encodeSessionToken('refresh', { accountId, sessionId, secret: child });
}

/**
 * Deletes a log-in's session under the lock of its store, as a commit would take it: commits that were under
 * way have ended when this returns, and the next one finds no session.
 *
 * @param token a refresh token that must be the session's own, or its immediate parent
 */
async function deleteLogIn(
  database: Kysely<Tables>,
  { accountId, sessionId }: { readonly accountId: string; readonly sessionId: string },
  token?: string,
): Promise<boolean> {
  const hash = token === undefined ? null : hashSessionToken(token);
  const { numAffectedRows } = await sql`
    delete from sessions s
    using (select account_id from stores where account_id = ${accountId}::bigint for no key update) as locked
    where s.account_id = locked.account_id and s.id = ${sessionId} and s.kind = 'login' and s.expires_at > now()
      and (${hash}::bytea is null or s.secret_hash = ${hash} or s.previous_hash = ${hash})`.execute(database);
  return numAffectedRows === 1n;
}

/** What PostgreSQL can store of a text that a client chose. */
function storable(text: string | undefined, lengthMax: number): string | null {
  return text === undefined ? null : text.slice(0, lengthMax).toWellFormed().replaceAll('\0', '');
}

function ended(): HaloError {
  return new HaloError('session-ended', 'The session has ended. Log in again.');
}
