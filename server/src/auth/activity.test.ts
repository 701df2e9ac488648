import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../database/test-database.js';
import { createActivity, pruneUsage, reportUsage } from './activity.js';
import { createToken, listTokens } from './api-tokens.js';
import { deriveSecrets, type Secrets } from './secrets.js';
import { hashSessionToken } from './session-token.js';
import { createTestAccount, testOrigin } from './test-account.js';
import { createThrottle } from './throttle.js';
import { createUpkeep } from './upkeep.js';

let testDatabase: TestDatabase;
let secrets: Secrets;
const db = () => testDatabase.database.kysely;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  secrets = await deriveSecrets(['a secret of at least 32 bytes, for tests']);
});
afterAll(() => testDatabase.drop());

const newAccount = async () => (await createTestAccount(db(), secrets)).credential;

describe.each(['mixed', 'account'] as const)('with %s flights', (flight) => {
  test('requests are counted by the day, from several servers, and for each account alone', async () => {
    const [owner, other] = [await newAccount(), await newAccount()];
    const servers = [createActivity(db(), flight), createActivity(db(), flight)];
    for (const server of servers) {
      for (let index = 0; index < 3; index += 1) server.note(owner, 'read');
      server.note(owner, 'write');
      server.note(other, 'write');
    }
    await Promise.all(servers.map((server) => server.flush()));
    await Promise.all(servers.map((server) => server.flush()));
    const { days } = await reportUsage(db(), owner);
    expect(days).toHaveLength(30);
    const today = new Date().toISOString().slice(0, 10);
    expect(days.at(-1)).toEqual({ day: today, reads: 6, writes: 2 });
    expect(days.slice(0, -1).every(({ reads, writes }) => reads === 0 && writes === 0)).toBe(true);
    expect((await reportUsage(db(), other)).days.at(-1)).toMatchObject({ reads: 0, writes: 2 });
  });

  test('a token’s use is written down, a forged one’s is not', async () => {
    const owner = await newAccount();
    const { id, token } = await createToken(db(), owner, { name: 'x', access: 'read' }, testOrigin);
    const activity = createActivity(db(), flight);
    const bearer = { accountId: owner.accountId, sessionId: id, secretHash: hashSessionToken('forged') };
    activity.note(bearer, 'read');
    activity.note({ ...owner, accountId: '999999' }, 'read');
    await activity.flush();
    expect((await listTokens(db(), owner)).tokens).toMatchObject([{ last_used_at: null }]);
    expect((await reportUsage(db(), owner)).days.at(-1)).toMatchObject({ reads: 0 });
    activity.note({ ...bearer, secretHash: hashSessionToken(token) }, 'read');
    await activity.flush();
    const [shown] = (await listTokens(db(), owner)).tokens;
    expect(Date.parse(shown?.last_used_at ?? '')).toBeGreaterThanOrEqual(Date.parse(shown?.created_at ?? ''));
    expect((await reportUsage(db(), owner)).days.at(-1)).toMatchObject({ reads: 1 });
  });

  test('many servers that write the same accounts at once do not hold each other up', async () => {
    const owners = await Promise.all(Array.from({ length: 30 }, newAccount));
    const servers = Array.from({ length: 8 }, () => createActivity(db(), flight));
    servers.forEach((server, index) => {
      for (const owner of index % 2 === 0 ? owners : owners.toReversed()) server.note(owner, 'read');
    });
    await Promise.all(servers.map((server) => server.flush()));
    for (const owner of owners) {
      expect((await reportUsage(db(), owner)).days.at(-1)).toMatchObject({ reads: 8 });
    }
  });
});

test('days that no report shows are deleted, and stopping writes down what is left', async () => {
  const owner = await newAccount();
  const { accountId } = owner;
  const old = new Date(Date.now() - 40 * 86_400_000);
  await db()
    .insertInto('usage_days')
    .values({ account_id: accountId, day: old, reads: 1, writes: 1 })
    .execute();
  const activity = createActivity(db());
  const upkeep = createUpkeep({
    database: db(),
    activity,
    throttle: createThrottle({ database: db(), secrets, isExempt: () => true }),
    auditDays: 30,
    report: (_what, error) => {
      throw error;
    },
  });
  upkeep.start();
  activity.note(owner, 'write');
  await upkeep.stop();
  expect((await reportUsage(db(), owner)).days.at(-1)).toMatchObject({ writes: 1 });
  await pruneUsage(db());
  const rows = await db().selectFrom('usage_days').selectAll().where('account_id', '=', accountId).execute();
  expect(rows).toHaveLength(1);
});
