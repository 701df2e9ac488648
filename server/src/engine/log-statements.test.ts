import { afterAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../database/test-database.js';
import { readChangesAfter, readChangeValues, readNews } from './change-statements.js';
import { listTrash, listVersions, readPast } from './history-statements.js';
import { findExpired, findHorizon, findStores, findSurplus } from './retention-statements.js';
import {
  readKeys,
  readPasts,
  readPointersShort,
  readUndone,
  readValue,
  type Statement,
} from './statements.js';
import {
  createStore,
  explainPrepared,
  pagesTouched,
  plan,
  planNodes,
  seedNumbered,
  type Written,
  wholeRange,
  writeHistory,
} from './test-store.js';

/** What reads versions, the log, the trash and what has expired, by the plans that a new server makes and keeps. */

const { database, drop } = await createTestDatabase();
afterAll(drop);

const me = await createStore(database);
const session = [me.accountId, me.sessionId, null];
const sessions = [`{${me.sessionId}}`, '{null}'];
const accountsSessions = [`{${me.accountId}}`, ...sessions];
const endOfTime = Number.MAX_SAFE_INTEGER;
const dayMs = 86_400_000;
/** No limit of how much is looked at or answered. */
const all = null;

/** A thousand keys, half of them in the trash, twenty that are due, and one that has changed two hundred times. */
const content = Buffer.from('x');
const numbered = (count: number, write: (n: number) => Omit<Written, 'revision'>) =>
  Array.from({ length: count }, (_, index) => write(index + 1));
const history: readonly Written[] = [
  ...numbered(1_000, (n) => ({ key: `k/${n}`, kind: 'set', content })),
  ...numbered(500, (n) => ({ key: `k/${n}`, kind: 'delete', content: null })),
  ...numbered(20, (n) => ({ key: `due/${n}`, kind: 'set', content, overdue: true })),
  ...numbered(200, () => ({ key: 'hot', kind: 'set', content })),
].map((written, index) => ({ ...written, revision: index + 1 }));
const newest = history.length;

/** Each with values, and how many pages of tables and indexes it may touch: what it returns, with room to spare. */
const statements: readonly (readonly [string, Statement, values: readonly unknown[], pagesMax: number])[] = [
  ['the history of a key', listVersions, [...session, 'hot', null, 11], 120],
  ['a later page of it', listVersions, [...session, 'hot', newest - 100, 11], 120],
  ['a key of the past', readPast, [...session, 'hot', newest - 10], 120],
  ['a page of changes', readChangesAfter, [...wholeRange(me), 0, endOfTime, 100, 101], 60],
  ['the changes of one commit', readChangesAfter, [...wholeRange(me), newest - 1, newest, all, all], 40],
  ['the news of an account', readNews, [me.accountId, ...sessions, newest - 20, endOfTime, 101], 60],
  ['values of changes', readChangeValues, [me.accountId, '{1,500,1000}', '{k/1,k/500,k/1000}'], 40],
  ['a page of the trash', listTrash, [...wholeRange(me), 10], 120],
  [
    'keys with their values',
    readKeys,
    [...accountsSessions, '{1,1}', '{k/501,hot}', 65_536, '{null,1}', '{null,1}', null],
    60,
  ],
  ['what keys point to', readPointersShort, [`{${me.accountId},${me.accountId}}`, '{k/1,hot}'], 60],
  ['what a commit changed', readUndone, [`{${me.accountId}}`, `{${newest}}`], 60],
  ['keys as they were', readPasts, [`{${me.accountId}}`, '{hot}', `{${newest - 10}}`], 200],
  ['a value', readValue, [me.accountId, 1_000, 'k/1000'], 10],
  ['keys that have expired', findExpired, ['{}', 10], 80],
  ['stores to prune', findStores, [0, 10, dayMs], 60],
  ['how far the log has aged', findHorizon, [me.accountId, 100, dayMs], 60],
  ['versions that are too many', findSurplus, [me.accountId, 50, 100, 10, 1], 600],
];

/** A connection that planned all statements while the tables were empty, as it is on a new server. */
async function plannedEmpty() {
  await database.writers.query('analyze entries, trash, versions, stores');
  const client = await database.scanners.connect();
  for (const [, statement, values] of statements) await plan(client, statement, values);
  // Somebody else's keys must not matter.
  await seedNumbered(database.writers, (await createStore(database)).accountId, 'a/', 20_000);
  await writeHistory(database.writers, me.accountId, history);
  return client;
}

describe('the statements of the log', async () => {
  const client = await plannedEmpty();
  afterAll(() => client.release());

  test.for(statements)(
    'read %s by index alone, and little besides',
    async ([, statement, values, pagesMax]) => {
      const done = await explainPrepared(client, statement, values);
      const reads = planNodes(done).filter((node) => node['Relation Name'] !== undefined);
      expect(reads.length).toBeGreaterThan(0);
      expect(reads.filter((node) => !/^Index (Only )?Scan$/.test(node['Node Type']))).toEqual([]);
      expect(pagesTouched(done)).toBeLessThan(pagesMax);
    },
  );

  test('would be seen to scan a table, or to read more than they return', async () => {
    const scan = { name: 'scan_log', text: 'select count(*) from versions where actor = $1' };
    await plan(client, scan, ['nobody']);
    const done = await explainPrepared(client, scan, ['nobody']);
    expect(planNodes(done).map((node) => node['Node Type'])).toContain('Seq Scan');
    expect(pagesTouched(done)).toBeGreaterThan(200);
  });
});
