import type { Entry, EntryList } from 'halo-contract';
import { expect, test } from 'vitest';
import { rowsOf, type TreeRow } from './rows.js';
import type { Level, Levels } from './use-levels.js';

function entry(key: string, expires_at: string | null = null): Entry {
  return {
    ...{ key, revision: 1, size: 0, content_type: '', metadata: null },
    ...{ created_at: '', updated_at: '', expires_at },
  };
}

interface Parts {
  readonly keys?: readonly (string | Entry)[];
  readonly groups?: readonly string[];
  readonly more?: boolean;
}

/** A level as TanStack Query would answer it, as far as rows are made from it. */
function level({ keys = [], groups = [], more = false }: Parts): Level {
  const page: EntryList = {
    keys: keys.map((key) => (typeof key === 'string' ? entry(key) : key)),
    prefixes: groups.map((prefix) => ({ prefix, count: 2, more: false })),
    cursor: more ? 'c' : null,
    revision: 1,
  };
  const data = { pages: [page], pageParams: [undefined] };
  return { data, hasNextPage: more, isError: false } as unknown as Level;
}

function rows(levels: Record<string, Level>, expanded: string[] = [], prefix = '', delimiter = '/') {
  const loaded: Levels = new Map(Object.entries(levels));
  return rowsOf({ levels: loaded, prefix, delimiter, expanded: new Set(expanded), nowMs: 1_000 });
}

const namesOf = (all: readonly TreeRow[]) =>
  all.map((row) => `${' '.repeat(row.level - 1)}${row.kind === 'gap' ? '…' : row.name}`);

test('keys and folders come in one order, and what is in an open folder follows on it', () => {
  const root = level({ keys: ['a', 'a!', 'a0'], groups: ['a/', 'b/'] });
  const inside = level({ keys: ['a/', 'a/x'], groups: ['a//'] });
  expect(namesOf(rows({ '': root, 'a/': inside }, ['a/']))).toEqual([
    ...['a', 'a!', 'a/', ' ', ' /', ' x', 'a0', 'b/'],
  ]);
});

test('what is still to come has a row of its own in its place', () => {
  const root = level({ groups: ['a/', 'b/'], more: true });
  expect(namesOf(rows({ '': root }, ['a/']))).toEqual(['a/', ' …', 'b/', '…']);
  expect(namesOf(rows({}))).toEqual(['…']);
});

test('siblings are counted once all of them are known', () => {
  const siblingsOf = (all: readonly TreeRow[]) =>
    all.flatMap((row) => (row.kind === 'gap' ? [] : [[row.position, row.siblings]]));
  expect(siblingsOf(rows({ '': level({ keys: ['a', 'b'] }) }))).toEqual([
    [1, 2],
    [2, 2],
  ]);
  expect(siblingsOf(rows({ '': level({ keys: ['a'], more: true }) }))).toEqual([[1, -1]]);
});

test('keys whose time has come are left out', () => {
  const keys = [entry('gone', new Date(1_000).toISOString()), entry('stays', new Date(1_001).toISOString())];
  expect(namesOf(rows({ '': level({ keys }) }))).toEqual(['stays']);
});

test('a search shows names from its last folder on, a flat list whole keys', () => {
  expect(namesOf(rows({ 'a/b': level({ keys: ['a/bc'], groups: ['a/bd/'] }) }, [], 'a/b'))).toEqual([
    'bc',
    'bd/',
  ]);
  expect(namesOf(rows({ 'a/b': level({ keys: ['a/bc'] }) }, [], 'a/b', ''))).toEqual(['a/bc']);
});
