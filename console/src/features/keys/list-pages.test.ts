import fc from 'fast-check';
import type { Entry } from 'halo-contract';
import { expect, test } from 'vitest';
import {
  compareKeys,
  type ListPages,
  loadedEnd,
  withEntry,
  withGroup,
  withoutGroup,
  withoutKey,
} from './list-pages.js';

function entry(key: string, revision = 1): Entry {
  return {
    key,
    revision,
    size: 0,
    content_type: '',
    metadata: null,
    created_at: '',
    updated_at: '',
    expires_at: null,
  };
}

interface PageParts {
  readonly keys: string[];
  readonly groups?: string[];
  readonly more: boolean;
  readonly revision?: number;
}

function list(...pages: PageParts[]): ListPages {
  return {
    pages: pages.map(({ keys, groups = [], more, revision = 0 }) => ({
      keys: keys.map((key) => entry(key)),
      prefixes: groups.map((prefix) => ({ prefix, count: 1, more: false })),
      cursor: more ? 'c' : null,
      revision,
    })),
    pageParams: pages.map(() => undefined),
  };
}

const keysOf = (pages: ListPages) => pages.pages.map((page) => page.keys.map(({ key }) => key));

test('orders keys by their bytes in UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});

test('puts an entry where the server would list it', () => {
  const pages = list({ keys: ['a', 'c'], more: true }, { keys: ['e', 'g'], more: true });
  expect(keysOf(withEntry(pages, entry('b')))).toEqual([
    ['a', 'b', 'c'],
    ['e', 'g'],
  ]);
  expect(keysOf(withEntry(pages, entry('d')))).toEqual([
    ['a', 'c'],
    ['d', 'e', 'g'],
  ]);
});

test('leaves what lies beyond the loaded pages to the next page', () => {
  expect(keysOf(withEntry(list({ keys: ['a'], more: true }), entry('b')))).toEqual([['a']]);
  expect(keysOf(withEntry(list({ keys: ['a'], more: false }), entry('b')))).toEqual([['a', 'b']]);
  expect(keysOf(withEntry(list({ keys: [], more: false }), entry('b')))).toEqual([['b']]);
});

test('replaces an entry in place', () => {
  const pages = withEntry(list({ keys: ['a', 'b'], more: false }), entry('a', 2));
  expect(pages.pages[0]?.keys.map(({ key, revision }) => [key, revision])).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
});

test('removes a key, and changes nothing when there is none', () => {
  const pages = list({ keys: ['a', 'b'], more: false });
  expect(keysOf(withoutKey(pages, 'a'))).toEqual([['b']]);
  expect(withoutKey(pages, 'x')).toBe(pages);
});

const groupsOf = (pages: ListPages) => pages.pages.map((page) => page.prefixes.map(({ prefix }) => prefix));

test('a page that was read later than a change was made knows better', () => {
  const pages = list({ keys: ['a'], more: false, revision: 5 });
  expect(withEntry(pages, entry('b', 5))).toBe(pages);
  expect(keysOf(withEntry(pages, entry('b', 6)))).toEqual([['a', 'b']]);
  expect(withoutKey(pages, 'a', 5)).toBe(pages);
  expect(keysOf(withoutKey(pages, 'a', 6))).toEqual([[]]);
});

test('a deletion leaves what was set after it', () => {
  const pages = withEntry(list({ keys: [], more: false }), entry('a', 8));
  expect(withoutKey(pages, 'a', 7)).toBe(pages);
  expect(keysOf(withoutKey(pages, 'a', 9))).toEqual([[]]);
});

test('groups and keys share one order', () => {
  const pages = list({ keys: ['a'], groups: ['c/'], more: true }, { keys: ['d', 'f'], more: true });
  expect(keysOf(withEntry(pages, entry('b')))).toEqual([
    ['a', 'b'],
    ['d', 'f'],
  ]);
  expect(keysOf(withEntry(pages, entry('cz')))).toEqual([['a'], ['cz', 'd', 'f']]);
  const group = { prefix: 'e/', count: 2, more: false };
  expect(groupsOf(withGroup(pages, group))).toEqual([['c/'], ['e/']]);
  expect(groupsOf(withGroup(pages, { ...group, prefix: 'z/' }))).toEqual([['c/'], []]);
});

test('replaces and removes groups', () => {
  const pages = list({ keys: [], groups: ['a/', 'b/'], more: false });
  const counted = withGroup(pages, { prefix: 'a/', count: 7, more: false });
  expect(counted.pages[0]?.prefixes.map(({ count }) => count)).toEqual([7, 1]);
  expect(groupsOf(withoutGroup(pages, 'a/'))).toEqual([['b/']]);
  expect(withoutGroup(pages, 'c/')).toBe(pages);
});

test('tells where the loaded pages end', () => {
  expect(loadedEnd(list({ keys: ['a'], more: false }))).toBeUndefined();
  expect(loadedEnd(list({ keys: ['a'], groups: ['b/'], more: true }))).toBe('b/');
});
