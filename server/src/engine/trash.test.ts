import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Credential } from '../database/live-session.js';
import { createTestDatabase } from '../database/test-database.js';
import type { Mutation } from './commit.js';
import { createEngine } from './engine.js';
import { listTrash } from './history-statements.js';
import { createSession, createStore, explain, planNodes, wholeRange } from './test-store.js';
import type { BuriedKey } from './trash.js';

const { database, drop } = await createTestDatabase();
afterAll(drop);

const limits = { keysMax: 1_000, bytesMax: 1_000_000 };
const engine = createEngine(database, { limits, readFlightsMax: 2, writeFlightsMax: 2, report: () => {} });

function commit(credential: Credential, ...mutations: Mutation[]) {
  return engine.commit(credential, { checks: [], mutations, dryRun: false, idempotency: undefined });
}

function set(key: string, text: string): Mutation {
  const rest = {
    contentType: 'text/plain',
    metadata: '{"a":1}',
    expiry: 'never',
    condition: undefined,
  } as const;
  return { kind: 'set', key, value: Buffer.from(text), ...rest };
}

const remove = (key: string): Mutation => ({ kind: 'delete', key, condition: undefined });

async function trashOf(credential: Credential, prefix = '', limit = 2): Promise<BuriedKey[]> {
  const entries: BuriedKey[] = [];
  let cursor: string | undefined;
  do {
    const page = await engine.trash(credential, { prefix, limit, cursor });
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    entries.push(...page.entries);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return entries;
}

const keysOf = async (credential: Credential, prefix?: string) =>
  (await trashOf(credential, prefix)).map(({ key }) => key);

/** How many versions of a key hold anything of what was stored. */
async function countContents({ accountId }: Credential, key: string): Promise<number> {
  const { rows } = await database.writers.query(
    `select count(*)::int as n from versions
     where account_id = $1 and key = $2 and num_nonnulls(value, content_type, metadata) > 0`,
    [accountId, key],
  );
  return rows[0].n;
}

describe('the trash', () => {
  test('lists deleted keys in byte order, page by page, with what they were', async () => {
    const me = await createStore(database);
    const names = ['a', 'b/1', 'b/2', 'b/é', 'ﬀ', '😀'];
    await commit(me, ...names.map((name) => set(name, name)), set('stays', 'x'));
    await commit(me, ...names.map(remove));
    const listed = await trashOf(me);
    expect(listed).toEqual(
      names.map((key) => ({
        key,
        revision: 2,
        reason: 'delete',
        deletedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        size: Buffer.byteLength(key),
      })),
    );
    expect(await keysOf(me, 'b/')).toEqual(['b/1', 'b/2', 'b/é']);
    expect(await keysOf(me, 'c')).toEqual([]);
  });

  test('gives a key back when it is restored or set anew', async () => {
    const me = await createStore(database);
    await commit(me, set('a', '1'), set('b', '1'));
    await commit(me, remove('a'), remove('b'));
    await commit(me, { kind: 'restore', key: 'a', revision: 1 }, set('b', '2'));
    expect(await keysOf(me)).toEqual([]);
    expect((await engine.get(me, 'a'))?.value.toString()).toBe('1');
  });

  test('shows a token only keys with its prefix, and lets it purge no other', async () => {
    const me = await createStore(database);
    await commit(me, set('in/a', '1'), set('out', '1'));
    await commit(me, remove('in/a'), remove('out'));
    const scoped = await createSession(database.kysely, me.accountId, 'in/');
    expect(await keysOf(scoped)).toEqual(['in/a']);
    expect(await keysOf(scoped, 'o')).toEqual([]);
    const refused = { code: 'insufficient-scope' };
    await expect(engine.purge(scoped, 'out', false)).rejects.toMatchObject(refused);
    await expect(engine.purge(scoped, 'absent', false)).rejects.toMatchObject(refused);
    await engine.purge(scoped, 'in/a', false);
    expect(await keysOf(me)).toEqual(['out']);
  });

  test('tells an ended session, and lets a token that may only read purge nothing', async () => {
    const me = await createStore(database);
    await commit(me, set('a', '1'));
    await commit(me, remove('a'));
    const reader = await createSession(database.kysely, me.accountId, '');
    await database.kysely
      .updateTable('sessions')
      .set({ access: 'read' })
      .where('id', '=', reader.sessionId)
      .execute();
    await expect(engine.purge(reader, 'a', false)).rejects.toMatchObject({ code: 'insufficient-scope' });
    expect(await keysOf(reader)).toEqual(['a']);
    await database.kysely.deleteFrom('sessions').where('id', '=', me.sessionId).execute();
    await expect(trashOf(me)).rejects.toMatchObject({ code: 'session-ended' });
    await expect(engine.purge(me, 'a', false)).rejects.toMatchObject({ code: 'session-ended' });
    expect(await countContents(me, 'a')).toBe(1);
  });

  test('is found by its primary key, however many keys live', async () => {
    const me = await createStore(database);
    const plan = await explain(database.scanners, listTrash, [...wholeRange(me), 10]);
    const scans = planNodes(plan).filter((node) => node['Relation Name'] !== undefined);
    expect(scans.length).toBeGreaterThan(0);
    expect(scans.filter((node) => !/Index/.test(node['Node Type']))).toEqual([]);
  });
});

describe('a purge', () => {
  test('erases every value of the key and leaves that there were changes', async () => {
    const me = await createStore(database);
    await commit(me, set('a', 'first'), set('other', 'kept'));
    await commit(me, set('a', 'second'));
    await commit(me, remove('a'));
    expect(await countContents(me, 'a')).toBe(2);
    await engine.purge(me, 'a', true);
    expect(await countContents(me, 'a')).toBe(2);
    expect(await keysOf(me)).toEqual(['a']);
    await engine.purge(me, 'a', false);
    expect(await countContents(me, 'a')).toBe(0);
    expect(await countContents(me, 'other')).toBe(1);
    expect(await keysOf(me)).toEqual([]);
    const { versions } = await engine.history(me, { key: 'a', limit: 10, cursor: undefined });
    expect(
      versions.map(({ revision, kind, size, contentType }) => [revision, kind, size, contentType]),
    ).toEqual([
      [3, 'delete', null, null],
      [2, 'set', null, null],
      [1, 'set', null, null],
    ]);
    for (const revision of [1, 2]) {
      await expect(engine.getAt(me, 'a', revision)).rejects.toMatchObject({ code: 'pruned' });
      const restore = commit(me, { kind: 'restore', key: 'a', revision });
      await expect(restore).rejects.toMatchObject({ code: 'pruned' });
    }
    await expect(commit(me, { kind: 'undo', revision: 3 })).rejects.toMatchObject({ code: 'pruned' });
    expect(await engine.getAt(me, 'a', 3)).toBeUndefined();
  });

  test('is refused for a key that lives, never was, or was purged before', async () => {
    const me = await createStore(database);
    await commit(me, set('live', '1'), set('gone', '1'));
    await commit(me, remove('gone'));
    await engine.purge(me, 'gone', false);
    for (const key of ['live', 'absent', 'gone']) {
      await expect(engine.purge(me, key, false)).rejects.toMatchObject({ code: 'not-found' });
    }
    expect((await engine.get(me, 'live'))?.value.toString()).toBe('1');
  });

  test('does not hide what is deleted under the same name afterwards', async () => {
    const me = await createStore(database);
    await commit(me, set('a', 'first'));
    await commit(me, remove('a'));
    await engine.purge(me, 'a', false);
    // Sent at once, they share a flight: the key goes from trash to trash.
    await Promise.all([commit(me, set('a', 'second')), commit(me, remove('a'))]);
    expect(await trashOf(me)).toMatchObject([{ key: 'a', size: 'second'.length }]);
    await commit(me, { kind: 'restore', key: 'a', revision: 3 });
    expect((await engine.get(me, 'a'))?.value.toString()).toBe('second');
    await expect(engine.getAt(me, 'a', 1)).rejects.toMatchObject({ code: 'pruned' });
  });

  test('and commits at the same time leave either the key alive or its values gone', async () => {
    const race = fc.asyncProperty(fc.boolean(), async (restores) => {
      const me = await createStore(database);
      await commit(me, set('a', 'first'));
      await commit(me, remove('a'));
      const other = restores ? ({ kind: 'restore', key: 'a', revision: 1 } as const) : set('a', 'second');
      const [purged, written] = await Promise.allSettled([engine.purge(me, 'a', false), commit(me, other)]);
      const value = (await engine.get(me, 'a'))?.value.toString();
      if (purged.status === 'rejected') {
        expect(purged.reason).toMatchObject({ code: 'not-found' });
        expect(value).toBe(restores ? 'first' : 'second');
      } else {
        expect(value).toBe(restores ? undefined : 'second');
        expect(await countContents(me, 'a')).toBe(restores ? 0 : 1);
        if (restores) expect(written).toMatchObject({ status: 'rejected', reason: { code: 'pruned' } });
      }
    });
    await fc.assert(race, { numRuns: 30 });
  });
});
