import { afterAll, expect, test } from 'vitest';
import { createTestDatabase } from '../database/test-database.js';
import { unwatched } from '../observability/flight-watch.js';
import { createEngine } from './engine.js';
import { createReader } from './reader.js';
import { readValue } from './statements.js';
import { createStore } from './test-store.js';
import { createVersionCache } from './version-cache.js';

const { database, drop } = await createTestDatabase();
afterAll(drop);

test('a large value that many want at the same time is fetched once, and only for those who may', async () => {
  let fetches = 0;
  const run: typeof database.wires.run = (statements) => {
    fetches += statements.filter(({ name }) => name === readValue.name).length;
    return database.wires.run(statements);
  };
  const { get } = createReader({
    wires: { ...database.wires, run },
    flightsMax: 2,
    largeReadsMax: 4,
    flight: 'mixed',
    cache: createVersionCache(0),
    watch: unwatched,
  });
  const engine = createEngine(database, {
    limits: { keysMax: 10, bytesMax: 10_000_000 },
    readFlightsMax: 1,
    writeFlightsMax: 1,
    report: (what, cause) => {
      throw new Error(what, { cause });
    },
  });
  const me = await createStore(database);
  const values = { a: Buffer.alloc(100_000, 'a'), b: Buffer.alloc(100_000, 'b') };
  for (const [key, value] of Object.entries(values)) {
    const asked = { key, value, contentType: 'x/y', metadata: null, expiry: 'never' } as const;
    await engine.set(me, { ...asked, condition: undefined }, false);
  }
  const ended = get({ ...me, sessionId: 'ended' }, 'a').catch(({ code }) => code);
  const many = Array.from({ length: 20 }, (_, n) => get(me, n % 2 === 0 ? 'a' : 'b'));
  const read = await Promise.all(many);
  expect(await ended).toBe('session-ended');
  expect(read.map((stored) => stored?.value.toString('latin1', 0, 1)).join('')).toBe('ab'.repeat(10));
  expect(read.every((stored, n) => stored?.value.equals(n % 2 === 0 ? values.a : values.b))).toBe(true);
  expect(fetches).toBe(2);
  // Not kept.
  await get(me, 'a');
  expect(fetches).toBe(3);
  await engine.close();
});
