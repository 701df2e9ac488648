import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../database/test-database.js';
import { deriveSecrets, type Secrets } from './secrets.js';
import {
  decodeRefreshToken,
  encodeApiToken,
  encodeRefreshToken,
  hashSessionToken,
  newSecret,
} from './session-token.js';
import { endSession, type OpenedSession, openSession, refreshSession } from './sessions.js';

let testDatabase: TestDatabase;
let secrets: Secrets;
let otherSecrets: Secrets;
let accountId: string;

const db = () => testDatabase.database.kysely;
const ended = { code: 'session-ended' };

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  secrets = await deriveSecrets(['first secret of at least 32 bytes, for tests']);
  otherSecrets = await deriveSecrets(['second secret of at least 32 bytes, for tests']);
  const account = { name: 'Ada', name_folded: 'ada', password_hash: 'none' };
  const query = db().insertInto('accounts').values(account).returning('id');
  accountId = (await query.executeTakeFirstOrThrow()).id;
  await db().insertInto('stores').values({ account_id: accountId }).execute();
});
afterAll(() => testDatabase.drop());

const origin = { device: 'Firefox', address: '203.0.113.7' };
const open = () => openSession(db(), secrets, { accountId, ...origin });
const keysOf = (all: Secrets) => all.map(({ refreshKey }) => refreshKey);
const refresh = (token: string, using = secrets) => refreshSession(db(), using, token, origin);
const rowOf = ({ sessionId }: OpenedSession) =>
  db().selectFrom('sessions').selectAll().where('id', '=', sessionId).executeTakeFirst();
const passTheGrace = ({ sessionId }: OpenedSession) =>
  db()
    .updateTable('sessions')
    .set({ rotated_at: sql<Date>`rotated_at - interval '10 seconds'` })
    .where('id', '=', sessionId)
    .execute();
const expire = ({ sessionId }: OpenedSession) =>
  db()
    .updateTable('sessions')
    // The column holds milliseconds: `now()` itself might be rounded up, and still be to come.
    .set({ expires_at: sql<Date>`now() - interval '1 millisecond'` })
    .where('id', '=', sessionId)
    .execute();

describe('openSession', () => {
  test('starts thirty days, and stores no more of the token than its hash', async () => {
    const session = await open();
    const row = await rowOf(session);
    expect(row).toMatchObject({ kind: 'login', access: 'write', device: 'Firefox', address: '203.0.113.7' });
    expect(row?.expires_at).toEqual(session.expiresAt);
    expect(session.expiresAt.getTime() - (row?.created_at.getTime() ?? 0)).toBe(30 * 24 * 3_600_000);
    expect(row?.secret_hash).toEqual(hashSessionToken(session.refreshToken));
    const secret = decodeRefreshToken(session.refreshToken, keysOf(secrets))?.secret;
    expect(secret).toHaveLength(32);
    expect(row?.secret_hash).not.toEqual(secret);
  });

  test('takes any description of the device', async () => {
    const device = `\0${'😀'.repeat(500)}`;
    const session = await openSession(db(), secrets, { accountId, device, address: undefined });
    const row = await rowOf(session);
    expect(row?.device?.length).toBeLessThanOrEqual(256);
    expect(row?.address).toBeNull();
  });
});

describe('refreshSession', () => {
  test('rotates: each token makes the next, of the same session and expiry', async () => {
    const session = await open();
    let token = session.refreshToken;
    const seen = new Set([token]);
    for (let round = 0; round < 5; round += 1) {
      const next = await refresh(token);
      expect(next).toMatchObject({ sessionId: session.sessionId, expiresAt: session.expiresAt });
      expect(next.account).toEqual({ id: accountId, name: 'Ada', created_at: expect.any(Date) as Date });
      token = next.refreshToken;
      expect(seen.has(token)).toBe(false);
      seen.add(token);
    }
    expect((await rowOf(session))?.secret_hash).toEqual(hashSessionToken(token));
  });

  test('makes one child of 50 requests at once, and gives it to all', async () => {
    for (let round = 0; round < 5; round += 1) {
      const session = await open();
      const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(session.refreshToken)));
      const children = new Set(answers.map(({ refreshToken }) => refreshToken));
      expect(children.size).toBe(1);
      expect((await rowOf(session))?.previous_hash).toEqual(hashSessionToken(session.refreshToken));
      for (const child of children) await expect(refresh(child)).resolves.toMatchObject({});
    }
  });

  test('honours the immediate parent for ten seconds, with the same child', async () => {
    const session = await open();
    const child = await refresh(session.refreshToken);
    expect((await refresh(session.refreshToken)).refreshToken).toBe(child.refreshToken);
    await passTheGrace(session);
    await expect(refresh(session.refreshToken)).rejects.toMatchObject(ended);
    expect(await rowOf(session)).toBeUndefined();
    await expect(refresh(child.refreshToken)).rejects.toMatchObject(ended);
  });

  test('ends the session when an older token is replayed, even within the grace', async () => {
    const session = await open();
    const child = await refresh(session.refreshToken);
    const grandchild = await refresh(child.refreshToken);
    await expect(refresh(session.refreshToken)).rejects.toMatchObject(ended);
    expect(await rowOf(session)).toBeUndefined();
    await expect(refresh(grandchild.refreshToken)).rejects.toMatchObject(ended);
  });

  test('ends the session when its name is used with a secret that it never had', async () => {
    const session = await open();
    const { sessionId } = session;
    const invented = encodeRefreshToken({ accountId, sessionId, secret: newSecret() }, secrets[0].refreshKey);
    await expect(refresh(invented)).rejects.toMatchObject(ended);
    expect(await rowOf(session)).toBeUndefined();
  });

  test('does not prolong or revive an expired session', async () => {
    const session = await open();
    await expire(session);
    await expect(refresh(session.refreshToken)).rejects.toMatchObject(ended);
    const other = await open();
    await refresh(other.refreshToken);
    await expire(other);
    await expect(refresh(other.refreshToken)).rejects.toMatchObject(ended);
  });

  test('leaves the session alone when account and session do not belong together', async () => {
    const session = await open();
    const parts = decodeRefreshToken(session.refreshToken, keysOf(secrets));
    if (parts === undefined) throw new Error('The token could not be decoded.');
    const elsewhere = encodeRefreshToken(
      { ...parts, accountId: '9223372036854775807' },
      secrets[0].refreshKey,
    );
    await expect(refresh(elsewhere)).rejects.toMatchObject(ended);
    await expect(refresh(session.refreshToken)).resolves.toMatchObject({ sessionId: session.sessionId });
  });

  test('does not touch an API token', async () => {
    const session = await open();
    await db().updateTable('sessions').set({ kind: 'token' }).where('id', '=', session.sessionId).execute();
    await expect(refresh(session.refreshToken)).rejects.toMatchObject(ended);
    expect(await rowOf(session)).toBeDefined();
  });

  test('refuses what is no refresh token without looking at the database', async () => {
    const { sessionId, refreshToken } = await open();
    const api = encodeApiToken({ accountId, sessionId, secret: newSecret() });
    for (const token of [
      '',
      'halort_',
      api,
      refreshToken.slice(0, -1),
      `${refreshToken}=`,
      '\0',
      'x'.repeat(512),
    ]) {
      await expect(refresh(token)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    await expect(refresh(refreshToken)).resolves.toMatchObject({ sessionId });
  });

  test('finds the child that a replica made while HALO_SECRET is being rotated', async () => {
    const before: Secrets = [secrets[0]];
    const after: Secrets = [otherSecrets[0], secrets[0]];
    const session = await open();
    const child = await refresh(session.refreshToken, before);
    expect((await refresh(session.refreshToken, after)).refreshToken).toBe(child.refreshToken);
    const grandchild = await refresh(child.refreshToken, after);
    expect((await refresh(child.refreshToken, [secrets[0], otherSecrets[0]])).refreshToken).toBe(
      grandchild.refreshToken,
    );
  });

  test('takes no token that was not sealed here, and it ends nothing', async () => {
    const session = await open();
    const { sessionId } = session;
    const forged = encodeRefreshToken(
      { accountId, sessionId, secret: newSecret() },
      otherSecrets[0].refreshKey,
    );
    for (const [token, using] of [
      [forged, secrets],
      [session.refreshToken, otherSecrets],
    ] as const) {
      await expect(refresh(token, using)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    await expect(refresh(session.refreshToken)).resolves.toMatchObject({ sessionId });
  });
});

describe('endSession', () => {
  test('ends one session, once', async () => {
    const [session, other] = [await open(), await open()];
    const credential = { accountId, sessionId: session.sessionId, secretHash: undefined };
    await endSession(db(), credential, origin);
    await expect(endSession(db(), credential, origin)).rejects.toMatchObject(ended);
    await expect(refresh(session.refreshToken)).rejects.toMatchObject(ended);
    await expect(refresh(other.refreshToken)).resolves.toMatchObject({ sessionId: other.sessionId });
  });

  test('has nothing to end of an expired session, or of another account', async () => {
    const session = await open();
    const credential = { accountId, sessionId: session.sessionId, secretHash: undefined };
    await expect(endSession(db(), { ...credential, accountId: '999' }, origin)).rejects.toMatchObject(ended);
    await expire(session);
    await expect(endSession(db(), credential, origin)).rejects.toMatchObject(ended);
  });

  test('does not log out an API token', async () => {
    const session = await open();
    await db().updateTable('sessions').set({ kind: 'token' }).where('id', '=', session.sessionId).execute();
    const credential = { accountId, sessionId: session.sessionId };
    const secretHash = hashSessionToken(session.refreshToken);
    await expect(endSession(db(), { ...credential, secretHash }, origin)).rejects.toMatchObject({
      code: 'insufficient-scope',
    });
    // One that is not good is told so, rather than what it may do.
    const wrongHash = hashSessionToken('any');
    await expect(endSession(db(), { ...credential, secretHash: wrongHash }, origin)).rejects.toMatchObject(
      ended,
    );
    expect(await rowOf(session)).toBeDefined();
  });
});
