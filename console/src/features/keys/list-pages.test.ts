import fc from 'fast-check';
import type { Entry } from 'halo-contract';
import { expect, test } from 'vitest';
import { compareKeys, type ListPages, withEntry, withoutKey } from './list-pages.js';

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

function list(...pages: { keys: string[]; more: boolean }[]): ListPages {
  return {
    pages: pages.map(({ keys, more }) => ({
      keys: keys.map((key) => entry(key)),
      prefixes: [],
      cursor: more ? 'c' : null,
      revision: 1,
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
