import {
  type CreatedToken,
  keyFault,
  limits,
  prefixEnd,
  type TokenList,
  type TokenRequest,
} from 'halo-contract';
import { type Kysely, sql } from 'kysely';

import type { Credential } from '../database/live-session.js';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';
import { type Acting, actingSession, checkLogIn, lockAsOwner } from './acting-session.js';
import { appendAudit } from './audit.js';
import type { Origin } from './origin.js';
import { encodeApiToken, hashSessionToken, newSecret, newSessionId } from './session-token.js';
import { inTransaction, withDatabase } from './transaction.js';

/** The column is never null; PostgreSQL's infinity stands for no end, and the driver reads it as a number. */
type Instant = Date | number;

interface TokenRow {
  readonly id: string;
  readonly name: string | null;
  readonly access: 'read' | 'write';
  readonly prefix: string;
  readonly created_at: Date;
  readonly last_used_at: Date;
  readonly expires_at: Instant;
}

/** What is excluded would let one name pass for another, or break a line in a log. */
const nameForm = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]+$/u;

/**
 * The account's API tokens that have not expired, the newest first, without their secrets.
 *
 * @throws HaloError `session-ended`, `insufficient-scope`, `unavailable`
 */
export async function listTokens(database: Kysely<Tables>, credential: Credential): Promise<TokenList> {
  const { rows } = await withDatabase(() =>
    sql<Acting & Omit<TokenRow, 'id'> & { readonly id: string | null }>`
      with acting as (${actingSession(credential)})
      select acting.kind, s.id, s.name, s.access, s.prefix, s.created_at, s.last_used_at, s.expires_at
      from acting left join sessions s on acting.kind = 'login' and s.kind = 'token' and s.expires_at > now()
        and s.account_id = ${credential.accountId}::bigint
      order by s.created_at desc, s.id`.execute(database),
  );
  checkLogIn(rows);
  return { tokens: rows.flatMap(({ id, ...row }) => (id === null ? [] : apiToken({ id, ...row }))) };
}

/**
 * Makes an API token. It reaches no further than its maker, who has a log-in and so reaches everything.
 *
 * @throws HaloError `invalid-request`, `quota-exceeded`, `session-ended`, `insufficient-scope`, `unavailable`,
 * `outcome-unknown`
 */
export async function createToken(
  database: Kysely<Tables>,
  credential: Credential,
  request: TokenRequest,
  origin: Origin,
): Promise<CreatedToken> {
  const { name: written, access, prefix = '', expires_in } = request;
  const name = written.trim();
  if (!nameForm.test(name)) throw invalid('/name', 'A name has visible characters in it and no others.');
  const fault = prefix === '' ? undefined : keyFault(prefix);
  if (fault !== undefined) throw invalid('/prefix', fault.replaceAll('key', 'prefix'));
  const { accountId, sessionId: session } = credential;
  const id = newSessionId();
  const token = encodeApiToken({ accountId, sessionId: id, secret: newSecret() });
  const row = await inTransaction(database, 'outcome-unknown', async (transaction) => {
    await lockAsOwner(transaction, credential);
    await checkRoom(transaction, accountId);
    const end =
      expires_in === undefined
        ? sql<Date>`'infinity'`
        : sql<Date>`now() + make_interval(secs => ${expires_in})`;
    const created: TokenRow = await transaction
      .insertInto('sessions')
      .values({
        account_id: accountId,
        id,
        kind: 'token',
        name,
        secret_hash: hashSessionToken(token),
        access,
        prefix,
        prefix_end: prefixEnd(prefix) ?? null,
        expires_at: end,
        last_used_at: sql<Date>`'-infinity'`,
      })
      .returning(['id', 'name', 'access', 'prefix', 'created_at', 'last_used_at', 'expires_at'])
      .executeTakeFirstOrThrow();
    const done = { accountId, actor: 'owner', session, subject: id, subjectName: name, ...origin } as const;
    await appendAudit(transaction, { event: 'token-created', ...done });
    return created;
  });
  return { ...apiToken(row), token };
}

/**
 * Revokes an API token; it is refused everywhere from the next statement on.
 *
 * @throws HaloError `not-found`, `session-ended`, `insufficient-scope`, `unavailable`
 */
export async function revokeToken(
  database: Kysely<Tables>,
  credential: Credential,
  id: string,
  origin: Origin,
): Promise<void> {
  await inTransaction(database, 'unavailable', async (transaction) => {
    await lockAsOwner(transaction, credential);
    const { accountId, sessionId: session } = credential;
    const revoked = await transaction
      .deleteFrom('sessions')
      .where('account_id', '=', accountId)
      .where('id', '=', id)
      .where('kind', '=', 'token')
      .returning('name')
      .executeTakeFirst();
    if (revoked === undefined) throw new HaloError('not-found', 'There is no such API token.');
    const subjectName = revoked.name ?? undefined;
    const done = { accountId, actor: 'owner', session, subject: id, subjectName, ...origin } as const;
    await appendAudit(transaction, { event: 'token-revoked', ...done });
  });
}

/** The store is locked, so that no two requests both find the last place. */
async function checkRoom(transaction: Kysely<Tables>, accountId: string): Promise<void> {
  const { count } = await transaction
    .selectFrom('sessions')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('account_id', '=', accountId)
    .where('kind', '=', 'token')
    .where('expires_at', '>', sql<Date>`now()`)
    .executeTakeFirstOrThrow();
  if (Number(count) < limits.tokensMax) return;
  const detail = `An account has at most ${limits.tokensMax} API tokens. Revoke one that is no longer used.`;
  throw new HaloError('quota-exceeded', detail, { extra: { limit: 'tokens' } });
}

function apiToken({ id, name, access, prefix, created_at, last_used_at, expires_at }: TokenRow) {
  return {
    id,
    name: name ?? '',
    access,
    prefix,
    created_at: created_at.toISOString(),
    last_used_at: instant(last_used_at),
    expires_at: instant(expires_at),
  };
}

function instant(value: Instant): string | null {
  return value instanceof Date ? value.toISOString() : null;
}

function invalid(pointer: string, detail: string): HaloError {
  return new HaloError('invalid-request', detail, { extra: { pointer } });
}
