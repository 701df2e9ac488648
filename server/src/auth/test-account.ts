import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Credential } from '../database/live-session.js';
import type { Tables } from '../database/tables.js';
import type { Origin } from './origin.js';
import type { Secrets } from './secrets.js';
import { openSession } from './sessions.js';

/** Where everybody in these tests comes from. */
export const testOrigin: Origin = { device: 'Firefox', address: '203.0.113.7' };

/** An account with a store, and one log-in of it. */
export async function createTestAccount(
  database: Kysely<Tables>,
  secrets: Secrets,
  passwordHash = 'none',
): Promise<{ readonly credential: Credential; readonly refreshToken: string; readonly name: string }> {
  const name = `person-${randomUUID()}`;
  const account = await database
    .insertInto('accounts')
    .values({ name, name_folded: name, password_hash: passwordHash })
    .returning('id')
    .executeTakeFirstOrThrow();
  await database.insertInto('stores').values({ account_id: account.id }).execute();
  return { name, ...(await logInTestAccount(database, secrets, account.id)) };
}

/** One more log-in of an account. */
export async function logInTestAccount(database: Kysely<Tables>, secrets: Secrets, accountId: string) {
  const { sessionId, refreshToken } = await openSession(database, secrets, { accountId, ...testOrigin });
  return { credential: { accountId, sessionId, secretHash: undefined }, refreshToken };
}
