import { type AuditEventName, auditOrigin } from 'halo-contract';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../database/test-database.js';
import { appendAudit, readAudit } from './audit.js';
import { checkTrail, listTrails } from './audit-check.js';

let testDatabase: TestDatabase;
let accountId: string;
let accounts = 0;
const db = () => testDatabase.database.kysely;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterAll(() => testDatabase.drop());
beforeEach(async () => {
  accounts += 1;
  const name = `trail-${accounts}`;
  const values = { name, name_folded: name, password_hash: 'none' };
  accountId = (await db().insertInto('accounts').values(values).returning('id').executeTakeFirstOrThrow()).id;
});

async function append(times: number, id = accountId, event: AuditEventName = 'log-in'): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await db()
      .transaction()
      .execute((transaction) =>
        appendAudit(transaction, { accountId: id, event, actor: 'owner', device: `browser ${time}` }),
      );
  }
}

/** What whoever can write to the database could do. */
const tamper = (statement: ReturnType<typeof sql>) => statement.execute(db());
const faultOf = async () => (await checkTrail(db(), accountId)).fault;

describe('checkTrail', () => {
  test('finds nothing wrong with what was appended', async () => {
    await append(5);
    const events = await readAudit(db(), accountId, { limit: 10 });
    expect(await checkTrail(db(), accountId)).toEqual({
      ...{ accountId, name: `trail-${accounts}`, first: 1, last: 5, lastHash: events[0]?.hash },
      ...{ fault: null, anchored: false },
    });
  });

  test('reads a trail of several pages, and finds the oldest of its faults', async () => {
    await append(1_003);
    expect(await checkTrail(db(), accountId)).toMatchObject({ first: 1, last: 1_003, fault: null });
    await append(997);
    expect(await checkTrail(db(), accountId)).toMatchObject({ first: 1, last: 2_000, fault: null });
    for (const number of [1_990, 1_001, 1_000, 3]) {
      await tamper(
        sql`update audit_events set device = 'x' where account_id = ${accountId} and number = ${number}`,
      );
      expect(await faultOf()).toMatchObject({ number });
    }
  });

  test.each(['at', 'event', 'actor', 'session', 'subject', 'subject_name', 'device', 'address'])(
    'sees that %s was changed',
    async (column) => {
      await append(4);
      const changed = column === 'at' ? sql`at + interval '1 millisecond'` : sql`'other'`;
      await tamper(
        sql`update audit_events set ${sql.ref(column)} = ${changed} where account_id = ${accountId} and number = 2`,
      );
      expect(await faultOf()).toMatchObject({ number: 2 });
    },
  );

  test('sees that events are missing in the middle, or at the end', async () => {
    await append(6);
    await tamper(sql`delete from audit_events where account_id = ${accountId} and number = 6`);
    expect(await faultOf()).toEqual({
      number: 6,
      reason: expect.stringContaining('ends with event 6') as string,
    });
    await tamper(sql`delete from audit_events where account_id = ${accountId} and number = 3`);
    expect(await faultOf()).toMatchObject({ number: 4 });
  });

  test('sees that the record of the end is missing, or tells of another', async () => {
    await append(3);
    await tamper(
      sql`update audit_chains set hash = decode(${'ab'.repeat(32)}, 'hex') where account_id = ${accountId}`,
    );
    expect(await faultOf()).toMatchObject({ number: 3 });
    await tamper(sql`delete from audit_chains where account_id = ${accountId}`);
    expect(await faultOf()).toMatchObject({ number: 3 });
  });

  test('takes a trail whose oldest events were pruned, but none that begins with a false first event', async () => {
    await append(5);
    await tamper(sql`delete from audit_events where account_id = ${accountId} and number <= 2`);
    expect(await checkTrail(db(), accountId)).toMatchObject({ first: 3, last: 5, fault: null });
    await tamper(sql`update audit_events set number = number - 2 where account_id = ${accountId}`);
    expect(await faultOf()).toMatchObject({ number: 1 });
  });

  test('knows a hash that was noted, until the trail is rewritten', async () => {
    await append(4);
    const [newest, , second] = await readAudit(db(), accountId, { limit: 10 });
    for (const hash of [newest?.hash, second?.hash])
      expect((await checkTrail(db(), accountId, hash)).anchored).toBe(true);
    expect((await checkTrail(db(), accountId, 'ab'.repeat(32))).anchored).toBe(false);
    await tamper(sql`delete from audit_events where account_id = ${accountId}`);
    await tamper(sql`delete from audit_chains where account_id = ${accountId}`);
    await append(4);
    const rewritten = await checkTrail(db(), accountId, second?.hash);
    expect(rewritten).toMatchObject({ fault: null, anchored: false });
  });

  test('is not misled by events that are added meanwhile', async () => {
    await append(20);
    const [checks] = await Promise.all([
      Promise.all(Array.from({ length: 10 }, () => checkTrail(db(), accountId))),
      append(20),
    ]);
    expect(checks.map(({ fault }) => fault)).toEqual(Array<null>(10).fill(null));
  });

  test('has nothing to say of an account without a trail', async () => {
    expect(await checkTrail(db(), accountId, auditOrigin)).toMatchObject({
      first: null,
      lastHash: null,
      fault: null,
    });
  });
});

test('listTrails yields the server’s own trail first, and each that is left of an account', async () => {
  await append(2);
  await append(2, '0', 'log-in-failed');
  await tamper(sql`delete from audit_chains where account_id = ${accountId}`);
  const ids: string[] = [];
  for await (const id of listTrails(db())) ids.push(id);
  expect(ids[0]).toBe('0');
  expect(ids.at(-1)).toBe(accountId);
  expect(new Set(ids).size).toBe(ids.length);
});
