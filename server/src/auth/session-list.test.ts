import { limits } from 'halo-contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../database/test-database.js';
import { createToken, listTokens, revokeToken } from './api-tokens.js';
import { readAudit } from './audit.js';
import { deriveSecrets, type Secrets } from './secrets.js';
import { endListedSession, endOtherSessions, listSessions } from './session-list.js';
import { decodeApiToken, hashSessionToken } from './session-token.js';
import { createTestAccount, logInTestAccount, testOrigin } from './test-account.js';

let testDatabase: TestDatabase;
let secrets: Secrets;
const db = () => testDatabase.database.kysely;
const ended = { code: 'session-ended' };

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  secrets = await deriveSecrets(['a secret of at least 32 bytes, for tests']);
});
afterAll(() => testDatabase.drop());

const newAccount = async () => (await createTestAccount(db(), secrets)).credential;
const another = async (accountId: string) => (await logInTestAccount(db(), secrets, accountId)).credential;
const eventsOf = async (accountId: string) =>
  (await readAudit(db(), accountId, { limit: 100 })).map(({ event, session, subject }) => [
    event,
    session,
    subject,
  ]);

test('all log-ins of the account are listed, and which of them asks', async () => {
  const first = await newAccount();
  const second = await another(first.accountId);
  await newAccount();
  const { sessions } = await listSessions(db(), first);
  expect(new Map(sessions.map(({ id, current }) => [id, current]))).toEqual(
    new Map([
      [first.sessionId, true],
      [second.sessionId, false],
    ]),
  );
  expect(sessions[0]).toMatchObject(testOrigin);
});

test('one session is ended, once, and nobody else’s', async () => {
  const [first, stranger] = [await newAccount(), await newAccount()];
  const second = await another(first.accountId);
  const missing = { code: 'not-found' };
  await expect(endListedSession(db(), stranger, second.sessionId, testOrigin)).rejects.toMatchObject(missing);
  await endListedSession(db(), first, second.sessionId, testOrigin);
  await expect(endListedSession(db(), first, second.sessionId, testOrigin)).rejects.toMatchObject(missing);
  await expect(listSessions(db(), second)).rejects.toMatchObject(ended);
  expect((await listSessions(db(), first)).sessions).toHaveLength(1);
  expect(await eventsOf(first.accountId)).toEqual([['session-ended', first.sessionId, second.sessionId]]);
  await endListedSession(db(), first, first.sessionId, testOrigin);
  expect((await eventsOf(first.accountId))[0]).toEqual(['log-out', first.sessionId, first.sessionId]);
});

test('ending all others leaves the one that asks, and API tokens', async () => {
  const first = await newAccount();
  const others = [await another(first.accountId), await another(first.accountId)];
  await createToken(db(), first, { name: 'script', access: 'read' }, testOrigin);
  await endOtherSessions(db(), first, testOrigin);
  for (const other of others) await expect(listSessions(db(), other)).rejects.toMatchObject(ended);
  expect((await listSessions(db(), first)).sessions).toHaveLength(1);
  expect((await listTokens(db(), first)).tokens).toHaveLength(1);
});

test('of two sessions that end each other at once exactly one is left', async () => {
  for (let round = 0; round < 10; round += 1) {
    const first = await newAccount();
    const second = await another(first.accountId);
    const outcomes = await Promise.allSettled([
      endOtherSessions(db(), first, testOrigin),
      endOtherSessions(db(), second, testOrigin),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const left = outcomes[0].status === 'fulfilled' ? first : second;
    expect((await listSessions(db(), left)).sessions).toHaveLength(1);
  }
});

test('beyond the most that are kept, the one unused for longest ends', async () => {
  const { accountId } = await newAccount();
  const rows = Array.from({ length: limits.sessionsMax + 5 }, (_, index) => ({
    account_id: accountId,
    id: `session-${index}`,
    kind: 'login' as const,
    secret_hash: Buffer.alloc(32),
    expires_at: new Date(Date.now() + 3_600_000),
    last_used_at: new Date(Date.now() - 3_600_000 - index * 1_000),
  }));
  await db().insertInto('sessions').values(rows).execute();
  const newest = await another(accountId);
  const { sessions } = await listSessions(db(), newest);
  expect(sessions).toHaveLength(limits.sessionsMax);
  const ids = sessions.map(({ id }) => id);
  expect(ids).toContain(newest.sessionId);
  expect(ids).toContain('session-0');
  expect(ids).not.toContain(`session-${limits.sessionsMax}`);
});

test('an API token shows its secret once, and only its hash is kept', async () => {
  const owner = await newAccount();
  const request = { name: '  backup script ', access: 'read', prefix: 'app/', expires_in: 3_600 } as const;
  const { token, ...shown } = await createToken(db(), owner, request, testOrigin);
  expect(shown).toMatchObject({ name: 'backup script', access: 'read', prefix: 'app/', last_used_at: null });
  expect(Date.parse(shown.expires_at ?? '') - Date.parse(shown.created_at)).toBe(3_600_000);
  expect((await listTokens(db(), owner)).tokens).toEqual([shown]);
  const row = await db()
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', shown.id)
    .executeTakeFirstOrThrow();
  expect(row).toMatchObject({ secret_hash: hashSessionToken(token), prefix: 'app/', prefix_end: 'app0' });
  expect(JSON.stringify(row)).not.toContain(decodeApiToken(token)?.secret.toString('base64url'));
  const lasting = await createToken(db(), owner, { name: 'x', access: 'write' }, testOrigin);
  expect(lasting).toMatchObject({ prefix: '', expires_at: null });
});

test('an API token reaches neither sessions, nor tokens, nor the audit trail, and dies when it is revoked', async () => {
  const owner = await newAccount();
  const { token, id } = await createToken(db(), owner, { name: 'x', access: 'write' }, testOrigin);
  const bearer = { accountId: owner.accountId, sessionId: id, secretHash: hashSessionToken(token) };
  const attempts = [
    () => listSessions(db(), bearer),
    () => listTokens(db(), bearer),
    () => createToken(db(), bearer, { name: 'y', access: 'read' }, testOrigin),
    () => endOtherSessions(db(), bearer, testOrigin),
    () => revokeToken(db(), bearer, id, testOrigin),
  ];
  for (const attempt of attempts)
    await expect(attempt()).rejects.toMatchObject({ code: 'insufficient-scope' });
  await expect(revokeToken(db(), await newAccount(), id, testOrigin)).rejects.toMatchObject({
    code: 'not-found',
  });
  await revokeToken(db(), owner, id, testOrigin);
  for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject(ended);
  await expect(revokeToken(db(), owner, id, testOrigin)).rejects.toMatchObject({ code: 'not-found' });
  const shown = (await readAudit(db(), owner.accountId, { limit: 100 })).map(({ event, subject_name }) => [
    event,
    subject_name,
  ]);
  expect(shown).toEqual([
    ['token-revoked', 'x'],
    ['token-created', 'x'],
  ]);
});

test('names and prefixes that cannot be are refused, and so is one token too many, also at once', async () => {
  const owner = await newAccount();
  for (const bad of [
    { name: '   ' },
    { name: 'a\nb' },
    { name: 'a\u{202e}b' },
    { name: '\0' },
    { name: 'x', prefix: '\0' },
    { name: 'x', prefix: '\ud800' },
    { name: 'x', prefix: 'é'.repeat(513) },
  ]) {
    const attempt = createToken(db(), owner, { access: 'read', ...bad }, testOrigin);
    await expect(attempt).rejects.toMatchObject({ code: 'invalid-request' });
  }
  const outcomes = await Promise.allSettled(
    Array.from({ length: limits.tokensMax + 10 }, () =>
      createToken(db(), owner, { name: 'x', access: 'read' }, testOrigin),
    ),
  );
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(10);
  for (const outcome of refused) {
    expect(outcome).toMatchObject({ reason: { code: 'quota-exceeded', extra: { limit: 'tokens' } } });
  }
});
