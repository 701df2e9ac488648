import { afterAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../database/test-database.js';
import { highest } from './bounds.js';
import { groupCountMax } from './grouping.js';
import { countPast, listGroups, listKeys, listPast, readSnapshot, readValues } from './list-statements.js';
import type { Statement } from './statements.js';
import {
  createStore,
  explainPrepared,
  pagesTouched,
  plan,
  planNodes,
  seedNumbered,
  wholeRange,
} from './test-store.js';

const { database, drop } = await createTestDatabase();
afterAll(drop);

const me = await createStore(database);
const session = [me.accountId, me.sessionId, null];
const page = [...wholeRange(me), 10, 1_000, true, '', highest];
const group = ['', '/', highest, groupCountMax + 1];
const keys = '{a/00000001,a/00000500,a/00001000}';

/** Each with values, and how many pages of tables and indexes it may touch: what it returns, with room to spare. */
const statements: readonly (readonly [string, Statement, values: readonly unknown[], pagesMax: number])[] = [
  ['a page', listKeys('forward'), page.with(7, false), 80],
  ['a page backwards', listKeys('reverse'), page.with(7, false), 80],
  ['a page of groups', listGroups('forward'), [...page.with(7, false), ...group], 70],
  ['a page of groups backwards', listGroups('reverse'), [...page.with(7, false), ...group], 70],
  ['a stretch of the past', listPast('forward'), [...wholeRange(me), 1_000, 10], 80],
  ['a stretch of the past backwards', listPast('reverse'), [...wholeRange(me), 1_000, 10], 80],
  ['a snapshot', readSnapshot, [...session, keys, 1_000], 50],
  ['values', readValues, [...session, '{1,500,1000}', keys], 30],
  // What counts a thousand keys reads them once: their index entries now, their versions in the past.
  ['a count', listKeys('forward'), page, 120],
  ['a count of the past', countPast, [...wholeRange(me), 1_000], 5_000],
];

/** A connection that planned all statements while the tables were empty, as it is on a new server. */
async function plannedEmpty() {
  await database.writers.query('analyze entries, trash, versions');
  const client = await database.scanners.connect();
  for (const [, statement, values] of statements) await plan(client, statement, values);
  // Somebody else's keys must not matter.
  for (const [{ accountId }, count] of [
    [await createStore(database), 20_000],
    [me, 1_000],
  ] as const) {
    await seedNumbered(database.writers, accountId, 'a/', count);
  }
  return client;
}

describe('the statements of lists', async () => {
  const client = await plannedEmpty();
  afterAll(() => client.release());

  test.for(statements)(
    'read %s by index alone, and little besides',
    async ([, statement, values, pagesMax]) => {
      const done = await explainPrepared(client, statement, values);
      const reads = planNodes(done).filter((node) => node['Relation Name'] !== undefined);
      expect(reads.length).toBeGreaterThan(1);
      expect(reads.filter((node) => !/^Index (Only )?Scan$/.test(node['Node Type']))).toEqual([]);
      expect(pagesTouched(done)).toBeLessThan(pagesMax);
    },
  );

  test('would be seen to scan a table, or to read more than they return', async () => {
    const scan = { name: 'scan', text: 'select count(*) from versions where actor = $1' };
    await plan(client, scan, ['nobody']);
    const done = await explainPrepared(client, scan, ['nobody']);
    expect(planNodes(done).map((node) => node['Node Type'])).toContain('Seq Scan');
    expect(pagesTouched(done)).toBeGreaterThan(200);
  });
});
