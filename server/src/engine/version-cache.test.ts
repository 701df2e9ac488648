import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Credential } from '../database/live-session.js';
import { createTestDatabase } from '../database/test-database.js';
import { unwatched } from '../observability/flight-watch.js';
import { createEngine } from './engine.js';
import { createReader } from './reader.js';
import type { StoredValue } from './stored-value.js';
import { createSession, createStore } from './test-store.js';
import { createVersionCache, type VersionCache } from './version-cache.js';

const { database, drop } = await createTestDatabase();
afterAll(drop);

const limits = { keysMax: 1_000, bytesMax: 1_000_000 };
const report = (what: string, cause: unknown) => {
  throw new Error(what, { cause });
};
const bytesMax = 1_000_000;
const newEngine = (cacheBytesMax: number) =>
  createEngine(database, { limits, cacheBytesMax, readFlightsMax: 2, writeFlightsMax: 2, report });
const uncached = newEngine(0);

/** A reader whose cache can be looked into, and what it has cached. */
function newReader(cacheBytesMax = bytesMax) {
  const cache = createVersionCache(cacheBytesMax);
  const { wires } = database;
  const reader = createReader({
    wires,
    cache,
    flightsMax: 2,
    largeReadsMax: 1,
    flight: 'mixed',
    watch: unwatched,
  });
  return { cache, get: reader.get };
}

/** What is offered once is kept from the second time on. */
function keep(cache: VersionCache, ...offered: Parameters<VersionCache['offer']>): void {
  cache.offer(...offered);
  cache.offer(...offered);
}

function set(credential: Credential, key: string, text: string, ttlMs?: number) {
  const expiry = ttlMs === undefined ? 'never' : { ttlMs };
  const rest = { contentType: 'text/plain', metadata: null, expiry, condition: undefined } as const;
  return uncached.set(credential, { key, value: Buffer.from(text), ...rest }, false);
}

async function postgresRun(): Promise<Buffer> {
  const { wires } = database;
  const [rows] = await wires.run([
    { name: 'test_run', text: 'select pg_postmaster_start_time()', values: [] },
  ]);
  return rows?.[0]?.[0] ?? Buffer.alloc(0);
}

const bogus: StoredValue = {
  revision: 1,
  value: Buffer.from('from the cache'),
  contentType: 'text/plain',
  metadata: null,
  createdAtMs: 0,
  writtenAtMs: 0,
  expiresAtMs: null,
};

const textOf = (stored: StoredValue | undefined) => stored?.value.toString();

describe('what is cached is answered', () => {
  test('while the store is at the revision it was read at', async () => {
    const me = await createStore(database);
    const { cache, get } = newReader();
    const { revision } = await set(me, 'a', 'from the database');
    keep(cache, await postgresRun(), me.accountId, 'a', revision, bogus);
    expect(textOf(await get(me, 'a'))).toBe('from the cache');
    await set(me, 'b', 'something else');
    await set(me, 'a', 'from the database, again');
    expect(textOf(await get(me, 'a'))).toBe('from the database, again');
  });

  test('while the key is at its revision, whatever else has changed', async () => {
    const me = await createStore(database);
    const { cache, get } = newReader();
    const { revision } = await set(me, 'a', 'from the database');
    await set(me, 'b', 'something else');
    keep(cache, await postgresRun(), me.accountId, 'a', revision, { ...bogus, revision });
    expect(textOf(await get(me, 'a'))).toBe('from the cache');
  });

  test('never when another run of PostgreSQL said it: revisions that it lost were given again', async () => {
    const me = await createStore(database);
    const { cache, get } = newReader();
    const { revision } = await set(me, 'a', 'from the database');
    keep(cache, Buffer.alloc(8, 1), me.accountId, 'a', revision, { ...bogus, revision });
    expect(textOf(await get(me, 'a'))).toBe('from the database');
    expect(cache.server).toEqual(await postgresRun());
  });

  test('also that there is no such key', async () => {
    const me = await createStore(database);
    const { cache, get } = newReader();
    expect(await get(me, 'a')).toBeUndefined();
    expect(cache.find(me.accountId, 'a')).toBeUndefined();
    expect(await get(me, 'a')).toBeUndefined();
    expect(cache.find(me.accountId, 'a')).toEqual({ at: 0, version: undefined });
    expect(await get(me, 'a')).toBeUndefined();
    await set(me, 'a', 'now there is');
    expect(textOf(await get(me, 'a'))).toBe('now there is');
  });

  test('only to sessions that live and reach the key', async () => {
    const me = await createStore(database);
    const scoped = await createSession(database.kysely, me.accountId, 'b/');
    const { get } = newReader();
    await set(me, 'a', 'mine');
    expect(textOf(await get(me, 'a'))).toBe('mine');
    await expect(get(scoped, 'a')).rejects.toMatchObject({ code: 'insufficient-scope' });
    await database.writers.query('delete from sessions where account_id = $1', [me.accountId]);
    await expect(get(me, 'a')).rejects.toMatchObject({ code: 'session-ended' });
  });
});

test('keys that expire, and large values, are not cached', async () => {
  const me = await createStore(database);
  const { cache, get } = newReader();
  await set(me, 'fleeting', 'x', 600_000);
  await set(me, 'large', 'x'.repeat(20_000));
  for (const key of ['fleeting', 'large']) {
    expect(await get(me, key)).toBeDefined();
    expect(await get(me, key)).toBeDefined();
    expect(cache.find(me.accountId, key)).toBeUndefined();
  }
});

test('it holds no more than it may, and keeps what is used', () => {
  const cache = createVersionCache(bytesMax);
  const server = Buffer.alloc(8);
  const value = Buffer.alloc(1_000);
  for (let n = 0; n < 10_000; n += 1) {
    keep(cache, server, '1', `key ${n}`, 1, { ...bogus, value });
    cache.find('1', 'key 0');
  }
  const held = Array.from({ length: 10_000 }, (_, n) => cache.find('1', `key ${n}`)).filter(
    (known) => known !== undefined,
  );
  expect(cache.find('1', 'key 0')).toBeDefined();
  expect(held.length).toBeGreaterThan(100);
  expect(held.length * value.length).toBeLessThan(bytesMax);
});

type Step =
  | { readonly kind: 'get'; readonly key: string; readonly session: number }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'set'; readonly key: string; readonly text: string; readonly ttl: boolean };
const key = fc.constantFrom('a', 'b', 'c', 'é');
const session = fc.constantFrom(0, 0, 0, 1, 2);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('get' as const), key, session }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('set' as const), key, text: fc.string(), ttl: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
);

test('whatever is done, reads with a cache answer what reads without one do', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { maxLength: 12 }),
      async (turns) => {
        const full = await createStore(database);
        const scoped = await createSession(database.kysely, full.accountId, 'a');
        const sessions = [full, scoped, { ...full, sessionId: 'ended' }];
        // So small that it has to forget.
        const cached = newEngine(5_000);
        for (const turn of turns) {
          for (const done of turn) {
            if (done.kind === 'set') await set(full, done.key, done.text, done.ttl ? 600_000 : undefined);
            if (done.kind === 'delete')
              await uncached.delete(full, { key: done.key, condition: undefined }, false).catch(() => {});
          }
          const reads = turn.filter((done) => done.kind === 'get');
          const outcomes = (engine: typeof cached) =>
            Promise.allSettled(
              reads.map(({ session: n, key: read }) => engine.get(sessions[n] ?? full, read)),
            );
          expect(await outcomes(cached)).toEqual(await outcomes(uncached));
        }
        await cached.close();
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);
