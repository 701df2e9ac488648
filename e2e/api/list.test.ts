import type { EntryList } from 'halo-contract';
import { limits } from 'halo-contract';
import { beforeAll, expect, test } from 'vitest';
import { haloAt, type Person } from '../halo.js';
import { peculiarKeys } from '../legal-keys.js';
import { expectProblem } from '../problem.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);

const edges = [
  '\u{10ffff}',
  '\u{10ffff}\u{10ffff}',
  '\u{10ffff}a',
  'a\u{10ffff}',
  'a\u{10ffff}\u{10ffff}z',
  'a\u{10fffe}',
  'b',
  '\ud7ff',
  '\ud7ffa',
  '\ue000',
  '\ue000a',
  '\ufffd',
  '\uffff',
  '🙂',
  '🙃',
  '\u0001',
  '\u007f',
  '\u0080',
  'é',
  'z',
];

let person: Person;
beforeAll(async () => {
  person = await halo.signUp();
  await Promise.all(edges.map((key) => halo.set(person, key, 'value')));
});

test('keys are listed in the order of their bytes, where UTF-16 would order otherwise', async () => {
  const ordered = [...edges].sort(compareBytes);
  // Proves that the order below could come out wrong: JavaScript's own is another.
  expect(ordered).not.toEqual([...edges].sort());
  expect(await keysOf({})).toEqual(ordered);
  expect(await keysOf({ reverse: 'true' })).toEqual(ordered.reverse());
  expect(await keysOf({ reverse: 'false' })).toEqual(ordered.reverse());
});

const prefixes = [
  'a',
  'a\u{10ffff}',
  '\u{10ffff}',
  '\u{10ffff}\u{10ffff}',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '🙂',
  'no',
];

test.for(prefixes)('the prefix %j finds what begins with it and nothing else', async (prefix) => {
  const expected = edges.filter((key) => key.startsWith(prefix)).sort(compareBytes);
  expect(await keysOf({ prefix })).toEqual(expected);
  expect(await keysOf({ prefix, reverse: 'true' })).toEqual(expected.reverse());
});

test('start is inclusive, end exclusive, and both combine with a prefix', async () => {
  for (const start of ['', ...edges]) {
    for (const end of ['b', '\ue000', '🙂', '\u{10ffff}a']) {
      const inside = (key: string) => compareBytes(key, start) >= 0 && compareBytes(key, end) < 0;
      const expected = edges.filter(inside).sort(compareBytes);
      expect(await keysOf({ start, end })).toEqual(expected);
      expect(await keysOf({ start, end, prefix: 'a' })).toEqual(
        expected.filter((key) => key.startsWith('a')),
      );
    }
  }
});

test('an end before the start is an empty list', async () => {
  expect(await halo.page(person, { start: 'z', end: 'a' })).toMatchObject({ keys: [], cursor: null });
});

test('a page has at most limit keys, and a cursor exactly when there are more', async () => {
  const ordered = [...edges].sort(compareBytes);
  const whole = await halo.page(person, { limit: String(edges.length) });
  expect([whole.keys.length, whole.cursor]).toEqual([edges.length, null]);
  const short = await halo.page(person, { limit: String(edges.length - 1) });
  expect([short.keys.length, typeof short.cursor]).toEqual([edges.length - 1, 'string']);
  const rest = await halo.page(person, { limit: '5', cursor: short.cursor ?? '' });
  expect([rest.keys.map(({ key }) => key), rest.cursor]).toEqual([ordered.slice(-1), null]);
});

test('without a limit a page has 100 keys, and 1,000 is the most', async () => {
  const many = await halo.signUp();
  const names = Array.from(
    { length: limits.listMax + 1 },
    (_, index) => `key ${String(index).padStart(4, '0')}`,
  );
  for (let from = 0; from < names.length; from += 100) {
    await Promise.all(names.slice(from, from + 100).map((key) => halo.set(many, key, '')));
  }
  expect((await halo.page(many)).keys).toHaveLength(limits.listDefault);
  const largest = await halo.page(many, { limit: String(limits.listMax) });
  expect(largest.keys.map(({ key }) => key)).toEqual(names.slice(0, limits.listMax));
  expect((await halo.page(many, { cursor: largest.cursor ?? '' })).keys.map(({ key }) => key)).toEqual(
    names.slice(-1),
  );
});

test('every page tells the revision that it shows', async () => {
  const somebody = await halo.signUp();
  expect(await halo.page(somebody)).toEqual({ keys: [], prefixes: [], cursor: null, revision: 0 });
  await halo.set(somebody, 'key', 'value');
  expect((await halo.page(somebody)).revision).toBe(1);
  await halo.delete(somebody, 'key');
  expect(await halo.page(somebody)).toEqual({ keys: [], prefixes: [], cursor: null, revision: 2 });
});

test('an entry tells revision, size, type and times of its key', async () => {
  const somebody = await halo.signUp();
  const headers = { 'content-type': 'text/csv', 'halo-metadata': '{"a":[1]}' };
  await halo.set(somebody, 'key', 'first');
  await halo.set(somebody, 'key', 'second value', { headers, query: 'ttl=60' });
  const [entry] = (await halo.page(somebody)).keys;
  expect(entry).toEqual({
    key: 'key',
    revision: 2,
    size: 12,
    content_type: 'text/csv',
    metadata: { a: [1] },
    created_at: expect.stringMatching(/Z$/),
    updated_at: expect.stringMatching(/Z$/),
    expires_at: new Date(Date.parse(entry?.updated_at ?? '') + 60_000).toISOString(),
  });
});

test('keys that are hard to write in JSON are listed exactly', async () => {
  const somebody = await halo.signUp();
  await Promise.all(peculiarKeys.map((key) => halo.set(somebody, key, '')));
  const listed = (await halo.page(somebody, { limit: '1000' })).keys.map(({ key }) => key);
  expect(listed).toEqual([...peculiarKeys].sort(compareBytes));
});

const refused: readonly (readonly [query: string, pointer: string | undefined])[] = [
  ['limit=0', '/limit'],
  ['limit=1001', '/limit'],
  ['limit=-1', '/limit'],
  ['limit=1.5', '/limit'],
  ['limit=1e2', '/limit'],
  ['limit=', '/limit'],
  ['limit=%20 1', '/limit'],
  ['limit=9007199254740993', '/limit'],
  ['limit=99999999999999999999', '/limit'],
  ['limit=1&limit=1', '/limit'],
  ['reverse=1', '/reverse'],
  ['reverse=', '/reverse'],
  ['reverse=true&reverse=true', '/reverse'],
  ['prefix=a&prefix=b', '/prefix'],
  ['prefix=a&%70refix=b', '/prefix'],
  ['prefix=a%00', '/prefix'],
  ['start=%00', '/start'],
  ['end=%00', '/end'],
  ['cursor=', '/cursor'],
  ['cursor=!', '/cursor'],
  ['cursor=YQ==', '/cursor'],
  ['cursor=AA', '/cursor'],
  ['cursor=7aCA', '/cursor'],
  [`cursor=${Buffer.from('k'.repeat(1_025)).toString('base64url')}`, '/cursor'],
  ['owner=1', '/owner'],
  ['Limit=1', '/Limit'],
  ['account_id=1', '/account_id'],
  ['__proto__=1', '/__proto__'],
  ['a/b~c=1', '/a~1b~0c'],
  ['prefix=%', undefined],
  ['prefix=%ED%A0%80', undefined],
  ['%zz=1', undefined],
];

test.for(refused)('a list with ?%s is refused', async ([query, pointer]) => {
  const response = await halo.list(person, query);
  await expectProblem(response, 'invalid-request', pointer === undefined ? {} : { pointer });
});

test('a prefix longer than any key is no error and finds nothing', async () => {
  expect((await halo.page(person, { prefix: 'k'.repeat(2_000) })).keys).toEqual([]);
  expect((await halo.page(person, { start: '\u{10ffff}'.repeat(400) })).keys).toEqual([]);
});

async function keysOf(query: Readonly<Record<string, string>>): Promise<string[]> {
  const { keys }: EntryList = await halo.page(person, { limit: '1000', ...query });
  return keys.map(({ key }) => key);
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
