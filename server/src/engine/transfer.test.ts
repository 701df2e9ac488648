import { afterAll, describe, expect, test } from 'vitest';
import type { Credential } from '../database/live-session.js';
import { createTestDatabase } from '../database/test-database.js';
import type { Commit, SetMutation } from './commit.js';
import { createEngine } from './engine.js';
import { createExporter, type ExportSink } from './export.js';
import { type Incoming, importPart, type OnConflict } from './import.js';
import type { ListedEntry } from './listed-entry.js';
import { createSession, createStore, seedNumbered } from './test-store.js';

const { database, drop } = await createTestDatabase();
const engine = createEngine(database, {
  limits: { keysMax: 2_000, bytesMax: 64 * 1024 * 1024 },
  readFlightsMax: 2,
  writeFlightsMax: 2,
  report: (what, cause) => {
    throw new Error(what, { cause });
  },
});
afterAll(async () => {
  await engine.close();
  await drop();
});

const exporter = createExporter(database);

/** Keeps what it is handed, and does something after each page. */
function collect(afterPage: () => Promise<unknown> = async () => {}) {
  const keys: string[] = [];
  const revisions: number[] = [];
  const sink: ExportSink = {
    begin: (revision) => revisions.push(revision),
    page: async (entries: readonly ListedEntry[]) => {
      keys.push(...entries.map(({ key }) => key));
      await afterPage();
      return true;
    },
  };
  return { sink, keys, revisions };
}

function setOf(key: string, value = key): SetMutation {
  const content = { value: Buffer.from(value), contentType: 'text/plain', metadata: null };
  return { kind: 'set', key, ...content, expiry: 'never', condition: undefined };
}

const put = (credential: Credential, key: string, value = key) =>
  engine.set(credential, setOf(key, value), false);

/** More than fits on two pages. */
const manyKeys = 1_200;

async function manyOf(): Promise<Credential> {
  const credential = await createStore(database);
  await seedNumbered(database.writers, credential.accountId, 'key-', manyKeys);
  return credential;
}

describe('an export', () => {
  test('hands over every key once, in order, page after page', async () => {
    const { sink, keys, revisions } = collect();
    await exporter.run(await manyOf(), '', sink);
    expect(keys).toHaveLength(manyKeys);
    expect(keys).toEqual([...new Set(keys)].sort());
    expect(revisions).toHaveLength(1);
  });

  test('does not see what is written after it began', async () => {
    const me = await manyOf();
    const { sink, keys } = collect(() => put(me, 'zzz'));
    await exporter.run(me, '', sink);
    expect(keys).toHaveLength(manyKeys);
    expect(await engine.get(me, 'zzz')).toBeDefined();
  });

  test('reaches only keys with the session’s prefix', async () => {
    const me = await createStore(database);
    for (const key of ['a', 'in/1', 'in/2', 'z']) await put(me, key);
    const scoped = await createSession(database.kysely, me.accountId, 'in/');
    const found = async (prefix: string) => {
      const { sink, keys } = collect();
      await exporter.run(scoped, prefix, sink);
      return keys;
    };
    expect(await found('')).toEqual(['in/1', 'in/2']);
    expect(await found('in/2')).toEqual(['in/2']);
    expect(await found('z')).toEqual([]);
  });

  test('hands over no further page once the session has ended, though its snapshot still shows it', async () => {
    const me = await manyOf();
    const { sink, keys } = collect(() =>
      database.kysely.deleteFrom('sessions').where('id', '=', me.sessionId).execute(),
    );
    await expect(exporter.run(me, '', sink)).rejects.toMatchObject({ code: 'session-ended' });
    expect(keys).toHaveLength(500);
  });

  test('is refused when as many as there are connections are under way, and gives its own back', async () => {
    const me = await manyOf();
    const refusals: unknown[] = [];
    const nested = (depth: number): Promise<void> =>
      exporter.run(me, '', {
        begin: () => {},
        page: async () => {
          await nested(depth + 1).catch((error: unknown) => refusals.push(error));
          return false;
        },
      });
    await nested(1);
    expect(refusals).toMatchObject([{ code: 'overloaded', retryAfterS: expect.any(Number) }]);
    await nested(1);
    expect(refusals).toHaveLength(2);
    expect(database.exporters.idleCount).toBe(2);
  });
});

describe('a part of an import', () => {
  const incoming = (keys: readonly string[]): Incoming[] =>
    keys.map((key, index) => ({ line: index + 10, set: setOf(key, 'imported') }));

  /** Imports, with something else happening between the look at what exists and the commit. */
  function importWhile(
    me: Credential,
    keys: readonly string[],
    onConflict: OnConflict,
    meanwhile: (commit: Commit) => Promise<unknown> = async () => {},
  ) {
    const commit = async (asked: Commit) => {
      await meanwhile(asked);
      return engine.commit(me, asked);
    };
    const part = { entries: incoming(keys), onConflict, dryRun: false };
    return importPart(database.scanners, commit, me, part);
  }

  test('is one commit', async () => {
    const me = await createStore(database);
    const outcome = await importWhile(me, ['a', 'b', 'c'], 'fail');
    expect(outcome).toMatchObject({ revision: 1, imported: 3, skipped: 0, refused: [], stopped: undefined });
  });

  test('meets a key that came into being after the look as it would have met it before', async () => {
    const outcomes = [];
    for (const rule of ['skip', 'fail', 'replace'] as const) {
      const me = await createStore(database);
      let tries = 0;
      const outcome = await importWhile(me, ['a', 'b', 'c'], rule, async () => {
        tries += 1;
        if (tries === 1) await put(me, 'b', 'theirs');
      });
      const b = (await engine.get(me, 'b'))?.value.toString();
      const c = (await engine.get(me, 'c'))?.value.toString();
      outcomes.push([rule, outcome.imported, outcome.skipped, outcome.stopped?.line, b, c]);
    }
    expect(outcomes).toEqual([
      ['skip', 2, 1, undefined, 'theirs', 'imported'],
      ['fail', 1, 0, 11, 'theirs', undefined],
      ['replace', 3, 0, undefined, 'imported', 'imported'],
    ]);
  });

  test('refuses what is out of the session’s reach line by line, whether it exists or not', async () => {
    const me = await createStore(database);
    await put(me, 'out/there');
    const scoped = await createSession(database.kysely, me.accountId, 'in/');
    const outcome = await importWhile(scoped, ['in/a', 'out/there', 'out/not', 'in/b'], 'fail');
    expect(outcome).toMatchObject({ imported: 2, stopped: undefined });
    expect(outcome.refused.map(({ line, error }) => [line, error.code])).toEqual([
      [11, 'insufficient-scope'],
      [12, 'insufficient-scope'],
    ]);
  });

  test('rejects as a whole when the session has ended or the account is full', async () => {
    const me = await createStore(database);
    const tooMany = Array.from({ length: 2_001 }, (_, index) => `key-${index}`);
    await expect(importWhile(me, tooMany, 'fail')).rejects.toMatchObject({ code: 'quota-exceeded' });
    expect(await engine.get(me, 'key-0')).toBeUndefined();
    await database.kysely.deleteFrom('sessions').where('id', '=', me.sessionId).execute();
    await expect(importWhile(me, ['a'], 'fail')).rejects.toMatchObject({ code: 'session-ended' });
  });
});
