import type { EntryList } from 'halo-contract';
import { beforeAll, describe, expect, test } from 'vitest';
import { haloAt, type Person } from '../halo.js';
import { expectProblem } from '../problem.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);

const tree = ['a', 'docs/', 'docs/a', 'docs/b/1', 'docs/b/2', 'docs/c', 'img/1', 'img/2', 'z', '😀/x'];

let person: Person;
beforeAll(async () => {
  person = await halo.signUp();
  for (const key of tree) await halo.set(person, key, key);
});

type Query = Readonly<Record<string, string>>;

/** Keys as they are, groups as `name×count`, in the order of names. */
function itemsOf({ keys, prefixes }: EntryList): string[] {
  const groups = prefixes.map(({ prefix, count, more }) => `${prefix}×${count}${more ? '+' : ''}`);
  return [...keys.map(({ key }) => key), ...groups];
}

async function allItems(query: Query): Promise<string[]> {
  const items: string[] = [];
  let cursor: string | null = null;
  do {
    const page: EntryList = await halo.page(person, { ...query, ...(cursor === null ? {} : { cursor }) });
    items.push(...itemsOf(page));
    cursor = page.cursor;
  } while (cursor !== null);
  return items;
}

describe('a list with a delimiter', () => {
  test('shows keys at its level and groups in the place of the rest', async () => {
    const page = await halo.page(person, { delimiter: '/' });
    expect(page.keys.map(({ key }) => key)).toEqual(['a', 'z']);
    expect(page.prefixes).toEqual([
      { prefix: 'docs/', count: 5, more: false },
      { prefix: 'img/', count: 2, more: false },
      { prefix: '😀/', count: 1, more: false },
    ]);
    expect([page.cursor, page.revision]).toEqual([null, tree.length]);
  });

  test('looks for the delimiter after the prefix', async () => {
    const page = await halo.page(person, { delimiter: '/', prefix: 'docs/' });
    expect(itemsOf(page)).toEqual(['docs/', 'docs/a', 'docs/c', 'docs/b/×2']);
    expect(itemsOf(await halo.page(person, { delimiter: '/', prefix: 'do' }))).toEqual(['docs/×5']);
  });

  test('takes a delimiter of several characters', async () => {
    expect(itemsOf(await halo.page(person, { delimiter: 'cs/b', prefix: 'd' }))).toEqual([
      ...['docs/', 'docs/a', 'docs/c', 'docs/b×2'],
    ]);
  });

  test.each(['1', '2', '3', '10'])('gives the same in pages of %s, forwards and backwards', async (limit) => {
    const expected = ['a', 'docs/×5', 'img/×2', 'z', '😀/×1'];
    const listed = await allItems({ delimiter: '/', limit });
    expect([...listed].sort()).toEqual([...expected].sort());
    const backwards = await allItems({ delimiter: '/', limit, reverse: 'true' });
    expect([...backwards].sort()).toEqual([...expected].sort());
    if (limit !== '1') return;
    // A page of one tells the order of keys and groups too.
    expect([listed, backwards]).toEqual([expected, [...expected].reverse()]);
  });

  test('counts keys and groups together for the limit', async () => {
    const page = await halo.page(person, { delimiter: '/', limit: '3' });
    expect([page.keys.length, page.prefixes.length, typeof page.cursor]).toEqual([1, 2, 'string']);
  });

  test('shows what a range leaves of a group', async () => {
    const page = await halo.page(person, { delimiter: '/', start: 'docs/b', end: 'img/2' });
    expect(itemsOf(page)).toEqual(['docs/×3', 'img/×1']);
  });

  test('drops a group when its last key goes', async () => {
    const somebody = await halo.signUp();
    await halo.set(somebody, 'g/1', '');
    await halo.set(somebody, 'g/2', '', { query: 'ttl=0.05' });
    const prefixes = async () => (await halo.page(somebody, { delimiter: '/' })).prefixes;
    await expect.poll(prefixes).toEqual([{ prefix: 'g/', count: 1, more: false }]);
    await halo.delete(somebody, 'g/1');
    expect(await prefixes()).toEqual([]);
  });
});

describe('a count', () => {
  test('is of all keys in the range, on every page, and absent unless asked for', async () => {
    const first = await halo.page(person, { count: 'true', limit: '2' });
    const second = await halo.page(person, { count: 'true', limit: '2', cursor: first.cursor ?? '' });
    expect([first.count, second.count]).toEqual([tree.length, tree.length]);
    expect((await halo.page(person, { count: 'true', prefix: 'docs/', delimiter: '/' })).count).toBe(5);
    expect(await halo.page(person, { limit: '1' })).not.toHaveProperty('count');
  });
});

describe('a list of the past', () => {
  test('shows what lived at each revision, and says which that was', async () => {
    const somebody = await halo.signUp();
    await halo.set(somebody, 'a', 'one');
    await halo.set(somebody, 'dir/b', 'two');
    await halo.set(somebody, 'a', 'three');
    await halo.delete(somebody, 'dir/b');
    await halo.set(somebody, 'c', 'five');
    const at = async (revision: number, query: Query = {}) => {
      const page = await halo.page(somebody, { at: String(revision), values: 'true', ...query });
      expect(page.revision).toBe(revision);
      return page.keys.map(({ key, value, revision: written }) => `${key}@${written}=${value}`);
    };
    expect(await at(0)).toEqual([]);
    expect(await at(1)).toEqual(['a@1=one']);
    expect(await at(2)).toEqual(['a@1=one', 'dir/b@2=two']);
    expect(await at(3, { reverse: 'true' })).toEqual(['dir/b@2=two', 'a@3=three']);
    expect(await at(4)).toEqual(['a@3=three']);
    expect(await at(5)).toEqual(['a@3=three', 'c@5=five']);
    const grouped = await halo.page(somebody, { at: '3', delimiter: '/', count: 'true' });
    expect([itemsOf(grouped), grouped.count]).toEqual([['a', 'dir/×1'], 2]);
  });

  test('that is still to come is refused', async () => {
    const response = await halo.list(person, `at=${tree.length + 1}`);
    await expectProblem(response, 'invalid-request', { pointer: '/at' });
  });
});

const refused = [
  ['delimiter=', '/delimiter'],
  [`delimiter=${'/'.repeat(17)}`, '/delimiter'],
  ['delimiter=%00', '/delimiter'],
  ['delimiter=/&delimiter=/', '/delimiter'],
  ['count=1', '/count'],
  ['values=yes', '/values'],
  ['at=-1', '/at'],
  ['at=1.5', '/at'],
  ['at=9007199254740992', '/at'],
  ['cursor=~', '/cursor'],
  ['cursor=YQ~~', '/cursor'],
] as const;

test.for(refused)('a list with ?%s is refused', async ([query, pointer]) => {
  await expectProblem(await halo.list(person, query), 'invalid-request', { pointer });
});
