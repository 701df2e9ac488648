import fc from 'fast-check';
import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import type { Credential } from '../database/live-session.js';
import { createTestDatabase } from '../database/test-database.js';
import { highest } from './bounds.js';
import { groupCountMax } from './grouping.js';
import { listGroups, listKeys } from './list-statements.js';
import { type Listing, list, type Page, pageValueBytesMax } from './lister.js';
import { type NaiveItem, naiveList, naiveRange } from './naive-list.js';
import type { Statement } from './statements.js';
import {
  createSession,
  createStore,
  explainPrepared,
  pagesTouched,
  plan,
  seedNumbered,
  type Written,
  wholeListing,
  wholeRange,
  writeHistory,
} from './test-store.js';

const { address, database, drop } = await createTestDatabase();
afterAll(drop);

const whole = wholeListing;

/** Keys that share beginnings, and meet the traps of order: the surrogate gap, the highest and lowest characters. */
const character = fc.constantFrom('a', 'b', '/', ':', '\u{1}', '\u{d7ff}', '\u{e000}', '😀', '\u{10ffff}');
const text = (constraints: { minLength?: number; maxLength: number }) =>
  fc.array(character, constraints).map((characters) => characters.join(''));
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const listings: fc.Arbitrary<Listing> = fc.record({
  prefix: text({ maxLength: 2 }),
  start: optional(text({ maxLength: 2 })),
  end: optional(text({ minLength: 1, maxLength: 2 })),
  delimiter: optional(fc.constantFrom('/', '//', 'a', '/b', '😀', '\u{10ffff}', ':/:')),
  reverse: fc.boolean(),
  limit: fc.integer({ min: 1, max: 6 }),
  cursor: fc.constant(undefined),
  values: fc.boolean(),
  count: fc.boolean(),
});

const set = (key: string, revision: number, content = ''): Written => ({
  revision,
  key,
  kind: 'set',
  content: Buffer.from(content),
});

async function storeOf(history: readonly Written[]): Promise<Credential> {
  const credential = await createStore(database);
  await writeHistory(database.writers, credential.accountId, history);
  return credential;
}

/** All pages of a listing. Whether each keeps the limit and shows what it was asked for is checked here. */
async function readPages(credential: Credential, listing: Listing): Promise<Page[]> {
  const pages: Page[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(database.scanners, credential, { ...listing, cursor });
    const length = page.entries.length + page.groups.length;
    expect(length).toBeLessThanOrEqual(listing.limit);
    if (page.cursor !== undefined) expect(length).toBe(listing.limit);
    for (const { value } of page.entries) expect(value !== undefined).toBe(listing.values);
    cursor = page.cursor;
    pages.push(page);
  } while (cursor !== undefined);
  return pages;
}

/** Expects page after page to hold the model's items, in its order. */
function expectPages(pages: readonly Page[], items: readonly NaiveItem[], { limit }: Listing): void {
  expect(pages).toHaveLength(Math.max(1, Math.ceil(items.length / limit)));
  for (const [index, { entries, groups }] of pages.entries()) {
    const due = items.slice(index * limit, (index + 1) * limit);
    expect(entries.map(({ key }) => key)).toEqual(due.filter((item) => typeof item === 'string'));
    const shown = groups.map(({ name, count, more }) => ({ name, count: more ? count + 1 : count }));
    expect(shown).toEqual(due.filter((item) => typeof item !== 'string'));
  }
}

describe('a list', () => {
  test('of any keys, grouped or not, is page by page what a naive model lists', async () => {
    const keySets = fc.uniqueArray(text({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 24 });
    const prefixes = text({ maxLength: 1 });
    const property = fc.asyncProperty(
      keySets,
      fc.nat(3),
      prefixes,
      fc.array(listings, { minLength: 8, maxLength: 8 }),
      async (keys, overdueCount, tokenPrefix, each) => {
        const history = keys.map((key, index) => ({ ...set(key, index + 1), overdue: index < overdueCount }));
        const { accountId } = await storeOf(history);
        const credential = await createSession(database.kysely, accountId, tokenPrefix);
        const visible = keys.slice(overdueCount).filter((key) => key.startsWith(tokenPrefix));
        for (const listing of each) {
          const pages = await readPages(credential, listing);
          expectPages(pages, naiveList(visible, listing), listing);
          const counts = pages.map(({ count }) => count);
          const counted = listing.count ? naiveRange(visible, listing).length : undefined;
          expect(counts).toEqual(pages.map(() => counted));
          expect(pages.map(({ revision }) => revision)).toEqual(pages.map(() => keys.length));
        }
      },
    );
    await fc.assert(property, { numRuns: 150, endOnFailure: true });
  }, 60_000);

  test('shows a group by its token’s own keys alone', async () => {
    const { accountId } = await storeOf(
      ['a/b/1', 'a/b/2', 'a/c', 'a/bb', 'z'].map((key, index) => set(key, index + 1)),
    );
    const token = await createSession(database.kysely, accountId, 'a/b/');
    const page = await list(database.scanners, token, { ...whole, delimiter: '/', count: true });
    expect(page).toMatchObject({ entries: [], groups: [{ name: 'a/', count: 2, more: false }], count: 2 });
    const elsewhere = await list(database.scanners, token, {
      ...whole,
      prefix: 'z',
      delimiter: '/',
      count: true,
    });
    expect(elsewhere).toMatchObject({ entries: [], groups: [], count: 0 });
  });

  test('goes on after a group, not into it, also when the group’s name is a key and no delimiter is sent again', async () => {
    const me = await storeOf(['a', 'a/', 'a/b', 'b'].map((key, index) => set(key, index + 1)));
    const first = await list(database.scanners, me, { ...whole, delimiter: '/', limit: 2 });
    expect(first).toMatchObject({ entries: [{ key: 'a' }], groups: [{ name: 'a/', count: 2 }] });
    const next = await list(database.scanners, me, { ...whole, limit: 2, cursor: first.cursor });
    expect(next.entries.map(({ key }) => key)).toEqual(['b']);
  });

  test('leaves out a group all of whose keys have expired, and does not count those that have', async () => {
    const keys = ['gone/1', 'gone/2', 'half/1', 'half/2', 'z'];
    const history = keys.map((key, index) => ({ ...set(key, index + 1), overdue: /gone|1$/.test(key) }));
    const me = await storeOf(history);
    const page = await list(database.scanners, me, { ...whole, delimiter: '/', count: true });
    expect(page.groups).toEqual([{ name: 'half/', count: 1, more: false }]);
    expect(page.entries.map(({ key }) => key)).toEqual(['z']);
    expect(page.count).toBe(2);
  });

  test.each([
    [groupCountMax - 1, groupCountMax - 1, false],
    [groupCountMax, groupCountMax, false],
    [groupCountMax + 1, groupCountMax, true],
  ])('says of a group of %i keys that it has %i, and more: %s', async (keys, count, more) => {
    const me = await createStore(database);
    await seedNumbered(database.writers, me.accountId, 'g/', keys);
    const { groups } = await list(database.scanners, me, { ...whole, delimiter: '/' });
    expect(groups).toEqual([{ name: 'g/', count, more }]);
  });

  test('is refused without a living session', async () => {
    const me = await storeOf([set('a', 1)]);
    await database.kysely.deleteFrom('sessions').where('id', '=', me.sessionId).execute();
    for (const delimiter of [undefined, '/']) {
      const listing = { ...whole, delimiter, values: true, count: true };
      await expect(list(database.scanners, me, listing)).rejects.toMatchObject({ code: 'session-ended' });
    }
  });

  test.each(['~', 'YQ~~', '~YQ', 'YQ==~', 'AA~'])(
    'refuses the cursor %s, which it cannot have written',
    async (cursor) => {
      const me = await createStore(database);
      const refused = { code: 'invalid-request', extra: { pointer: '/cursor' } };
      await expect(list(database.scanners, me, { ...whole, cursor })).rejects.toMatchObject(refused);
    },
  );

  test('answers unavailable when counting takes longer than a statement may', async () => {
    const me = await createStore(database);
    await seedNumbered(database.writers, me.accountId, 'k', 50_000);
    const impatient = new pg.Pool({ ...address, max: 1, statement_timeout: 5 });
    const counting = list(impatient, me, { ...whole, count: true });
    await expect(counting).rejects.toMatchObject({ code: 'unavailable', retryAfterS: 1 });
    await impatient.end();
    // Without the clock running out, the same count is answered.
    expect((await list(database.scanners, me, { ...whole, count: true })).count).toBe(50_000);
  });
});

describe('a list with values', () => {
  const third = 'x'.repeat(pageValueBytesMax / 3);

  test.each([undefined, '/'])(
    'ends its page before the values are too many bytes, with the delimiter %j',
    async (delimiter) => {
      const contents = [third, third, third, '', third, 'y'.repeat(pageValueBytesMax + 1), third, 'z'];
      const history = contents.map((content, index) => set(`key-${index}`, index + 1, content));
      const me = await storeOf([...history, set('a/b', 9, third)]);
      const pages: Page[] = [];
      let cursor: string | undefined;
      do {
        pages.push(
          await list(database.scanners, me, { ...whole, prefix: 'key', delimiter, values: true, cursor }),
        );
        cursor = pages.at(-1)?.cursor;
      } while (cursor !== undefined);
      expect(pages.map(({ entries }) => entries.map(({ key }) => key.slice(-1)).join(''))).toEqual([
        '0123',
        '4',
        '5',
        '67',
      ]);
      const values = pages.flatMap(({ entries }) => entries.map(({ value }) => value?.toString()));
      expect(values.map((value, index) => value === contents[index])).toEqual(contents.map(() => true));
    },
  );

  test('does not read what a page has no room for', async () => {
    const large = 'x'.repeat(pageValueBytesMax);
    const me = await storeOf(Array.from({ length: 6 }, (_, index) => set(`key-${index}`, index + 1, large)));
    const all = ['', highest];
    const client = await database.scanners.connect();
    const read = async (limit: number) => {
      const before = await toastReads(client);
      const values = [...wholeRange(me), limit, pageValueBytesMax, false, ...all];
      await client.query({ text: listKeys('forward').text, values });
      return (await toastReads(client)) - before;
    };
    const one = await read(1);
    expect(one).toBeGreaterThan(pageValueBytesMax / 8_192 - 1);
    expect(await read(6)).toBe(one);
    client.release();
  });
});

/** Pages of values stored out of line that the connection has read so far. */
async function toastReads(client: pg.ClientBase): Promise<number> {
  // A connection publishes its figures only now and then, unless it is told to.
  await client.query('select pg_stat_force_next_flush()');
  const { rows } = await client.query(
    `select toast_blks_hit + toast_blks_read as pages from pg_statio_user_tables where relname = 'versions'`,
  );
  return Number(rows[0].pages);
}

describe('the work of a list', () => {
  const argumentsOf = (me: Credential, limit: number) => [...wholeRange(me), limit, -1, false, '', highest];

  /** How many pages of tables and indexes a list touches. */
  async function workOf(statement: Statement, values: readonly unknown[]): Promise<number> {
    const client = await database.scanners.connect();
    await plan(client, statement, values);
    const work = pagesTouched(await explainPrepared(client, statement, values));
    client.release();
    return work;
  }

  test.each(['forward', 'reverse'] as const)(
    '%s does not grow with the keys under its groups',
    async (direction) => {
      const groupWork = async (keysUnderGroup: number) => {
        const me = await createStore(database);
        for (const group of ['a/', 'b/', 'c/']) {
          await seedNumbered(database.writers, me.accountId, group, keysUnderGroup);
        }
        await seedNumbered(database.writers, me.accountId, 'z', 20);
        const listing = { ...whole, delimiter: '/', reverse: direction === 'reverse' };
        expect((await list(database.scanners, me, listing)).groups).toHaveLength(3);
        const grouping = ['', '/', highest, groupCountMax + 1];
        return workOf(listGroups(direction), [...argumentsOf(me, 100), ...grouping]);
      };
      const few = await groupWork(groupCountMax + 1);
      const many = await groupWork(70_000);
      // The index gains a level or two, which each of 26 steps and each key's version meet.
      expect(many).toBeLessThan(few * 1.1 + 100);
      // The measure would show it: a plain list of as many keys touches ten times the pages.
      const me = await createStore(database);
      await seedNumbered(database.writers, me.accountId, 'k', 70_000);
      expect(await workOf(listKeys(direction), argumentsOf(me, 70_000))).toBeGreaterThan(many * 10);
    },
    60_000,
  );
});
