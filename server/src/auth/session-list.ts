import type { SessionList } from 'halo-contract';
import { type Kysely, sql } from 'kysely';
import type { Credential } from '../database/live-session.js';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';
import { type Acting, actingSession, checkLogIn, lockAsOwner } from './acting-session.js';
import { appendAudit } from './audit.js';
import type { Origin } from './origin.js';
import { inTransaction, withDatabase } from './transaction.js';

interface Row extends Acting {
  readonly id: string | null;
  readonly device: string | null;
  readonly address: string | null;
  readonly created_at: Date;
  readonly last_used_at: Date;
  readonly expires_at: Date;
}

/**
 * The log-ins of the account, the most recently used first.
 *
 * @throws HaloError `session-ended`, `insufficient-scope`, `unavailable`
 */
export async function listSessions(database: Kysely<Tables>, credential: Credential): Promise<SessionList> {
  const { rows } = await withDatabase(() =>
    sql<Row>`
      with acting as (${actingSession(credential)})
      select acting.kind, s.id, s.device, s.address, s.created_at, s.last_used_at, s.expires_at
      from acting left join sessions s on acting.kind = 'login' and s.kind = 'login' and s.expires_at > now()
        and s.account_id = ${credential.accountId}::bigint
      order by s.last_used_at desc, s.created_at desc, s.id`.execute(database),
  );
  checkLogIn(rows);
  const sessions = rows.flatMap(({ id, device, address, created_at, last_used_at, expires_at }) =>
    id === null
      ? []
      : {
          id,
          device,
          address,
          created_at: created_at.toISOString(),
          last_used_at: last_used_at.toISOString(),
          expires_at: expires_at.toISOString(),
          current: id === credential.sessionId,
        },
  );
  return { sessions };
}

/**
 * Ends one log-in of the account; its credentials are refused everywhere from the next statement on.
 *
 * @throws HaloError `not-found`, `session-ended`, `insufficient-scope`, `unavailable`
 */
export async function endListedSession(
  database: Kysely<Tables>,
  credential: Credential,
  id: string,
  origin: Origin,
): Promise<void> {
  await inTransaction(database, 'unavailable', async (transaction) => {
    await lockAsOwner(transaction, credential);
    const { accountId, sessionId: session } = credential;
    const { numDeletedRows } = await transaction
      .deleteFrom('sessions')
      .where('account_id', '=', accountId)
      .where('id', '=', id)
      .where('kind', '=', 'login')
      .where('expires_at', '>', sql<Date>`now()`)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw new HaloError('not-found', 'There is no such session.');
    const event = id === session ? 'log-out' : 'session-ended';
    await appendAudit(transaction, { accountId, event, actor: 'owner', session, subject: id, ...origin });
  });
}

/**
 * Ends all log-ins of the account but the acting one.
 *
 * @throws HaloError `session-ended`, `insufficient-scope`, `unavailable`
 */
export async function endOtherSessions(
  database: Kysely<Tables>,
  credential: Credential,
  origin: Origin,
): Promise<void> {
  await inTransaction(database, 'unavailable', async (transaction) => {
    await lockAsOwner(transaction, credential);
    const { accountId, sessionId: session } = credential;
    await deleteOtherLogIns(transaction, accountId, session);
    const event = 'other-sessions-ended';
    await appendAudit(transaction, { accountId, event, actor: 'owner', session, ...origin });
  });
}

/** The store must be locked. */
export async function deleteOtherLogIns(
  transaction: Kysely<Tables>,
  accountId: string,
  session: string,
): Promise<void> {
  await transaction
    .deleteFrom('sessions')
    .where('account_id', '=', accountId)
    .where('kind', '=', 'login')
    .where('id', '!=', session)
    .execute();
}
