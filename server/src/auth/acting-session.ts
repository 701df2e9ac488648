import { type Kysely, type RawBuilder, sql } from 'kysely';
import { type Credential, sessionLives } from '../database/live-session.js';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';

/** What kind of session acts; no row at all means that none does. */
export interface Acting {
  readonly kind: 'login' | 'token';
}

/** A query of one row with the `kind` of the credential's session, or of none when it does not live. */
export function actingSession({ accountId, sessionId, secretHash }: Credential): RawBuilder<Acting> {
  const hash = secretHash ?? null;
  return sql<Acting>`
    select s.kind
    from (select ${sessionId}::text as session_id, ${hash}::bytea as hash) c
    join sessions s on s.account_id = ${accountId}::bigint and s.id = c.session_id
    where ${sql.raw(sessionLives('c.hash'))}`;
}

/**
 * Checks what `actingSession` found: who may come in is the business of a person, never of an API token.
 *
 * @throws HaloError `session-ended`, `insufficient-scope`
 */
export function checkLogIn([acting]: readonly Acting[]): void {
  if (acting === undefined) throw new HaloError('session-ended', 'The session has ended. Log in again.');
  if (acting.kind !== 'login') {
    throw new HaloError('insufficient-scope', 'This takes a log-in; an API token does not reach it.');
  }
}

/**
 * Locks the account's store, as a commit does, and then checks that the credential is a living log-in: commits
 * that were under way have ended, and no session that has ended acts.
 *
 * @throws HaloError `session-ended`, `insufficient-scope`
 */
export async function lockAsOwner(transaction: Kysely<Tables>, credential: Credential): Promise<void> {
  await lockStore(transaction, credential.accountId);
  const { rows } = await actingSession(credential).execute(transaction);
  checkLogIn(rows);
}

/** Waits for the commits to a store that are under way, and lets none begin until the transaction ends. */
export async function lockStore(transaction: Kysely<Tables>, accountId: string): Promise<void> {
  await sql`select from stores where account_id = ${accountId}::bigint for no key update`.execute(
    transaction,
  );
}
