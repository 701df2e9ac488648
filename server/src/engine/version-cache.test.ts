import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Credential } from '../database/live-session.js';
import { createTestDatabase } from '../database/test-database.js';
import { unwatched } from '../observability/flight-watch.js';
import type { Mutation, SetMutation } from './commit.js';
import { createEngine } from './engine.js';
import { createReader } from './reader.js';
import type { StoredValue } from './stored-value.js';
import { createSession, createStore } from './test-store.js';
import { createVersionCache, type VersionCache } from './version-cache.js';
import { createWriter } from './writer.js';

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

/** A reader whose cache can be looked into, and a writer that tells it what it commits. */
function newReader(cacheBytesMax = bytesMax) {
  const cache = createVersionCache(cacheBytesMax);
  const { wires } = database;
  const common = { flightsMax: 2, flight: 'mixed', watch: unwatched } as const;
  const reader = createReader({ ...common, wires, cache, largeReadsMax: 1 });
  const writer = createWriter({
    ...common,
    database,
    limits,
    onCommitted: (moves, serverStart) => {
      for (const move of moves) if (serverStart !== null) cache.follow(serverStart, move);
    },
  });
  const commit = (credential: Credential, ...mutations: Mutation[]) =>
    writer.commit({
      credential,
      accountId: credential.accountId,
      checks: [],
      mutations,
      dryRun: false,
      idempotency: undefined,
    });
  return { cache, get: reader.get, commit };
}

const setOf = (key: string, text: string): SetMutation => ({
  kind: 'set',
  key,
  value: Buffer.from(text),
  contentType: 'text/plain',
  metadata: null,
  expiry: 'never',
  condition: undefined,
});

/** What is offered once is kept from the second time on. */
function keep(cache: VersionCache, ...offered: Parameters<VersionCache['offer']>): void {
  cache.offer(...offered);
  cache.offer(...offered);
}

function set(credential: Credential, key: string, text: string, ttlMs?: number, engine = uncached) {
  const expiry = ttlMs === undefined ? 'never' : { ttlMs };
  return engine.set(credential, { ...setOf(key, text), expiry }, false);
}

async function serverStartNow(): Promise<Buffer> {
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
    keep(cache, await serverStartNow(), me.accountId, 'a', revision, bogus);
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
    keep(cache, await serverStartNow(), me.accountId, 'a', revision, { ...bogus, revision });
    expect(textOf(await get(me, 'a'))).toBe('from the cache');
  });

  test('never when another run of PostgreSQL said it: revisions that it lost were given again', async () => {
    const me = await createStore(database);
    const { cache, get } = newReader();
    const { revision } = await set(me, 'a', 'from the database');
    keep(cache, Buffer.alloc(8, 1), me.accountId, 'a', revision, { ...bogus, revision });
    expect(textOf(await get(me, 'a'))).toBe('from the database');
    expect(cache.serverStart).toEqual(await serverStartNow());
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

describe('what this process commits', () => {
  /** A key of which the cache has something else than the database, at the store's revision. */
  async function deceived() {
    const me = await createStore(database);
    const its = newReader();
    const { revision } = await set(me, 'a', 'from the database');
    keep(its.cache, await serverStartNow(), me.accountId, 'a', revision, bogus);
    return { me, ...its };
  }

  test('leaves everything cached that it did not change', async () => {
    const { me, get, commit } = await deceived();
    await commit(me, setOf('b', '1'));
    expect(textOf(await get(me, 'a'))).toBe('from the cache');
    // Planned, and of several keys.
    await commit(me, { kind: 'delete', key: 'b', condition: undefined }, setOf('c', '1'));
    await Promise.all([commit(me, setOf('d', '1')), commit(me, setOf('e', '1'))]);
    expect(textOf(await get(me, 'a'))).toBe('from the cache');
  });

  test('does not hide what others do: it is looked up, and what is then known stays', async () => {
    const { me, cache, get, commit } = await deceived();
    await set(me, 'a', 'by somebody else');
    await commit(me, setOf('c', '1'));
    expect(textOf(await get(me, 'a'))).toBe('by somebody else');
    const { revision } = await commit(me, setOf('c', '2'));
    expect(cache.find(me.accountId, 'a')?.at).toBe(revision);
  });

  test('is cached itself where the key was', async () => {
    const me = await createStore(database);
    const { cache, get, commit } = newReader();
    await commit(me, setOf('a', '1'));
    await get(me, 'a');
    expect(cache.find(me.accountId, 'a')).toBeUndefined();
    await get(me, 'a');
    await get(me, 'none yet');
    await get(me, 'none yet');
    await Promise.all([commit(me, setOf('a', '2')), commit(me, setOf('a', '\u00e9\u20ac'))]);
    await commit(me, setOf('none yet', 'now'));
    for (const key of ['a', 'none yet']) {
      const stored = await uncached.get(me, key);
      expect(stored?.revision).toBeGreaterThan(0);
      expect(cache.find(me.accountId, key)?.version).toEqual(stored);
    }
  });

  test('is no longer cached when it expires or was deleted', async () => {
    const { me, cache, commit } = await deceived();
    await commit(me, { ...setOf('a', 'x'), expiry: { ttlMs: 60_000 } });
    expect(cache.find(me.accountId, 'a')).toBeUndefined();
    const other = await deceived();
    await other.commit(other.me, { kind: 'delete', key: 'a', condition: undefined });
    expect(other.cache.find(other.me.accountId, 'a')).toBeUndefined();
  });

  test('is not undone by a read that saw less and is told later', async () => {
    const { me, cache, commit } = await deceived();
    const { revision } = await commit(me, setOf('b', '1'));
    keep(cache, await serverStartNow(), me.accountId, 'b', revision - 1, undefined);
    expect(cache.find(me.accountId, 'b')).toBeUndefined();
  });

  test('is told in any order, and the latest counts', async () => {
    const { me, cache } = await deceived();
    const { accountId } = me;
    const serverStart = await serverStartNow();
    const from = cache.find(accountId, 'a')?.at ?? 0;
    const move = (first: number, key: string, revision = first + 1) =>
      cache.follow(serverStart, {
        accountId,
        from: first,
        revision,
        writtenAtMs: 0,
        changed: [{ key, last: { revision, set: setOf(key, 'told') } }],
      });
    const later = { ...bogus, revision: from + 4 };
    keep(cache, serverStart, accountId, 'seen before it was told', from + 4, later);
    move(from + 2, 'seen before it was told');
    expect(cache.find(accountId, 'seen before it was told')).toEqual({ at: from + 4, version: later });
    keep(cache, serverStart, accountId, 'b', from + 3, bogus);
    move(from + 3, 'something else');
    expect(cache.find(accountId, 'b')?.at).toBe(from + 4);
    move(from + 1, 'something else');
    expect(cache.find(accountId, 'b')?.at).toBe(from + 4);
    expect(cache.find(accountId, 'a')?.at).toBe(from);
  });

  test('says nothing when another run of PostgreSQL wrote it', async () => {
    const { me, cache } = await deceived();
    const before = cache.find(me.accountId, 'a');
    const from = before?.at ?? 0;
    const move = { accountId: me.accountId, from, revision: from + 1, writtenAtMs: 0, changed: [] };
    cache.follow(Buffer.alloc(8, 1), move);
    expect(cache.find(me.accountId, 'a')).toEqual(before);
    cache.follow(await serverStartNow(), move);
    expect(cache.find(me.accountId, 'a')?.at).toBe(from + 1);
  });
});

const sizes = [0, 4_095, 4_096, 65_536, 65_537, 1_048_576];
test.each(sizes)('a value of %i bytes is kept as it was, read or written', async (size) => {
  const me = await createStore(database);
  const { cache, get, commit } = newReader(128 * 1024 * 1024);
  const roomy = createEngine(database, {
    limits: { ...limits, bytesMax: 10_000_000 },
    readFlightsMax: 1,
    writeFlightsMax: 1,
    report,
  });
  const read = Buffer.alloc(size, 'some é');
  const { kind: _, ...asked } = setOf('a', '');
  await roomy.set(me, { ...asked, value: read }, false);
  await get(me, 'a');
  expect((await get(me, 'a'))?.value.equals(read)).toBe(true);
  expect(cache.find(me.accountId, 'a')?.version?.value.equals(read)).toBe(true);
  expect((await get(me, 'a'))?.value.equals(read)).toBe(true);
  if (size > 65_536) return;
  const written = Buffer.alloc(size, 'another');
  const expected = Buffer.from(written);
  await commit(me, { ...setOf('a', ''), value: written });
  // Whoever wrote it may use the memory again.
  written.fill(0);
  expect(cache.find(me.accountId, 'a')?.version?.value.equals(expected)).toBe(true);
  expect((await get(me, 'a'))?.value.equals(expected)).toBe(true);
});

test('keys that expire, and values that would take too large a part, are not cached', async () => {
  const me = await createStore(database);
  const { cache, get, commit } = newReader();
  await set(me, 'fleeting', 'x', 600_000);
  await set(me, 'large', 'x'.repeat(20_000));
  for (const key of ['fleeting', 'large']) {
    expect(await get(me, key)).toBeDefined();
    expect(await get(me, key)).toBeDefined();
    expect(cache.find(me.accountId, key)).toBeUndefined();
  }
  await set(me, 'growing', 'x');
  await get(me, 'growing');
  await get(me, 'growing');
  expect(cache.find(me.accountId, 'growing')).toBeDefined();
  await commit(me, setOf('growing', 'x'.repeat(20_000)));
  expect(cache.find(me.accountId, 'growing')).toBeUndefined();
});

test('of a value that came with others its own bytes are kept alone', () => {
  const cache = createVersionCache(bytesMax);
  const value = Buffer.alloc(100_000).subarray(10_000, 15_000);
  keep(cache, Buffer.alloc(8), '1', 'a', 1, { ...bogus, value });
  const kept = cache.find('1', 'a')?.version?.value;
  expect(kept?.equals(value)).toBe(true);
  expect(kept?.buffer.byteLength).toBeLessThan(10_000);
});

test.each([1_000, 10_000])('it holds no more than it may, and keeps what is used: %i bytes', (size) => {
  const cache = createVersionCache(bytesMax);
  const serverStart = Buffer.alloc(8);
  const value = Buffer.alloc(size);
  for (let n = 0; n < 10_000; n += 1) {
    keep(cache, serverStart, '1', `key ${n}`, 1, { ...bogus, value });
    cache.find('1', 'key 0');
  }
  const held = Array.from({ length: 10_000 }, (_, n) => cache.find('1', `key ${n}`)).filter(
    (known) => known !== undefined,
  );
  expect(cache.find('1', 'key 0')).toBeDefined();
  expect(held.length * value.length).toBeGreaterThan(bytesMax / 4);
  expect(held.length * value.length).toBeLessThan(bytesMax);
});

const key = fc.constantFrom('a', 'b', 'c', 'é');
const session = fc.constantFrom(0, 0, 0, 1, 2);
/** By the process whose cache is tried, or by another. */
const isOwn = fc.boolean();
type Write = { readonly key: string; readonly isOwn: boolean } & (
  | { readonly kind: 'delete' }
  | { readonly kind: 'set'; readonly text: string; readonly ttl: number | undefined }
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('get' as const), key, session }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      key,
      isOwn,
      text: fc.string({ unit: 'grapheme' }),
      ttl: fc.constantFrom(undefined, undefined, 600_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), key, isOwn }) },
);

test('whatever is done, reads with a cache answer what reads without one do', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 6 }), atOnce: fc.boolean() }), {
        maxLength: 12,
      }),
      async (turns) => {
        const full = await createStore(database);
        const scoped = await createSession(database.kysely, full.accountId, 'a');
        const sessions = [full, scoped, { ...full, sessionId: 'ended' }];
        // So small that it has to forget.
        const cached = newEngine(2_000);
        const read = (engine: typeof cached, { key, session: n }: { key: string; session: number }) =>
          engine.get(sessions[n] ?? full, key);
        const write = async (done: Write) => {
          const engine = done.isOwn ? cached : uncached;
          if (done.kind === 'set') await set(full, done.key, done.text, done.ttl, engine);
          else await engine.delete(full, { key: done.key, condition: undefined }, false).catch(() => {});
        };
        for (const { steps, atOnce } of turns) {
          const reads = steps.filter((done) => done.kind === 'get');
          const writes = steps.filter((done) => done.kind !== 'get');
          // What these answer depends on who is first; what they leave in the cache must not.
          if (atOnce)
            await Promise.allSettled([...writes.map(write), ...reads.map((get) => read(cached, get))]);
          else for (const done of writes) await write(done);
          const outcomes = (engine: typeof cached) =>
            Promise.allSettled(reads.map((get) => read(engine, get)));
          expect(await outcomes(cached)).toEqual(await outcomes(uncached));
        }
        await cached.close();
      },
    ),
    { numRuns: 100 },
  );
}, 60_000);
