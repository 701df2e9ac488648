import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../database/test-database.js';
import { createInvite, listInvites, revokeInvite } from './invites.js';
import { createSignUpPolicy, readSignUpMode, type SignUpMode, storeSignUpMode } from './sign-up-policy.js';

let testDatabase: TestDatabase;
const db = () => testDatabase.database.kysely;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterAll(() => testDatabase.drop());
beforeEach(async () => {
  await db().deleteFrom('settings').execute();
  await db().deleteFrom('invites').execute();
});

const policy = (mode?: SignUpMode) => createSignUpPolicy({ database: db(), mode });
/** A sign-up: it is admitted, does what else it does, and commits. */
const enter = (mode: SignUpMode | undefined, code?: string) =>
  db()
    .transaction()
    .execute((transaction) => policy(mode).admit(transaction, code));
const closed = { code: 'sign-up-closed', extra: undefined };
const notInvited = { code: 'sign-up-closed', extra: { pointer: '/invite' } };
const usesLeft = async () => (await listInvites(db())).map((invite) => invite.usesLeft);

describe('the mode', () => {
  test('is open at first, and then what is stored', async () => {
    expect(await readSignUpMode(db())).toBeUndefined();
    await expect(policy().check()).resolves.toBeUndefined();
    await expect(enter(undefined)).resolves.toBeUndefined();
    await storeSignUpMode(db(), 'closed');
    await expect(policy().check()).rejects.toMatchObject(closed);
    await expect(enter(undefined)).rejects.toMatchObject(closed);
    await storeSignUpMode(db(), 'open');
    await expect(enter(undefined)).resolves.toBeUndefined();
  });

  test('of the environment wins', async () => {
    await storeSignUpMode(db(), 'open');
    await expect(policy('closed').check()).rejects.toMatchObject(closed);
    await expect(enter('closed')).rejects.toMatchObject(closed);
    await storeSignUpMode(db(), 'closed');
    await expect(enter('open')).resolves.toBeUndefined();
    await expect(enter('invite')).rejects.toMatchObject(notInvited);
  });

  test('that Halo does not know lets nobody in', async () => {
    await db().insertInto('settings').values({ name: 'sign_up', value: 'ajar' }).execute();
    await expect(policy().check()).rejects.toMatchObject(closed);
    await expect(enter(undefined)).rejects.toMatchObject(closed);
  });

  test('closed asks for no invite, and takes no use of one', async () => {
    const { code } = await createInvite(db(), { uses: 1, days: 1 });
    await expect(enter('closed', code)).rejects.toMatchObject(closed);
    await expect(enter('open', code)).resolves.toBeUndefined();
    expect(await usesLeft()).toEqual([1]);
  });
});

describe('an invite', () => {
  test('is good as often as was said, and checking it costs nothing', async () => {
    const { code, invite } = await createInvite(db(), { uses: 2, days: 3 });
    expect(code).toMatch(/^haloinv_[\w-]{32}$/);
    expect(invite.expiresAt.getTime() - invite.createdAt.getTime()).toBe(3 * 86_400_000);
    for (const left of [1, 0]) {
      await policy('invite').check(code);
      await enter('invite', code);
      expect(await usesLeft()).toEqual([left]);
    }
    await expect(policy('invite').check(code)).rejects.toMatchObject(notInvited);
    await expect(enter('invite', code)).rejects.toMatchObject(notInvited);
    expect(await usesLeft()).toEqual([0]);
  });

  test('lets in exactly as many of those who come at once', async () => {
    for (const uses of [1, 3]) {
      const { code } = await createInvite(db(), { uses, days: 1 });
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => enter('invite', code)));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(uses);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(notInvited);
    }
  });

  test('keeps its use when the sign-up comes to nothing, also for one that waits for it', async () => {
    const { code } = await createInvite(db(), { uses: 1, days: 1 });
    let waiting: Promise<void> | undefined;
    const failed = db()
      .transaction()
      .execute(async (transaction) => {
        await policy('invite').admit(transaction, code);
        waiting = enter('invite', code);
        await expect
          .poll(async () => {
            const { rows } = await sql`
              select 1 from pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock'`.execute(db());
            return rows.length;
          })
          .toBe(1);
        throw new Error('The name is taken.');
      });
    await expect(failed).rejects.toThrow('The name is taken.');
    await expect(waiting).resolves.toBeUndefined();
    expect(await usesLeft()).toEqual([0]);
  });

  test('ends when it expires, and when it is revoked', async () => {
    const { code } = await createInvite(db(), { uses: 5, days: 1 });
    await db()
      .updateTable('invites')
      .set({ expires_at: sql<Date>`now() - interval '1 millisecond'` })
      .execute();
    await expect(policy('invite').check(code)).rejects.toMatchObject(notInvited);
    await expect(enter('invite', code)).rejects.toMatchObject(notInvited);
    const other = await createInvite(db(), { uses: 5, days: 1 });
    await revokeInvite(db(), other.invite.id);
    await expect(enter('invite', other.code)).rejects.toMatchObject(notInvited);
    await expect(revokeInvite(db(), other.invite.id)).rejects.toMatchObject({ code: 'not-found' });
  });

  test.each(['', 'haloinv_', `haloinv_${'A'.repeat(32)}`, '\0', 'x'.repeat(10_000)])(
    'is not %j',
    async (code) => {
      await createInvite(db(), { uses: 1, days: 1 });
      await expect(policy('invite').check(code)).rejects.toMatchObject(notInvited);
      await expect(enter('invite', code)).rejects.toMatchObject(notInvited);
    },
  );

  test('is stored without its code', async () => {
    const { code } = await createInvite(db(), { uses: 1, days: 1 });
    const { rows } = await sql<{ dump: string }>`select json_agg(i)::text as dump from invites i`.execute(
      db(),
    );
    const secret = code.slice('haloinv_'.length);
    expect(rows[0]?.dump).toContain('code_hash');
    for (const plain of [
      secret,
      Buffer.from(secret, 'base64url').toString('hex'),
      Buffer.from(code).toString('hex'),
    ])
      expect(rows[0]?.dump).not.toContain(plain);
  });
});
