import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Credential } from '../database/live-session.js';
import { createTestDatabase } from '../database/test-database.js';
import { groupCountMax } from './grouping.js';
import { type Page, pageValueBytesMax } from './lister.js';
import { naiveList, naiveRange } from './naive-list.js';
import { candidatesMax, listPastKeys, type PastListing } from './past-lister.js';
import {
  createSession,
  createStore,
  seedNumbered,
  type Written,
  wholeListing,
  writeHistory,
} from './test-store.js';

const { database, drop } = await createTestDatabase();
afterAll(drop);

const whole: PastListing = { ...wholeListing, at: 0 };

const listPastOf = (credential: Credential, listing: Partial<PastListing>) =>
  listPastKeys(database.scanners, credential, { ...whole, ...listing });

async function storeOf(history: readonly Written[]): Promise<Credential> {
  const credential = await createStore(database);
  await writeHistory(database.writers, credential.accountId, history);
  return credential;
}

const set = (revision: number, key: string, content = ''): Written => ({
  revision,
  key,
  kind: 'set',
  content: Buffer.from(content),
});
const end = (revision: number, key: string, kind: 'delete' | 'expire' = 'delete'): Written => ({
  revision,
  key,
  kind,
  content: null,
});

async function readPages(credential: Credential, listing: Partial<PastListing>): Promise<Page[]> {
  const pages: Page[] = [];
  let cursor: string | undefined;
  do {
    const page = await listPastOf(credential, { ...listing, cursor });
    pages.push(page);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return pages;
}

const keysOf = (pages: readonly Page[]) => pages.flatMap(({ entries }) => entries.map(({ key }) => key));
const groupsOf = (pages: readonly Page[]) =>
  pages.flatMap(({ groups }) => groups.map(({ name, count }) => ({ name, count })));

/** Few keys, so that each has a history; among them names of groups and the ends of the order. */
const key = fc.constantFrom(
  'a',
  'a/',
  'a/b',
  'a/b/c',
  'a/\u{10ffff}',
  'b',
  'b/c',
  'b/d',
  'é/x',
  '\u{10ffff}/',
  'z',
);
const step = fc.record({ key, kind: fc.constantFrom('set', 'set', 'delete', 'expire') });
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const listings = fc.record({
  prefix: fc.constantFrom('', '', 'a', 'a/', 'b', 'no'),
  start: optional(key),
  end: optional(key),
  delimiter: optional(fc.constantFrom('/', 'b', '\u{10ffff}')),
  reverse: fc.boolean(),
  limit: fc.integer({ min: 1, max: 5 }),
  values: fc.boolean(),
  count: fc.boolean(),
});

/** The history that random steps make, and what lived with which value after each revision. */
function historyOf(steps: readonly { key: string; kind: string }[]) {
  const history: Written[] = [];
  const states = [new Map<string, string>()];
  for (const each of steps) {
    const state = new Map(states.at(-1));
    const revision = states.length;
    if (each.kind === 'set') {
      state.set(each.key, `value ${revision}`);
      history.push(set(revision, each.key, `value ${revision}`));
    } else if (state.delete(each.key)) {
      history.push(end(revision, each.key, each.kind === 'delete' ? 'delete' : 'expire'));
    } else continue;
    states.push(state);
  }
  return { history, states };
}

describe('a list of the past', () => {
  test('is, at every revision of any history, what a naive model lists of the state then', async () => {
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 30 }),
      fc.constantFrom('', '', 'a/', 'b'),
      fc.array(fc.tuple(listings, fc.nat()), { minLength: 8, maxLength: 8 }),
      async (steps, tokenPrefix, asked) => {
        const { history, states } = historyOf(steps);
        const { accountId } = await storeOf(history);
        const credential = await createSession(database.kysely, accountId, tokenPrefix);
        for (const [listing, seed] of asked) {
          const at = seed % states.length;
          const state = states[at] ?? new Map<string, string>();
          const visible = [...state.keys()].filter((each) => each.startsWith(tokenPrefix));
          const items = naiveList(visible, listing);
          const pages = await readPages(credential, { ...listing, at });
          expect(pages).toHaveLength(Math.max(1, Math.ceil(items.length / listing.limit)));
          expect(keysOf(pages)).toEqual(items.filter((item) => typeof item === 'string'));
          expect(groupsOf(pages)).toEqual(items.filter((item) => typeof item !== 'string'));
          const count = listing.count ? naiveRange(visible, listing).length : undefined;
          for (const page of pages) expect([page.revision, page.count]).toEqual([at, count]);
          for (const entry of pages.flatMap(({ entries }) => entries)) {
            expect(entry.value?.toString()).toBe(listing.values ? state.get(entry.key) : undefined);
          }
        }
      },
    );
    await fc.assert(property, { numRuns: 100, endOnFailure: true });
  }, 60_000);

  test('is refused above the newest revision and below the horizon, and answered at both', async () => {
    const me = await storeOf([set(1, 'a'), set(2, 'b'), set(3, 'c')]);
    await database.writers.query('update stores set pruned_revision = 2 where account_id = $1', [
      me.accountId,
    ]);
    const toCome = { code: 'invalid-request', extra: { pointer: '/at' } };
    await expect(listPastOf(me, { at: 4 })).rejects.toMatchObject(toCome);
    await expect(listPastOf(me, { at: 1 })).rejects.toMatchObject({ code: 'pruned' });
    expect(keysOf([await listPastOf(me, { at: 2 })])).toEqual(['a', 'b']);
    expect(keysOf([await listPastOf(me, { at: 3 })])).toEqual(['a', 'b', 'c']);
  });

  test('shows a key whose expiry the log told of only later, and not one whose value was purged', async () => {
    const purged: Written = { ...set(1, 'purged'), content: null };
    const me = await storeOf([
      purged,
      { ...set(2, 'overdue'), overdue: true },
      set(3, 'kept'),
      end(4, 'purged'),
    ]);
    const page = await listPastOf(me, { at: 3, values: true, count: true });
    expect([keysOf([page]), page.count]).toEqual([['kept', 'overdue'], 2]);
  });

  test('is refused without a living session', async () => {
    const me = await storeOf([set(1, 'a')]);
    await database.kysely.deleteFrom('sessions').where('id', '=', me.sessionId).execute();
    const listing = { at: 1, values: true, count: true };
    await expect(listPastOf(me, listing)).rejects.toMatchObject({ code: 'session-ended' });
  });

  test('ends a page before its values are too many bytes', async () => {
    const half = 'x'.repeat(pageValueBytesMax / 2);
    const me = await storeOf([
      set(1, 'a', half),
      set(2, 'b', half),
      set(3, 'c', 'c'),
      end(4, 'a'),
      end(5, 'b'),
    ]);
    const pages = await readPages(me, { at: 3, values: true });
    expect(pages.map((page) => keysOf([page]))).toEqual([['a', 'b'], ['c']]);
  });

  test('looks at so many keys a page and no more, then ends it early with a cursor', async () => {
    const me = await createStore(database);
    // Of all these keys, only the first two and the last lived at revision 2.
    await writeHistory(database.writers, me.accountId, [set(1, 'a'), set(2, 'z')]);
    await seedNumbered(database.writers, me.accountId, 'later/', candidatesMax + 500);
    await database.writers.query(
      `update versions set revision = revision + 10 where account_id = $1 and key like 'later/%'`,
      [me.accountId],
    );
    await database.writers.query(
      `update entries set revision = revision + 10 where account_id = $1 and key like 'later/%'`,
      [me.accountId],
    );
    for (const delimiter of [undefined, '/']) {
      const pages = await readPages(me, { at: 2, delimiter });
      expect(pages.map((page) => keysOf([page]))).toEqual([['a'], ['z']]);
      expect(groupsOf(pages)).toEqual([]);
    }
  }, 60_000);

  test('counts a group up to a limit and goes on behind it', async () => {
    const me = await createStore(database);
    await seedNumbered(database.writers, me.accountId, 'a/', 5_000);
    await seedNumbered(database.writers, me.accountId, 'b/', groupCountMax);
    await seedNumbered(database.writers, me.accountId, 'c', 1);
    await database.writers.query('update stores set revision = 5000 where account_id = $1', [me.accountId]);
    for (const reverse of [false, true]) {
      const pages = await readPages(me, { at: 5_000, delimiter: '/', limit: 2, reverse });
      const groups = pages.flatMap((page) => page.groups);
      const expected = [
        { name: 'a/', count: groupCountMax, more: true },
        { name: 'b/', count: groupCountMax, more: false },
      ];
      expect(groups).toEqual(reverse ? expected.reverse() : expected);
      expect(keysOf(pages)).toEqual(['c00000001']);
    }
  });
});
