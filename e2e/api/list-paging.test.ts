import fc from 'fast-check';
import { limits, utf8Bytes } from 'halo-contract';
import { expect, test } from 'vitest';
import { haloAt, type Person } from '../halo.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);

/** Few characters, of every length in UTF-8 and from both ends of each, so that keys share prefixes. */
const character = fc.constantFrom(
  'a',
  'b',
  '/',
  '\u0001',
  '\u007f',
  'é',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '🙂',
  '\u{10ffff}',
);
const text = (lengths: { minLength?: number; maxLength: number }) =>
  fc.array(character, lengths).map((characters) => characters.join(''));
const isKey = (key: string) =>
  key !== '' && key !== '.' && key !== '..' && utf8Bytes(key) <= limits.keyBytesMax;

const listing = fc.record({
  prefix: text({ maxLength: 2 }),
  start: fc.option(text({ maxLength: 3 }), { nil: undefined }),
  end: fc.option(text({ minLength: 1, maxLength: 3 }), { nil: undefined }),
  reverse: fc.boolean(),
  limit: fc.integer({ min: 1, max: 9 }),
});
type Listing = typeof listing extends fc.Arbitrary<infer Value> ? Value : never;

test('the pages of any listing of any keys are together what a naive model lists', async () => {
  const keySets = fc.uniqueArray(text({ minLength: 1, maxLength: 4 }).filter(isKey), {
    minLength: 1,
    maxLength: 25,
  });
  const property = fc.asyncProperty(
    keySets,
    fc.array(listing, { minLength: 6, maxLength: 6 }),
    async (keys, listings) => {
      const person = await halo.signUp();
      await Promise.all(keys.map((key) => halo.set(person, key, '')));
      for (const each of listings) expect(await readPages(person, each)).toEqual(model(keys, each));
    },
  );
  await fc.assert(property, { numRuns: 30, endOnFailure: true });
});

test('a key that appears or disappears between two pages does not disturb the rest', async () => {
  const person = await halo.signUp();
  for (const key of ['a', 'c', 'e', 'g']) await halo.set(person, key, '');
  const first = await halo.page(person, { limit: '2' });
  await halo.delete(person, 'c');
  await halo.set(person, 'b', '');
  await halo.set(person, 'd', '');
  const second = await halo.page(person, { cursor: first.cursor ?? '' });
  expect([...first.keys, ...second.keys].map(({ key }) => key)).toEqual(['a', 'c', 'd', 'e', 'g']);
});

async function readPages(person: Person, { prefix, start, end, reverse, limit }: Listing): Promise<string[]> {
  const query = {
    prefix,
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    reverse: String(reverse),
    limit: String(limit),
  };
  const keys: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await halo.page(person, { ...query, ...(cursor === null ? {} : { cursor }) });
    expect(page.keys.length).toBeLessThanOrEqual(limit);
    if (page.cursor !== null) expect(page.keys).toHaveLength(limit);
    keys.push(...page.keys.map(({ key }) => key));
    cursor = page.cursor;
  } while (cursor !== null);
  return keys;
}

function model(keys: readonly string[], { prefix, start, end, reverse }: Listing): string[] {
  const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const found = keys
    .filter((key) => key.startsWith(prefix))
    .filter((key) => start === undefined || compare(key, start) >= 0)
    .filter((key) => end === undefined || compare(key, end) < 0)
    .sort(compare);
  return reverse ? found.reverse() : found;
}
