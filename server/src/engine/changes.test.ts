import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../database/test-database.js';
import { HaloError } from '../errors.js';
import { highest } from './bounds.js';
import { readChangesAfter } from './change-statements.js';
import { type Change, type ChangesQuery, readChanges } from './changes.js';
import {
  createSession,
  createStore,
  explain,
  pagesTouched,
  planNodes,
  seedNumbered,
  type Written,
  writeHistory,
} from './test-store.js';

const { database, drop } = await createTestDatabase();
afterAll(drop);
const pool = database.scanners;

const everything: ChangesQuery = { since: 0, prefix: '', values: false, limit: 100 };
const keys = ['a', 'a/', 'a/b', 'ab', 'é', '\uffff', '🙂', '🙂a'];
const prefixes = ['', 'a', 'a/', 'é', '🙂', 'x'];

/** Commits that set and delete some of a few keys. */
const histories = fc
  .array(
    fc
      .subarray(keys, { minLength: 1 })
      .chain((changed) =>
        fc.tuple(
          ...changed.map((key) =>
            fc.option(fc.uint8Array({ maxLength: 3 })).map((content) => ({ key, content })),
          ),
        ),
      ),
    { maxLength: 8 },
  )
  .map((commits) =>
    commits.flatMap((changes, index) =>
      changes
        .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
        .map(({ key, content }): Written => {
          return { revision: index + 1, key, kind: content === null ? 'delete' : 'set', content };
        }),
    ),
  );

const naive = ({ revision, key, kind, content }: Written) => ({
  revision,
  key,
  kind,
  size: content?.length ?? null,
  value: content === null ? undefined : Buffer.from(content),
});
const told = ({ revision, key, kind, size, value }: Change) => ({ revision, key, kind, size, value });

describe('the change feed', () => {
  test('is the log, filtered by prefix and by what the token reaches, with every commit on one page', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories,
        fc.constantFrom(...prefixes),
        fc.constantFrom(...prefixes),
        fc.integer({ min: 1, max: 6 }),
        async (history, prefix, reach, limit) => {
          const { accountId } = await createStore(database);
          const me = await createSession(database.kysely, accountId, reach);
          await writeHistory(database.writers, accountId, history);
          const end = history.at(-1)?.revision ?? 0;
          const changes: Change[] = [];
          let more = true;
          for (let since = 0; more; ) {
            const page = await readChanges(pool, me, { since, prefix, values: true, limit });
            if (page.changes.length > limit)
              expect(new Set(page.changes.map((c) => c.revision)).size).toBe(1);
            changes.push(...page.changes);
            more = page.more;
            expect(more).toBe(page.revision < end);
            since = page.revision;
          }
          const expected = history.filter(({ key }) => key.startsWith(prefix) && key.startsWith(reach));
          expect(changes.map(told)).toEqual(expected.map(naive));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('gets ahead through a long stretch without a match', async () => {
    const me = await createStore(database);
    await seedNumbered(database.writers, me.accountId, 'k', 12_000);
    await database.writers.query('update stores set revision = 12000 where account_id = $1', [me.accountId]);
    const query = { ...everything, prefix: 'k00012000' };
    const first = await readChanges(pool, me, query);
    expect(first).toMatchObject({ changes: [], more: true });
    expect(first.revision).toBeGreaterThan(4_000);
    const second = await readChanges(pool, me, { ...query, since: first.revision });
    const third = await readChanges(pool, me, { ...query, since: second.revision });
    expect(third.changes.map(({ key }) => key)).toEqual(['k00012000']);
    expect(third).toMatchObject({ revision: 12_000, more: false });
    // The last version of the first look is within reach here, and must not be taken for the last of the log.
    const edge = await readChanges(pool, me, { ...everything, prefix: 'k00005' });
    expect(edge.more).toBe(true);
  });

  test('costs what it tells, however long the log', async () => {
    const me = await createStore(database);
    await seedNumbered(database.writers, me.accountId, 'k', 12_000);
    const session = [me.accountId, me.sessionId, null, '', highest];
    const plan = await explain(pool, readChangesAfter, [...session, 100, 1_000_000, 5_000, 11]);
    expect(planNodes(plan).map((node) => node['Node Type'])).not.toContain('Seq Scan');
    // The session, the store, and one stretch of the log: an index and a table a few levels deep.
    expect(pagesTouched(plan)).toBeLessThan(40);
  });

  test('tells a commit larger than any page whole', async () => {
    const me = await createStore(database);
    await database.writers.query(
      `insert into versions (account_id, revision, key, kind, value, content_type, created_at, actor, written_at)
       select $1, 1, 'k' || i, 'set', '', 'text/plain', now(), 'test', now() from generate_series(1, 7000) as i`,
      [me.accountId],
    );
    await database.writers.query('update stores set revision = 1 where account_id = $1', [me.accountId]);
    const page = await readChanges(pool, me, { ...everything, limit: 10 });
    expect(page.changes).toHaveLength(7_000);
    expect(page).toMatchObject({ revision: 1, more: false });
  });

  test('leaves out of a commit what values do not fit on a page', async () => {
    const me = await createStore(database);
    const content = Buffer.alloc(3 * 1024 * 1024, 'x');
    const commit = (revision: number, ...names: string[]) =>
      names.map((key): Written => ({ revision, key, kind: 'set', content }));
    await writeHistory(database.writers, me.accountId, [...commit(1, 'a', 'b'), ...commit(2, 'c', 'd', 'e')]);
    const valued = (changes: readonly Change[]) => changes.flatMap(({ key, value }) => (value ? [key] : []));
    const first = await readChanges(pool, me, { ...everything, values: true });
    expect(valued(first.changes)).toEqual(['a', 'b']);
    expect(first).toMatchObject({ revision: 1, more: true });
    const second = await readChanges(pool, me, { ...everything, values: true, since: 1 });
    expect(second.changes.map(({ key }) => key)).toEqual(['c', 'd', 'e']);
    expect(valued(second.changes)).toEqual(['c', 'd']);
    expect(second.changes[2]?.size).toBe(content.length);
  });

  test('refuses a revision that is still to come, one that is pruned, and an ended session', async () => {
    const me = await createStore(database);
    const history = [1, 2, 3].map(
      (revision): Written => ({ revision, key: 'k', kind: 'set', content: Buffer.of() }),
    );
    await writeHistory(database.writers, me.accountId, history);
    const refusal = (query: ChangesQuery) =>
      readChanges(pool, me, query).then(
        () => 'none',
        (error: unknown) => (error instanceof HaloError ? [error.code, error.extra] : error),
      );
    expect(await refusal({ ...everything, since: 3 })).toBe('none');
    expect(await refusal({ ...everything, since: 4 })).toEqual(['invalid-request', { pointer: '/since' }]);
    await database.writers.query('update stores set pruned_revision = 2 where account_id = $1', [
      me.accountId,
    ]);
    expect(await refusal({ ...everything, since: 1 })).toEqual(['pruned', { revision: 2 }]);
    expect(await refusal({ ...everything, since: 2 })).toBe('none');
    await database.writers.query('delete from sessions where id = $1', [me.sessionId]);
    expect(await refusal(everything)).toEqual(['session-ended', undefined]);
  });
});
