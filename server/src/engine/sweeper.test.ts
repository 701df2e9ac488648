import pg from 'pg';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Credential } from '../database/live-session.js';
import { createTestDatabase } from '../database/test-database.js';
import { HaloError } from '../errors.js';
import type { Expiry, Mutation } from './commit.js';
import { createEngine } from './engine.js';
import { findExpired, findStores } from './retention-statements.js';
import { createSweeper, type Sweeper, type SweeperOptions } from './sweeper.js';
import {
  createSession,
  createStore,
  explain,
  type PlanNode,
  pagesTouched,
  planNodes,
  seedNumbered,
  type Written,
  writeHistory,
} from './test-store.js';

const { address, database, drop } = await createTestDatabase();
afterAll(drop);

const limits = { keysMax: 100_000, bytesMax: 10_000_000 };
const newEngine = () =>
  createEngine(database, { limits, readFlightsMax: 2, writeFlightsMax: 2, report: () => {} });
const engine = newEngine();
const dayMs = 86_400_000;

const failures: unknown[] = [];
function newSweeper(options: Partial<SweeperOptions> = {}): Sweeper {
  return createSweeper({
    database,
    end: newEngine().endExpired,
    retention: { ageMs: 30 * dayMs, versionsMax: 100 },
    report: (_what, error) => failures.push(error),
    ...options,
  });
}

function set(key: string, expiry: Expiry): Mutation {
  const rest = { contentType: 'text/plain', metadata: null, condition: undefined } as const;
  return { kind: 'set', key, value: Buffer.from('value'), expiry, ...rest };
}

function commit(credential: Credential, ...mutations: Mutation[]) {
  return engine.commit(credential, { checks: [], mutations, dryRun: false, idempotency: undefined });
}

async function query<Found extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<Found[]> {
  return (await database.writers.query<Found>(text, values)).rows;
}

async function count(table: string, { accountId }: Credential, condition = 'true'): Promise<number> {
  const text = `select count(*)::int as n from ${table} where account_id = $1 and ${condition}`;
  return (await query<{ n: number }>(text, [accountId]))[0]?.n ?? 0;
}

/** Waits until PostgreSQL says that it would take all of the account's keys that expire for dead. */
async function untilDue(credential: Credential, keys: number): Promise<void> {
  await expect.poll(() => count('entries', credential, 'expires_at <= now()')).toBe(keys);
}

async function storeOf({ accountId }: Credential) {
  const [store] = await query<Record<string, string>>('select * from stores where account_id = $1', [
    accountId,
  ]);
  return store;
}

describe('sweeping expired keys', () => {
  test('ends each key exactly once, however many sweep at once', async () => {
    const people = await Promise.all(Array.from({ length: 3 }, () => createStore(database)));
    const keys = Array.from({ length: 700 }, (_, index) => `key-${index}`);
    for (const person of people) {
      await commit(person, set('stays', 'never'), set('later', { ttlMs: dayMs }));
      await commit(person, ...keys.map((key) => set(key, { ttlMs: 1 })));
      await untilDue(person, keys.length);
    }
    await Promise.all([newSweeper(), newSweeper(), newSweeper()].map((sweeper) => sweeper.sweepOnce()));
    for (const person of people) {
      const ends = await query<{ key: string; actor: string }>(
        `select key, actor from versions where account_id = $1 and kind = 'expire'`,
        [person.accountId],
      );
      expect(ends.map(({ key }) => key).sort()).toEqual([...keys].sort());
      expect(new Set(ends.map(({ actor }) => actor))).toEqual(new Set(['halo']));
      expect(await count('trash', person)).toBe(keys.length);
      expect(await count('entries', person)).toBe(2);
      const bytes = 'staysvalue'.length + 'latervalue'.length;
      expect(await storeOf(person)).toMatchObject({ keys: '2', bytes: String(bytes) });
      const page = await engine.trash(person, { prefix: 'key-0', limit: 1, cursor: undefined });
      expect(page.entries).toMatchObject([{ key: 'key-0', reason: 'expire', size: 'value'.length }]);
      const { versions } = await engine.history(person, { key: 'key-0', limit: 1, cursor: undefined });
      expect(versions).toMatchObject([{ kind: 'expire', actor: 'halo' }]);
    }
    expect(failures).toEqual([]);
  });

  test('takes a revision only when it ends something', async () => {
    const me = await createStore(database);
    await commit(me, set('stays', 'never'), set('later', { ttlMs: dayMs }));
    expect(await engine.endExpired(me.accountId, ['stays', 'later', 'absent'])).toMatchObject({
      revision: 1,
    });
    await newSweeper().sweepOnce();
    expect(await storeOf(me)).toMatchObject({ revision: '1', keys: '2' });
  });

  test('leaves an account that fails for later and goes on with the others', async () => {
    const [failing, fine] = [await createStore(database), await createStore(database)];
    // More than are looked for at once, so that the others come only after them.
    const keys = Array.from({ length: 600 }, (_, index) => `key-${index}`);
    await commit(failing, ...keys.map((key) => set(key, { ttlMs: 1 })));
    await untilDue(failing, keys.length);
    await commit(fine, set('a', { ttlMs: 1 }));
    await untilDue(fine, 1);
    const heard: unknown[] = [];
    const end = async (accountId: string, keys: readonly string[]) => {
      if (accountId === failing.accountId) throw new HaloError('unavailable', 'Not now.');
      return engine.endExpired(accountId, keys);
    };
    await newSweeper({ end, report: (_what, error) => heard.push(error) }).sweepOnce();
    expect(heard).toMatchObject([{ code: 'unavailable' }]);
    expect(await count('entries', fine)).toBe(0);
    expect(await count('entries', failing)).toBe(keys.length);
    await newSweeper().sweepOnce();
    expect(await count('entries', failing)).toBe(0);
  });

  test('looks only at keys that are due, however many others there are', async () => {
    const me = await createStore(database);
    await seedNumbered(database.writers, me.accountId, 'n', 20_000);
    await query('update stores set revision = 20000, counted_revision = 20000 where account_id = $1', [
      me.accountId,
    ]);
    await commit(me, set('due', { ttlMs: 1 }), set('later', { ttlMs: dayMs }));
    await untilDue(me, 1);
    const isIndexed = (node: PlanNode) =>
      node['Relation Name'] === undefined || /Index/.test(node['Node Type']);
    for (const [statement, values] of [
      [findExpired, ['{}', 500]],
      [findStores, [Number(me.accountId) - 1, 500, dayMs]],
    ] as const) {
      const plan = await explain(database.scanners, statement, [...values]);
      expect(planNodes(plan).every(isIndexed)).toBe(true);
      expect(pagesTouched(plan)).toBeLessThan(50);
    }
    await newSweeper().sweepOnce();
    expect(await count('entries', me, `key = 'due'`)).toBe(0);
  });
});

describe('a sweeper', () => {
  test('sweeps by itself until it is stopped, and keeps no process alive', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const me = await createStore(database);
    await commit(me, set('a', { ttlMs: 1 }));
    const before = timers();
    const sweeper = newSweeper();
    onTestFinished(() => sweeper.stop());
    sweeper.start();
    expect(timers()).toBe(before);
    await expect.poll(() => count('entries', me), { timeout: 10_000 }).toBe(0);
  });

  test('when stopped, waits for what is under way and for nothing else', async () => {
    const me = await createStore(database);
    await commit(me, set('a', { ttlMs: 1 }));
    const blocker = new pg.Client(address);
    await blocker.connect();
    onTestFinished(() => blocker.end());
    await blocker.query('begin');
    await blocker.query('select 1 from stores where account_id = $1 for update', [me.accountId]);
    const sweeper = newSweeper();
    sweeper.start();
    await expect.poll(() => countWaiting(blocker), { timeout: 10_000 }).toBe(1);
    let stopped = false;
    const stopping = sweeper.stop().then(() => {
      stopped = true;
    });
    // A round trip that the stop would have overtaken, had it not waited.
    await database.writers.query('select 1');
    expect(stopped).toBe(false);
    await blocker.query('rollback');
    await stopping;
    expect(await count('entries', me)).toBe(0);
    const idle = newSweeper();
    idle.start();
    const begin = performance.now();
    await idle.stop();
    expect(performance.now() - begin).toBeLessThan(400);
  });

  async function countWaiting(client: pg.Client): Promise<number> {
    const { rows } = await client.query(
      `select count(*)::int as n from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows[0].n;
  }

  test('forgets answers after a day and sessions after their time', async () => {
    const me = await createStore(database);
    const over = await createSession(database.kysely, me.accountId, '');
    await query(`update sessions set expires_at = now() where account_id = $1 and id = $2`, [
      me.accountId,
      over.sessionId,
    ]);
    await query(
      `insert into answers select $1, name, '', '{}', now() - given
       from (values ('old', interval '24 hours'), ('young', interval '23 hours')) as a (name, given)`,
      [me.accountId],
    );
    await newSweeper().sweepOnce();
    expect(await query('select key from answers where account_id = $1', [me.accountId])).toEqual([
      { key: 'young' },
    ]);
    expect(await query('select id from sessions where account_id = $1', [me.accountId])).toEqual([
      { id: me.sessionId },
    ]);
  });
});

describe('pruning', () => {
  const content = Buffer.from('value');
  const version = (revision: number, key: string): Written => ({ revision, key, kind: 'set', content });

  async function createAgedStore(history: readonly Written[], agedUpTo: number): Promise<Credential> {
    const me = await createStore(database);
    await writeHistory(database.writers, me.accountId, history);
    await query(
      `update versions set written_at = now() - interval '31 days' where account_id = $1 and revision <= $2`,
      [me.accountId, agedUpTo],
    );
    return me;
  }

  test('moves the horizon through a long log and large commits, whole commits at a time', async () => {
    const many = Array.from({ length: 1_234 }, (_, index) => version(index + 1, `key-${index % 100}`));
    const wide = Array.from({ length: 1_700 }, (_, index) => version(1_235, `wide-${index}`));
    const rewritten = wide.slice(0, 600).map(({ key }) => version(1_236, key));
    const removed = wide.slice(0, 300).map(({ key }): Written => {
      return { revision: 1_237, key, kind: 'delete', content: null };
    });
    const young = [version(1_238, 'key-0'), version(1_239, 'key-0')];
    const me = await createAgedStore([...many, ...wide, ...rewritten, ...removed, ...young], 1_237);
    // Two sweepers at once come to the same.
    await Promise.all([newSweeper().sweepOnce(), newSweeper().sweepOnce()]);
    await newSweeper().sweepOnce();
    expect(failures).toEqual([]);
    expect(await storeOf(me)).toMatchObject({ pruned_revision: '1237', counted_revision: '1239' });
    expect(await count('trash', me)).toBe(0);
    expect(await count('entries', me)).toBe(100 + 1_400);
    // One version of each living key at the horizon, and what came after it.
    expect(await count('versions', me)).toBe(100 + 1_400 + 2);
    const dangling = `select count(*)::int as n from entries e where account_id = $1 and not exists (
      select from versions v where v.account_id = e.account_id and v.revision = e.revision and v.key = e.key
        and v.value is not null)`;
    expect(await query(dangling, [me.accountId])).toEqual([{ n: 0 }]);
  });

  test('never takes the current version of a living key, however old', async () => {
    const me = await createAgedStore([version(1, 'a'), version(2, 'b'), version(3, 'b')], 3);
    const sweeper = newSweeper({ retention: { ageMs: dayMs, versionsMax: 1 } });
    await sweeper.sweepOnce();
    expect(await storeOf(me)).toMatchObject({ pruned_revision: '3' });
    expect((await engine.get(me, 'a'))?.revision).toBe(1);
    expect((await engine.get(me, 'b'))?.revision).toBe(3);
    expect(await count('versions', me)).toBe(2);
  });

  test('deletes keys from the trash only when their end is old, also when they were purged', async () => {
    const ends = ['old', 'purged', 'young'].map((key, index): Written => {
      return { revision: 4 + index, key, kind: 'delete', content: null };
    });
    const history = [version(1, 'old'), version(2, 'purged'), version(3, 'young'), ...ends];
    const me = await createAgedStore(history, 5);
    await engine.purge(me, 'purged', false);
    await newSweeper().sweepOnce();
    expect(await query('select key, revision from trash where account_id = $1', [me.accountId])).toEqual([
      { key: 'young', revision: '6' },
    ]);
    expect(await count('versions', me)).toBe(2);
    expect((await engine.getAt(me, 'young', 5))?.revision).toBe(3);
  });

  test('empties what is too many even when the number to keep is lowered', async () => {
    const history = Array.from({ length: 5_000 }, (_, index) => version(index + 1, 'hot'));
    const me = await createAgedStore(history, 0);
    await newSweeper({ retention: { ageMs: dayMs, versionsMax: 10_000 } }).sweepOnce();
    expect(await count('versions', me, 'value is not null')).toBe(5_000);
    await commit(me, set('hot', 'never'));
    await newSweeper({ retention: { ageMs: dayMs, versionsMax: 3 } }).sweepOnce();
    const kept = await query<{ revision: string }>(
      'select revision from versions where account_id = $1 and value is not null order by revision',
      [me.accountId],
    );
    expect(kept.map(({ revision }) => Number(revision))).toEqual([4_999, 5_000, 5_001]);
    expect(await count('versions', me)).toBe(5_001);
    expect(await storeOf(me)).toMatchObject({ counted_revision: '5001' });
  });

  test('keeps as many values as it should, and not many more', async () => {
    const history = Array.from({ length: 12_000 }, (_, index) => version(index + 1, `k/${index % 20}`));
    const me = await createAgedStore(history, 0);
    await newSweeper({ retention: { ageMs: dayMs, versionsMax: 100 } }).sweepOnce();
    const kept = await query<{ n: number }>(
      'select count(value)::int as n from versions where account_id = $1 group by key',
      [me.accountId],
    );
    for (const { n } of kept) expect(n).toBeGreaterThanOrEqual(100);
    expect(await count('versions', me, 'value is not null')).toBeLessThan(20 * 150);
  });

  test('leaves a store to the sweeper that is at it', async () => {
    const me = await createAgedStore([version(1, 'a'), version(2, 'a')], 2);
    const other = new pg.Client(address);
    await other.connect();
    onTestFinished(() => other.end());
    await other.query('select pg_advisory_lock(1214344303, hashint8($1))', [me.accountId]);
    await newSweeper().sweepOnce();
    expect(await storeOf(me)).toMatchObject({ pruned_revision: '0', counted_revision: '0' });
    await other.query('select pg_advisory_unlock(1214344303, hashint8($1))', [me.accountId]);
    await newSweeper().sweepOnce();
    expect(await storeOf(me)).toMatchObject({ pruned_revision: '2', counted_revision: '2' });
  });
});
