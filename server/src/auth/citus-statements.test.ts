import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tables } from '../database/tables.js';
import { faultsOf, isDistributed, plain } from '../database/test-citus-shapes.js';
import { createTestDatabase, type TestDatabase } from '../database/test-database.js';
import { createActivity, pruneUsage, reportUsage } from './activity.js';
import {
  createAccount,
  deleteAccount,
  disableAccount,
  enableAccount,
  endAllSessions,
  resetPassword,
  setLimits,
} from './administration.js';
import { createToken, listTokens, revokeToken } from './api-tokens.js';
import { listAudit, pruneAudit, readAudit, recordAudit, serverTrail } from './audit.js';
import { createPasswordHasher } from './passwords.js';
import { deriveSecrets } from './secrets.js';
import { endOtherSessions, listSessions } from './session-list.js';
import { hashSessionToken } from './session-token.js';
import { endSession, endSessionOf, refreshSession } from './sessions.js';
import { createTestAccount, logInTestAccount, testOrigin } from './test-account.js';

/** Those look over all accounts, for what is old. */
const spanning = [/^delete from usage_days where day </, /from audit_events where at </];

let testDatabase: TestDatabase;
let heard: Kysely<Tables>;
const sent = new Set<string>();

beforeAll(async () => {
  testDatabase = await createTestDatabase('account');
  const pool = new pg.Pool(testDatabase.address as pg.PoolConfig);
  heard = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query: { sql, parameters } }) => {
      sent.add(numberedByValue(sql, parameters));
    },
  });
});
afterAll(async () => {
  await heard.destroy();
  await testDatabase.drop();
});

/** Kysely numbers a value anew each time it stands in a text; here the same value has one number. */
function numberedByValue(text: string, parameters: readonly unknown[]): string {
  return text.replaceAll(
    /\$(\d+)/g,
    (_, number) => `$${parameters.indexOf(parameters[Number(number) - 1]) + 1}`,
  );
}

/** All that a person and an operator do to an account, and the upkeep of it. */
async function liveThrough(): Promise<void> {
  const secrets = await deriveSecrets(['a secret of at least 32 bytes, for tests']);
  const { credential, refreshToken, name } = await createTestAccount(heard, secrets);
  const { accountId } = credential;
  await refreshSession(heard, secrets, refreshToken, testOrigin);
  const other = await logInTestAccount(heard, secrets, accountId);
  await endSessionOf(heard, secrets, other.refreshToken, testOrigin);
  await logInTestAccount(heard, secrets, accountId);
  await endOtherSessions(heard, credential, testOrigin);
  await listSessions(heard, credential);
  const { id, token } = await createToken(heard, credential, { name: 'x', access: 'read' }, testOrigin);
  await listTokens(heard, credential);
  const activity = createActivity(heard, 'account');
  activity.note({ accountId, sessionId: id, secretHash: hashSessionToken(token) }, 'read');
  await activity.flush();
  await reportUsage(heard, credential);
  await revokeToken(heard, credential, id, testOrigin);
  await recordAudit(heard, { accountId, event: 'password-refused', actor: 'stranger' });
  await listAudit(heard, credential, { limit: 5, cursor: undefined });
  await readAudit(heard, serverTrail, { limit: 5 });
  await endSession(heard, credential, testOrigin);
  const password = {
    password: 'a long and strange sentence',
    hasher: createPasswordHasher(),
    passwordLengthMin: 12,
  };
  await resetPassword(heard, name, password, { revokeTokens: true });
  await setLimits(heard, name, { keys: 5 });
  await disableAccount(heard, name);
  await enableAccount(heard, name);
  await endAllSessions(heard, name, { revokeTokens: false });
  await deleteAccount(heard, name);
  await createAccount(heard, `made-${accountId}`, password);
  await pruneUsage(heard);
  await heard
    .updateTable('audit_events')
    .set({ at: new Date(0) })
    .where('account_id', '=', accountId)
    .execute();
  await pruneAudit(heard, 30);
}

test('what accounts send keeps to one of them, but for what looks for the old', async () => {
  await liveThrough();
  const texts = [...sent].filter(isDistributed);
  const faults = texts.flatMap((text) => {
    const reach = spanning.some((pattern) => pattern.test(plain(text))) ? 'all accounts' : 'one account';
    return faultsOf(text, reach).map((fault) => `${fault}: ${plain(text)}`);
  });
  expect(faults).toEqual([]);
  // Enough that the life was one.
  expect(texts.length).toBeGreaterThan(30);
});
