import type pg from 'pg';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { Credential } from '../database/live-session.js';
import { createTestDatabase } from '../database/test-database.js';
import { createEngine, type Engine } from './engine.js';
import { createTestListener, type TestListener } from './test-listener.js';
import { createSession, createStore } from './test-store.js';
import { watchBounds } from './watch-places.js';
import { createWatcher, type Watcher, type WatchQuery } from './watcher.js';

const { database, drop } = await createTestDatabase();
const failures: unknown[] = [];
const report = (what: string, error: unknown): void => void failures.push(what, error);
const limits = { keysMax: 10_000, bytesMax: 10_000_000 };
const newEngine = () => createEngine(database, { limits, readFlightsMax: 1, writeFlightsMax: 1, report });
const engine = newEngine();
const another = newEngine();
afterAll(async () => {
  await Promise.all([engine.close(), another.close()]);
  await drop();
});
afterEach(() => {
  expect(failures.splice(0)).toEqual([]);
});

const fromNow: WatchQuery = { since: undefined, prefix: '', values: false };

async function follow(
  watcher: Pick<Engine, 'watch'>,
  credential: Credential,
  query: Partial<WatchQuery> = {},
): Promise<TestListener> {
  const listener = createTestListener();
  const watch = await watcher.watch(credential, { ...fromNow, ...query });
  listener.position = watch.position;
  watch.begin(listener);
  return listener;
}

function set(
  credential: Credential,
  key: string,
  value = key,
  on: Engine = engine,
): Promise<{ revision: number }> {
  const content = { value: Buffer.from(value), contentType: 'text/plain', metadata: null };
  return on.set(credential, { key, ...content, expiry: 'never', condition: undefined }, false);
}

/** Commits of several keys each, so that there are fewer statements than changes. */
async function setMany(credential: Credential, count: number): Promise<void> {
  const commits = Array.from({ length: count }, (_, index) =>
    set(credential, `key ${index % 7}`, `${index}`),
  );
  await Promise.all(commits);
}

const revisionsOf = ({ told }: TestListener) => told.map(({ revision }) => revision);
const keysOf = ({ told }: TestListener) => told.flatMap(({ changes }) => changes.map(({ key }) => key));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const endSession = ({ sessionId }: Credential) =>
  database.writers.query('delete from sessions where id = $1', [sessionId]);

describe('a watch', () => {
  test('tells each commit once and in order, wherever it began', async () => {
    const me = await createStore(database);
    await setMany(me, 30);
    const listeners = await Promise.all([
      follow(engine, me),
      follow(engine, me, { since: 0 }),
      follow(engine, me, { since: 17 }),
      follow(another, me, { since: 29 }),
    ]);
    await setMany(me, 30);
    await Promise.all(listeners.map((listener) => listener.until(({ position }) => position === 60)));
    expect(listeners.map(revisionsOf)).toEqual([range(31, 60), range(1, 60), range(18, 60), range(30, 60)]);
  });

  test('that begins far behind catches up while commits go on, without gap or duplicate', async () => {
    const me = await createStore(database);
    await setMany(me, 2_500);
    const late = await follow(engine, me, { since: 3 });
    await setMany(me, 500);
    await late.until(({ position }) => position === 3_000);
    expect(revisionsOf(late)).toEqual(range(4, 3_000));
  });

  test('hears of what another server commits within a moment', async () => {
    const me = await createStore(database);
    const listener = await follow(engine, me);
    const { revision } = await set(me, 'key', 'value', another);
    const committed = performance.now();
    await listener.until(({ position }) => position === revision);
    expect(performance.now() - committed).toBeLessThan(1_000);
    expect(keysOf(listener)).toEqual(['key']);
  });

  test('tells only what begins with its prefix and its token’s, and how far it is all the same', async () => {
    const me = await createStore(database);
    const mine = await createSession(database.kysely, me.accountId, 'a/');
    const [all, wide, narrow, none] = await Promise.all([
      follow(engine, me, { prefix: 'a' }),
      follow(engine, mine),
      follow(engine, mine, { prefix: 'a/b' }),
      follow(engine, mine, { prefix: 'b', since: 0 }),
    ]);
    for (const key of ['a', 'a/a', 'a/b', 'b']) await set(me, key);
    await Promise.all([all, wide, narrow, none].map((each) => each.until(({ position }) => position === 4)));
    expect([all, wide, narrow, none].map(keysOf)).toEqual([['a', 'a/a', 'a/b'], ['a/a', 'a/b'], ['a/b'], []]);
  });

  test('gives values to those who asked for them, and to them only', async () => {
    const me = await createStore(database);
    const [plain, valued] = await Promise.all([follow(engine, me), follow(engine, me, { values: true })]);
    await set(me, 'key', 'the value');
    await Promise.all([plain, valued].map((each) => each.until(({ position }) => position === 1)));
    const values = [plain, valued].map(({ told }) => told[0]?.changes[0]?.value?.toString());
    expect(values).toEqual([undefined, 'the value']);
  });

  test('tells nothing that was committed after its session ended, and ends', async () => {
    const me = await createStore(database);
    const leaving = await createSession(database.kysely, me.accountId, '');
    for (let round = 0; round < 10; round += 1) {
      const [left, stayed] = await Promise.all([follow(engine, leaving, { since: 0 }), follow(engine, me)]);
      const { revision } = await set(me, 'before');
      await stayed.until(({ position }) => position === revision);
      await endSession(leaving);
      await set(me, 'after');
      await Promise.all([
        left.until(({ ends }) => ends.length > 0),
        stayed.until(({ position }) => position > revision),
      ]);
      expect(left.ends).toEqual(['session-ended']);
      expect(keysOf(left).filter((key) => key === 'after')).toHaveLength(round);
      await database.kysely
        .insertInto('sessions')
        .values({
          account_id: leaving.accountId,
          id: leaving.sessionId,
          kind: 'login',
          secret_hash: Buffer.from(''),
          expires_at: new Date(Date.now() + 60_000),
        })
        .execute();
    }
  });

  test('ends soon after its session although nothing is committed', async () => {
    const me = await createStore(database);
    const listener = await follow(engine, me);
    await endSession(me);
    await listener.until(({ ends }) => ends.length > 0);
    expect(listener.ends).toEqual(['session-ended']);
  });

  test('ends when the account is erased', async () => {
    const me = await createStore(database);
    const listener = await follow(engine, me);
    await database.writers.query('delete from accounts where id = $1', [me.accountId]);
    await listener.until(({ ends }) => ends.length > 0);
    expect(listener.ends).toEqual(['session-ended']);
  });

  test('below the horizon is given the keys as they are, and goes on from there', async () => {
    const me = await createStore(database);
    for (let index = 0; index < 1_200; index += 1) void set(me, `key ${String(index).padStart(4, '0')}`);
    await set(me, 'z');
    const { revision } = await engine.delete(me, { key: 'key 0007', condition: undefined }, false);
    await database.writers.query('update stores set pruned_revision = 1000 where account_id = $1', [
      me.accountId,
    ]);
    const [all, some] = await Promise.all([
      follow(engine, me, { since: 5, values: true }),
      follow(engine, me, { since: 5, prefix: 'key 000' }),
    ]);
    await Promise.all([all, some].map((each) => each.until(({ position }) => position === revision)));
    const next = await set(me, 'key 0001', 'anew');
    await Promise.all([all, some].map((each) => each.until(({ position }) => position === next.revision)));
    const entries = all.parts.flatMap((part) => part.entries);
    expect(entries.map(({ key }) => key)).toEqual([
      ...range(0, 1_199).flatMap((index) => (index === 7 ? [] : [`key ${String(index).padStart(4, '0')}`])),
      'z',
    ]);
    expect(entries.every(({ key, value }) => value?.toString() === key)).toBe(true);
    expect(all.parts.map(({ isComplete }) => isComplete)).toEqual([false, false, true]);
    expect(new Set(all.parts.map((part) => part.revision))).toEqual(new Set([revision]));
    expect(some.parts.flatMap((part) => part.entries).map(({ key }) => key)).toHaveLength(9);
    expect([revisionsOf(all), revisionsOf(some)]).toEqual([[next.revision], [next.revision]]);
  });

  test('that the horizon overtakes is given the keys anew', async () => {
    const me = await createStore(database);
    await setMany(me, 20);
    const listener = await follow(engine, me);
    // A jump that no commit made: whoever is at 20 has missed up to 30.
    await database.writers.query(
      'update stores set revision = 40, pruned_revision = 30 where account_id = $1',
      [me.accountId],
    );
    await listener.until(({ position }) => position === 40);
    expect(listener.parts.flatMap((part) => part.entries)).toHaveLength(7);
    const { revision } = await set(me, 'next');
    await listener.until(({ position }) => position === revision);
    expect(revisionsOf(listener)).toEqual([41]);
  });

  test('that is cancelled is told nothing more', async () => {
    const me = await createStore(database);
    const [kept, left] = [createTestListener(), createTestListener()];
    const [one, other] = await Promise.all([engine.watch(me, fromNow), engine.watch(me, fromNow)]);
    one.begin(kept);
    other.begin(left);
    other.cancel();
    await set(me, 'key');
    await kept.until(({ position }) => position === 1);
    expect(left.told).toEqual([]);
  });

  test('asks for no revision that is still to come', async () => {
    const me = await createStore(database);
    await expect(engine.watch(me, { ...fromNow, since: 1 })).rejects.toMatchObject({
      code: 'invalid-request',
    });
    await endSession(me);
    await expect(engine.watch(me, fromNow)).rejects.toMatchObject({ code: 'session-ended' });
  });
});

describe('many watches', () => {
  /** A watcher of its own, whose statements are counted on their way to the real pool. */
  function createCounted(bounds = watchBounds): { watcher: Watcher; names: string[] } {
    const names: string[] = [];
    const pool = Object.create(database.readers) as pg.Pool;
    pool.query = ((statement: pg.QueryArrayConfig) => {
      names.push(statement.name ?? '');
      return database.readers.query(statement);
    }) as pg.Pool['query'];
    const watcher = createWatcher({ pool, scanners: database.scanners, report, bounds });
    return { watcher, names };
  }

  test('of one account share one read of a commit, and the very objects that it is told with', async () => {
    const me = await createStore(database);
    const { watcher, names } = createCounted();
    const listeners = await Promise.all(
      Array.from({ length: 300 }, () => follow({ watch: watcher.open }, me, { prefix: 'k' })),
    );
    await set(me, 'key');
    await Promise.all(listeners.map((listener) => listener.until(({ position }) => position === 1)));
    expect(names.filter((name) => name === 'read_news')).toHaveLength(1);
    expect(new Set(listeners.map(({ told }) => told[0])).size).toBe(1);
    await watcher.close();
    expect(listeners.every(({ ends }) => ends.join() === 'unavailable')).toBe(true);
  });

  test('cost no statement when they are gone', async () => {
    const me = await createStore(database);
    const { watcher, names } = createCounted();
    const watch = await watcher.open(me, fromNow);
    watch.begin(createTestListener());
    watch.cancel();
    await watcher.close();
    const before = names.length;
    watcher.hear([{ accountId: me.accountId, revision: 99 }]);
    expect(names).toHaveLength(before);
  });

  test('are bounded for an account and for the server, and those that end make room', async () => {
    const [me, you, they] = await Promise.all([1, 2, 3].map(() => createStore(database)));
    if (me === undefined || you === undefined || they === undefined) throw new Error('There are three.');
    const { watcher } = createCounted({ watchesMax: 3, accountWatchesMax: 2, replaysMax: 1 });
    const first = await watcher.open(me, fromNow);
    await watcher.open(me, fromNow);
    await expect(watcher.open(me, fromNow)).rejects.toMatchObject({ code: 'rate-limited' });
    await watcher.open(you, fromNow);
    await expect(watcher.open(they, fromNow)).rejects.toMatchObject({ code: 'overloaded' });
    first.cancel();
    first.cancel();
    await watcher.open(they, fromNow);
    await expect(watcher.open(you, fromNow)).rejects.toMatchObject({ code: 'overloaded' });
    await watcher.close();
    await expect(watcher.open(me, fromNow)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('catch up only a few at a time', async () => {
    const me = await createStore(database);
    await setMany(me, 1_100);
    const { watcher } = createCounted({ ...watchBounds, replaysMax: 0 });
    await expect(watcher.open(me, { ...fromNow, since: 0 })).rejects.toMatchObject({ code: 'overloaded' });
    await watcher.open(me, { ...fromNow, since: 200 });
    await watcher.close();
  });
});
