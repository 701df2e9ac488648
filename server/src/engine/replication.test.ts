import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../database/database.js';
import type { Credential } from '../database/live-session.js';
import { createTestDatabase } from '../database/test-database.js';
import { endWait, waitForNobody, waitForStandbys } from '../database/test-standby.js';
import type { Commit } from './commit.js';
import { createEngine, type Engine } from './engine.js';
import { createStore } from './test-store.js';

const { address, database, drop } = await createTestDatabase();
const sizes = { cold: 1, readers: 1, writers: 1, scanners: 1, exporters: 1 };
const opened: { readonly engine: Engine; readonly own: Database }[] = [];
let me: Credential;

beforeAll(async () => {
  me = await createStore(database);
});
afterAll(async () => {
  for (const { engine, own } of opened) {
    await engine.close();
    await own.close();
  }
  await drop();
});

function open(): { readonly engine: Engine; readonly own: Database } {
  const own = openDatabase(address, sizes, () => {});
  const engine = createEngine(own, {
    limits: { keysMax: 50, bytesMax: 100_000 },
    readFlightsMax: 1,
    writeFlightsMax: 1,
    report: (what, cause) => {
      throw new Error(what, { cause });
    },
  });
  opened.push({ engine, own });
  return { engine, own };
}

function commitOf(key: string): Omit<Commit, 'credential' | 'accountId'> {
  const set = {
    value: Buffer.from('value'),
    contentType: 'text/plain',
    metadata: null,
    expiry: 'never',
  } as const;
  return {
    checks: [],
    mutations: [{ kind: 'set', key, condition: undefined, ...set }],
    dryRun: false,
    idempotency: { key: `idempotency of ${key}`, hash: Buffer.from(key) },
  };
}

test('a commit that reached no standby is never acknowledged, also when it is asked for again', async () => {
  await waitForStandbys(database);
  const { engine } = open();
  for (const how of ['pg_cancel_backend', 'pg_terminate_backend', 'pg_cancel_backend'] as const) {
    const outcome = expect(engine.commit(me, commitOf('a'))).rejects.toMatchObject({
      code: 'outcome-unknown',
    });
    await endWait(database, how);
    await outcome;
  }
  await waitForNobody(database);
  const confirmed = open().engine;
  // It was made once, by the first try; and it is acknowledged as soon as nobody is left to be waited for.
  expect(await confirmed.commit(me, commitOf('a'))).toMatchObject({ revision: 1 });
  expect(await confirmed.commit(me, commitOf('b'))).toMatchObject({ revision: 2 });
});

test('a connection that leads to a server without writes is dropped after the first refusal', async () => {
  await waitForNobody(database);
  const { engine, own } = open();
  await own.writers.query('set session characteristics as transaction read only');
  await expect(engine.commit(me, commitOf('c'))).rejects.toMatchObject({ code: 'unavailable' });
  expect(await engine.commit(me, commitOf('c'))).toMatchObject({ revision: 3 });
});
