import { createHash } from 'node:crypto';
import { type AuditEvent, auditOrigin } from 'halo-contract';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../database/test-database.js';
import {
  appendAudit,
  listAudit,
  pruneAudit,
  readAudit,
  recordAudit,
  serverTrail,
  verifyAudit,
} from './audit.js';
import { deriveSecrets, type Secrets } from './secrets.js';
import { createTestAccount, testOrigin } from './test-account.js';

let testDatabase: TestDatabase;
let secrets: Secrets;
const db = () => testDatabase.database.kysely;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  secrets = await deriveSecrets(['a secret of at least 32 bytes, for tests']);
});
afterAll(() => testDatabase.drop());

const newAccount = async () => (await createTestAccount(db(), secrets)).credential;
const tell = (accountId: string, event: AuditEvent['event'] = 'log-in') =>
  recordAudit(db(), { accountId, event, actor: 'owner', session: 'a-session', ...testOrigin });
const oldestFirst = async (accountId: string) =>
  (await readAudit(db(), accountId, { limit: 10_000 })).reverse();

describe('the trail', () => {
  test('is numbered without a gap, and each hash covers what the contract says', async () => {
    const { accountId } = await newAccount();
    await tell(accountId);
    await tell(accountId, 'log-out');
    const events = await oldestFirst(accountId);
    expect(events).toMatchObject([
      { number: 1, event: 'log-in', actor: 'owner', session: 'a-session', subject: null, ...testOrigin },
      { number: 2, event: 'log-out' },
    ]);
    let previous = '0'.repeat(64);
    for (const e of events) {
      const told = [
        e.number,
        e.at,
        e.event,
        e.actor,
        e.session,
        e.subject,
        e.subject_name,
        e.device,
        e.address,
      ];
      const hash = createHash('sha256').update(Buffer.from(previous, 'hex')).update(JSON.stringify(told));
      expect(e).toMatchObject({ previous_hash: previous, hash: hash.digest('hex') });
      previous = e.hash;
    }
  });

  test('stays one chain when many append at once, also from several servers', async () => {
    const { accountId } = await newAccount();
    await Promise.all(Array.from({ length: 60 }, () => tell(accountId)));
    const events = await oldestFirst(accountId);
    expect(events.map(({ number }) => number)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    expect(verifyAudit(events, auditOrigin)).toBeUndefined();
  });

  test('tells nothing of what was taken back', async () => {
    const { accountId } = await newAccount();
    const failing = db()
      .transaction()
      .execute(async (transaction) => {
        await appendAudit(transaction, { accountId, event: 'log-in', actor: 'owner' });
        throw new Error('taken back');
      });
    await expect(failing).rejects.toThrow('taken back');
    await tell(accountId);
    expect(await oldestFirst(accountId)).toMatchObject([{ number: 1, previous_hash: auditOrigin }]);
  });

  test('is not begun anew for an account that is gone', async () => {
    const { accountId } = await newAccount();
    await db().deleteFrom('accounts').where('id', '=', accountId).execute();
    await tell(accountId, 'log-in-failed');
    expect(await oldestFirst(accountId)).toEqual([]);
    await tell(serverTrail, 'log-in-failed');
    expect(await readAudit(db(), serverTrail, { limit: 1 })).toMatchObject([{ event: 'log-in-failed' }]);
  });

  test('keeps what a client says of itself within bounds', async () => {
    const { accountId } = await newAccount();
    const device = `\0\ud800${'😀'.repeat(5_000)}`;
    await recordAudit(db(), {
      accountId,
      event: 'log-in',
      actor: 'owner',
      device,
      address: 'x'.repeat(5_000),
    });
    const [event] = await oldestFirst(accountId);
    expect(event?.device?.length).toBeLessThanOrEqual(256);
    expect(event?.address?.length).toBeLessThanOrEqual(64);
    expect(verifyAudit(event === undefined ? [] : [event])).toBeUndefined();
  });
});

describe('verifying', () => {
  const trailOf = async (count: number) => {
    const { accountId } = await newAccount();
    for (let index = 0; index < count; index += 1) await tell(accountId);
    return oldestFirst(accountId);
  };

  test('finds every member that was changed, and every event that was left out, moved or added', async () => {
    const events = await trailOf(5);
    const changed = (at: number, change: Partial<AuditEvent>) =>
      events.map((event, index) => (index === at ? { ...event, ...change } : event));
    const [first, second, third, fourth, fifth] = events;
    if (!first || !second || !third || !fourth || !fifth) throw new Error('There are five events.');
    const tampered: [readonly AuditEvent[], number][] = [
      [changed(2, { at: '2020-01-01T00:00:00.000Z' }), 3],
      [changed(2, { event: 'log-out' }), 3],
      [changed(2, { actor: 'operator' }), 3],
      [changed(2, { session: null }), 3],
      [changed(2, { subject: 'x' }), 3],
      [changed(2, { subject_name: 'x' }), 3],
      [changed(2, { device: null }), 3],
      [changed(2, { address: '203.0.113.8' }), 3],
      [changed(2, { hash: first.hash }), 3],
      [changed(2, { previous_hash: first.hash }), 3],
      [[first, second, fourth, fifth], 4],
      [[first, third, second, fourth, fifth], 3],
      [[first, second, third, { ...third, number: 4 }, fourth], 4],
      [[first, second, { ...fourth, number: 3 }, { ...fifth, number: 4 }], 3],
    ];
    for (const [trail, at] of tampered) expect(verifyAudit(trail)?.number).toBe(at);
    expect(verifyAudit(events)).toBeUndefined();
  });

  test('takes up where the trail was pruned, and holds on to a hash that was noted', async () => {
    const events = await trailOf(4);
    expect(verifyAudit(events.slice(2))).toBeUndefined();
    expect(verifyAudit(events.slice(2), events[1]?.hash)).toBeUndefined();
    expect(verifyAudit(events.slice(2), events[0]?.hash)).toMatchObject({ number: 3 });
  });
});

describe('pages', () => {
  test('go from the newest to the oldest, and end', async () => {
    const credential = await newAccount();
    for (let index = 0; index < 7; index += 1) await tell(credential.accountId);
    const numbers: number[][] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page = await listAudit(db(), credential, { limit: 3, cursor });
      numbers.push(page.events.map(({ number }) => number));
      cursor = page.cursor;
    }
    expect(numbers).toEqual([[7, 6, 5], [4, 3, 2], [1]]);
  });

  test('show nothing to a session that has ended, and refuse what is no cursor', async () => {
    const credential = await newAccount();
    const page = { limit: 3, cursor: undefined };
    expect(await listAudit(db(), credential, page)).toEqual({ events: [], cursor: null });
    for (const cursor of ['', '0', '-1', '1.5', '1e3', 'x', '99999999999999999999']) {
      const refused = listAudit(db(), credential, { limit: 3, cursor });
      await expect(refused).rejects.toMatchObject({ code: 'invalid-request' });
    }
    await db().deleteFrom('sessions').where('id', '=', credential.sessionId).execute();
    await expect(listAudit(db(), credential, page)).rejects.toMatchObject({ code: 'session-ended' });
  });
});

test('what is older than it is kept goes, and the rest still verifies', async () => {
  const { accountId } = await newAccount();
  for (let index = 0; index < 4; index += 1) await tell(accountId);
  await sql`update audit_events set at = at - interval '40 days'
            where account_id = ${accountId} and number <= 2`.execute(db());
  while (await pruneAudit(db(), 30));
  const events = await oldestFirst(accountId);
  expect(events.map(({ number }) => number)).toEqual([3, 4]);
  expect(verifyAudit(events)).toBeUndefined();
  await tell(accountId);
  expect(verifyAudit(await oldestFirst(accountId))).toBeUndefined();
});
