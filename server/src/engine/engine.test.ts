import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Flight } from '../database/database.js';
import type { Credential } from '../database/live-session.js';
import { createTestDatabase } from '../database/test-database.js';
import type { Expiry } from './commit.js';
import { createEngine, type Engine } from './engine.js';
import { wholeListing } from './test-store.js';

const { address, database, drop } = await createTestDatabase();
afterAll(drop);

const limits = { keysMax: 50, bytesMax: 100_000 };
const report = (what: string, cause: unknown) => {
  throw new Error(what, { cause });
};
let flight: Flight = 'mixed';
const newEngine = () =>
  createEngine(database, {
    limits,
    flight,
    cacheBytesMax: 1_000_000,
    readFlightsMax: 2,
    writeFlightsMax: 2,
    report,
  });
let engine = newEngine();

let accounts = 0;

/** An account with one session, put straight into the tables: signing up is not what is tested here. */
async function createAccount(
  session: { access?: 'read' | 'write'; prefix?: string; secret?: string } = {},
): Promise<Credential> {
  accounts += 1;
  const name = `account-${accounts}`;
  const { id: accountId } = await database.kysely
    .insertInto('accounts')
    .values({ name, name_folded: name, password_hash: 'none' })
    .returning('id')
    .executeTakeFirstOrThrow();
  await database.writers.query('insert into stores (account_id) values ($1)', [accountId]);
  return createSession(accountId, session);
}

async function createSession(
  accountId: string,
  {
    access = 'write',
    prefix = '',
    secret,
  }: { access?: 'read' | 'write'; prefix?: string; secret?: string } = {},
): Promise<Credential> {
  const sessionId = `session-${Math.random().toString(36).slice(2)}`;
  const secretHash = secret === undefined ? undefined : Buffer.from(secret);
  await database.kysely
    .insertInto('sessions')
    .values({
      account_id: accountId,
      id: sessionId,
      kind: secret === undefined ? 'login' : 'token',
      secret_hash: secretHash ?? Buffer.from('refresh'),
      access,
      prefix,
      prefix_end:
        prefix === ''
          ? null
          : `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`,
      expires_at: new Date(Date.now() + 60_000),
    })
    .execute();
  return { accountId, sessionId, secretHash };
}

function set(
  credential: Credential,
  key: string,
  text: string,
  expiry: Expiry = 'never',
  on: Engine = engine,
) {
  const value = Buffer.from(text);
  return on.set(
    credential,
    { key, value, contentType: 'text/plain', metadata: null, expiry, condition: undefined },
    false,
  );
}

const listing = { ...wholeListing, at: undefined };

describe.each(['mixed', 'account'] as const)('the engine, with %s flights', (mode) => {
  beforeAll(() => {
    flight = mode;
    engine = newEngine();
  });

  test('gives back what was set, byte for byte, and numbers commits without a gap', async () => {
    const me = await createAccount();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const put = {
      key: 'a',
      value: bytes,
      contentType: 'x/y',
      metadata: '{"n":1.0}',
      expiry: 'never',
      condition: undefined,
    } as const;
    expect(await engine.set(me, put, false)).toEqual({ revision: 1, created: true });
    expect(await engine.get(me, 'a')).toMatchObject({
      revision: 1,
      value: bytes,
      contentType: 'x/y',
      metadata: '{"n":1.0}',
    });
    expect(await set(me, 'a', 'two')).toEqual({ revision: 2, created: false });
    expect(await engine.delete(me, { key: 'a', condition: undefined }, false)).toEqual({
      revision: 3,
      created: false,
    });
    expect(await engine.get(me, 'a')).toBeUndefined();
    expect(await set(me, 'a', 'three')).toEqual({ revision: 4, created: true });
  });

  test('keeps values too large to travel with a flight', async () => {
    const me = await createAccount();
    const text = 'x'.repeat(90_000);
    await set(me, 'large', text);
    expect((await engine.get(me, 'large'))?.value.toString()).toBe(text);
  });

  test('gives one account’s concurrent commits each its own revision, from two engines at once', async () => {
    const me = await createAccount();
    const engines = [newEngine(), newEngine()];
    const written = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        set(me, `key-${index % 40}`, `${index}`, 'never', engines[index % 2]),
      ),
    );
    const revisions = written.map(({ revision }) => revision).sort((a, b) => a - b);
    expect(revisions).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    const { entries } = await engine.list(me, listing);
    expect(entries).toHaveLength(40);
    const { rows } = await database.writers.query(
      'select keys, bytes, revision from stores where account_id = $1',
      [me.accountId],
    );
    const counted = await database.writers.query(
      'select count(*) as keys, sum(bytes) as bytes, max(revision) as revision from entries where account_id = $1',
      [me.accountId],
    );
    expect(rows).toEqual(counted.rows);
  });

  test('never shows one account’s keys to another', async () => {
    const [mine, theirs] = [await createAccount(), await createAccount()];
    await set(mine, 'secret', 'mine');
    expect(await engine.get(theirs, 'secret')).toBeUndefined();
    await expect(engine.delete(theirs, { key: 'secret', condition: undefined }, false)).rejects.toMatchObject(
      { code: 'not-found' },
    );
    expect((await engine.list(theirs, listing)).entries).toEqual([]);
    await set(theirs, 'secret', 'theirs');
    expect((await engine.get(mine, 'secret'))?.value.toString()).toBe('mine');
  });

  test('refuses a session from the moment it is gone, for every verb', async () => {
    const me = await createAccount();
    await set(me, 'a', '1');
    await database.kysely.deleteFrom('sessions').where('id', '=', me.sessionId).execute();
    const refused = { code: 'session-ended' };
    await expect(engine.get(me, 'a')).rejects.toMatchObject(refused);
    await expect(set(me, 'a', '2')).rejects.toMatchObject(refused);
    await expect(engine.delete(me, { key: 'a', condition: undefined }, false)).rejects.toMatchObject(refused);
    await expect(engine.list(me, listing)).rejects.toMatchObject(refused);
  });

  test('compares an API token’s secret, and takes a log-in’s id for no token', async () => {
    const me = await createAccount({ secret: 'right' });
    await set(me, 'a', '1');
    const wrong = { ...me, secretHash: Buffer.from('wrong') };
    await expect(engine.get(wrong, 'a')).rejects.toMatchObject({ code: 'session-ended' });
    // A token's session id in a signed log-in proves nothing about the token's secret.
    await expect(engine.get({ ...me, secretHash: undefined }, 'a')).rejects.toMatchObject({
      code: 'session-ended',
    });
    expect(await engine.get(me, 'a')).toBeDefined();
  });

  test('holds a token to its access and its prefix', async () => {
    const me = await createAccount();
    await set(me, 'in/a', '1');
    await set(me, 'out', '1');
    const reader = await createSession(me.accountId, { access: 'read', secret: 'r', prefix: 'in/' });
    const scoped = await createSession(me.accountId, { secret: 's', prefix: 'in/' });
    const refused = { code: 'insufficient-scope' };
    await expect(set(reader, 'in/a', '2')).rejects.toMatchObject(refused);
    await expect(set(scoped, 'out', '2')).rejects.toMatchObject(refused);
    await expect(engine.get(scoped, 'out')).rejects.toMatchObject(refused);
    await expect(engine.get(scoped, 'absent')).rejects.toMatchObject(refused);
    expect((await engine.list(scoped, listing)).entries.map((entry) => entry.key)).toEqual(['in/a']);
    expect(await set(scoped, 'in/a', '2')).toMatchObject({ created: false });
    expect(await engine.get(reader, 'in/a')).toBeDefined();
  });

  test('shows nothing of a key whose time has come, and lets it be created anew', async () => {
    const me = await createAccount();
    await set(me, 'brief', '1', { ttlMs: 1 });
    await expect.poll(() => engine.get(me, 'brief')).toBeUndefined();
    expect((await engine.list(me, listing)).entries).toEqual([]);
    // Revision 2 is the expiry, which the log tells of before anything new is written.
    expect(await set(me, 'brief', '2')).toEqual({ revision: 3, created: true });
  });

  test('refuses what would exceed a quota and stores nothing of it', async () => {
    const me = await createAccount();
    for (let index = 0; index < limits.keysMax; index += 1) await set(me, `key-${index}`, '');
    await expect(set(me, 'one-more', '')).rejects.toMatchObject({
      code: 'quota-exceeded',
      extra: { limit: 'keys' },
    });
    await expect(set(me, 'key-0', 'x'.repeat(limits.bytesMax))).rejects.toMatchObject({
      extra: { limit: 'bytes' },
    });
    expect((await engine.get(me, 'key-0'))?.value.length).toBe(0);
    expect((await engine.list(me, listing)).revision).toBe(limits.keysMax);
  });

  test('answers unavailable when PostgreSQL ends the connection before anything was written, then recovers', async () => {
    const me = await createAccount();
    const blocker = new pg.Client(address);
    await blocker.connect();
    await blocker.query('begin');
    await blocker.query('select 1 from stores where account_id = $1 for update', [me.accountId]);
    const refused = expect(set(me, 'a', '1')).rejects.toMatchObject({ code: 'unavailable' });
    await expect.poll(() => terminateWaiting(blocker)).toBe(1);
    await refused;
    await blocker.query('rollback');
    await blocker.end();
    expect(await set(me, 'a', '2')).toEqual({ revision: 1, created: true });
  });
});

/** Ends the connections of this database that wait for a lock; returns how many. */
async function terminateWaiting(client: pg.Client): Promise<number> {
  const { rowCount } = await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()`,
  );
  return rowCount ?? 0;
}

describe('the order of locking and reading', () => {
  /** What a second connection reads of a counter whose row it first had to wait for. */
  async function readAfterWait(
    read: (client: pg.Client, accountId: string) => Promise<string>,
  ): Promise<string> {
    const { accountId } = await createAccount();
    const [first, second] = [new pg.Client(address), new pg.Client(address)];
    await Promise.all([first.connect(), second.connect()]);
    await first.query('begin');
    await first.query('select 1 from stores where account_id = $1 for update', [accountId]);
    await second.query('begin');
    const reading = read(second, accountId);
    await expect.poll(() => countWaiting(first)).toBe(1);
    await first.query(
      `insert into entries (account_id, key, revision, bytes, created_at) values ($1, 'k', 1, 1, now())`,
      [accountId],
    );
    await first.query('commit');
    const seen = await reading;
    await Promise.all([first.end(), second.end()]);
    return seen;
  }

  async function countWaiting(client: pg.Client): Promise<number> {
    const { rows } = await client.query(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows[0].n;
  }

  test('a statement after the lock sees what the lock waited for', async () => {
    const seen = await readAfterWait(async (client, accountId) => {
      await client.query('select 1 from stores where account_id = $1 for no key update', [accountId]);
      const { rows } = await client.query('select count(*) as n from entries where account_id = $1', [
        accountId,
      ]);
      return rows[0].n;
    });
    expect(seen).toBe('1');
  });

  test('the same statement that waits for the lock does not: this is what the order guards against', async () => {
    const seen = await readAfterWait(async (client, accountId) => {
      const { rows } = await client.query(
        `with locked as materialized (select account_id from stores where account_id = $1 for no key update)
         select (select count(*) from entries e where e.account_id = locked.account_id) as n from locked`,
        [accountId],
      );
      return rows[0].n;
    });
    expect(seen).toBe('0');
  });
});
