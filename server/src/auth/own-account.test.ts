import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../database/test-database.js';
import { createEraser } from '../engine/eraser.js';
import { createToken, listTokens } from './api-tokens.js';
import { readAudit, serverTrail } from './audit.js';
import { createOwnAccount, type OwnAccount } from './own-account.js';
import { createPasswordHasher } from './passwords.js';
import { deriveSecrets, type Secrets } from './secrets.js';
import { listSessions } from './session-list.js';
import { createTestAccount, logInTestAccount, testOrigin } from './test-account.js';
import { createThrottle } from './throttle.js';

let testDatabase: TestDatabase;
let secrets: Secrets;
let ownAccount: OwnAccount;
let passwordHash: string;
const hasher = createPasswordHasher();
const password = 'seven quiet herons';
const newPassword = 'eight quiet herons';
const db = () => testDatabase.database.kysely;
const ended = { code: 'session-ended' };

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  secrets = await deriveSecrets(['a secret of at least 32 bytes, for tests']);
  const throttle = createThrottle({ database: db(), secrets, isExempt: () => true });
  ownAccount = createOwnAccount({ database: db(), hasher, throttle, passwordLengthMin: 12 });
  passwordHash = await hasher.hash(password);
});
afterAll(() => testDatabase.drop());

const newAccount = () => createTestAccount(db(), secrets, passwordHash);
const change = { current_password: password, new_password: newPassword };
const hashOf = async (accountId: string) =>
  (await db().selectFrom('accounts').select('password_hash').where('id', '=', accountId).executeTakeFirst())
    ?.password_hash ?? '';

describe('changing the password', () => {
  test('ends every other log-in, keeps the acting one and API tokens', async () => {
    const { credential } = await newAccount();
    const other = await logInTestAccount(db(), secrets, credential.accountId);
    await createToken(db(), credential, { name: 'x', access: 'read' }, testOrigin);
    await ownAccount.changePassword(credential, change, testOrigin);
    expect((await hasher.verify(await hashOf(credential.accountId), newPassword)).ok).toBe(true);
    expect((await listSessions(db(), credential)).sessions).toHaveLength(1);
    await expect(listSessions(db(), other.credential)).rejects.toMatchObject(ended);
    expect((await listTokens(db(), credential)).tokens).toHaveLength(1);
  });

  test('ends API tokens when asked', async () => {
    const { credential } = await newAccount();
    await createToken(db(), credential, { name: 'x', access: 'read' }, testOrigin);
    await ownAccount.changePassword(credential, { ...change, revoke_tokens: true }, testOrigin);
    expect((await listTokens(db(), credential)).tokens).toEqual([]);
    const events = (await readAudit(db(), credential.accountId, { limit: 2 })).map(({ event }) => event);
    expect(events).toEqual(['tokens-revoked', 'password-changed']);
  });

  test('takes the right password and a good new one only, says which was wrong, and then changes nothing', async () => {
    const { credential, name } = await newAccount();
    const other = await logInTestAccount(db(), secrets, credential.accountId);
    const attempts = [
      [{ ...change, current_password: newPassword }, 'unauthenticated', '/current_password'],
      [{ ...change, new_password: 'short' }, 'weak-password', '/new_password'],
      [{ ...change, new_password: name }, 'weak-password', '/new_password'],
    ] as const;
    for (const [attempt, code, pointer] of attempts) {
      const refused = ownAccount.changePassword(credential, attempt, testOrigin);
      await expect(refused).rejects.toMatchObject({ code, extra: { pointer } });
    }
    expect(await hashOf(credential.accountId)).toBe(passwordHash);
    await expect(listSessions(db(), other.credential)).resolves.toBeDefined();
    const [newest] = await readAudit(db(), credential.accountId, { limit: 1 });
    expect(newest).toMatchObject({ event: 'password-refused', actor: 'stranger' });
  });

  test('of two at once one wins, and the other finds its session ended', async () => {
    const { credential } = await newAccount();
    const other = await logInTestAccount(db(), secrets, credential.accountId);
    const outcomes = await Promise.allSettled([
      ownAccount.changePassword(credential, change, testOrigin),
      ownAccount.changePassword(
        other.credential,
        { ...change, new_password: 'nine quiet herons' },
        testOrigin,
      ),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: ended });
  });
});

test('of two changes at once in one session the second is told of the first', async () => {
  const { credential } = await newAccount();
  const outcomes = await Promise.allSettled([
    ownAccount.changePassword(credential, change, testOrigin),
    ownAccount.changePassword(credential, change, testOrigin),
  ]);
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  expect(refused).toMatchObject([{ reason: { code: 'unauthenticated' } }]);
  await expect(listSessions(db(), credential)).resolves.toBeDefined();
});

describe('deleting the account', () => {
  test('takes the password, and frees the name', async () => {
    const { credential, name } = await newAccount();
    const wrong = ownAccount.delete(credential, newPassword, testOrigin);
    await expect(wrong).rejects.toMatchObject({ code: 'unauthenticated', extra: { pointer: '/password' } });
    await ownAccount.delete(credential, password, testOrigin);
    await expect(listSessions(db(), credential)).rejects.toMatchObject(ended);
    await expect(ownAccount.delete(credential, password, testOrigin)).rejects.toMatchObject(ended);
    const again = { name, name_folded: name, password_hash: passwordHash };
    await expect(db().insertInto('accounts').values(again).execute()).resolves.toBeDefined();
    const [newest] = await readAudit(db(), serverTrail, { limit: 1 });
    expect(newest).toMatchObject({ event: 'account-deleted', subject: credential.accountId });
  });

  test('leaves no row behind once it is erased, in whichever order and however often that is tried', async () => {
    const { credential } = await newAccount();
    const { accountId } = credential;
    await ownAccount.changePassword(credential, change, testOrigin);
    await sql`insert into versions (account_id, revision, key, kind, value, actor, written_at)
      select ${accountId}, n, 'key ' || n, 'set', 'value', 'x', now() from generate_series(1, 5000) n`.execute(
      db(),
    );
    await sql`insert into entries select account_id, key, revision, 5, now(), now() from versions
      where account_id = ${accountId}`.execute(db());
    await sql`insert into trash (account_id, key, revision) values (${accountId}, 'gone', 1)`.execute(db());
    await sql`insert into answers values (${accountId}, 'once', '', '', now())`.execute(db());
    await sql`insert into usage_days values (${accountId}, now(), 1, 1)`.execute(db());
    await ownAccount.delete(credential, newPassword, testOrigin);
    const eraser = createEraser(testDatabase.database.scanners);
    const signal = new AbortController().signal;
    await Promise.all([eraser.erase(accountId, 60_000), eraser.sweep(signal), eraser.sweep(signal)]);
    while (await eraser.sweep(signal));
    const { rows: tables } = await sql<{ name: string }>`
      select table_name as name from information_schema.columns
      where table_schema = 'public' and column_name = 'account_id'`.execute(db());
    expect(tables.length).toBeGreaterThan(8);
    for (const { name } of tables) {
      const { rows } = await sql`select 1 from ${sql.table(name)} where account_id = ${accountId}`.execute(
        db(),
      );
      expect([name, rows.length]).toEqual([name, 0]);
    }
  });
});
