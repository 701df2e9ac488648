import { limits } from 'halo-contract';
import { expect, test } from 'vitest';
import { haloAt, type Person } from '../halo.js';
import { expectProblem } from '../problem.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);

const longest = `{"a":"${'x'.repeat(limits.metadataBytesMax - '{"a":""}'.length)}"}`;

const kept = [
  '{}',
  '{"a":1}',
  '{ "b" : 9007199254740993, "a" : 1.0, "c":1e400 }',
  '{"__proto__":{"x":1},"constructor":null}',
  '{"nested":{"a":[1,[2,{"b":null}],true]}}',
  '{"a":"\\u00e9\\n\\"\\/\\ud83d\\ude42"}',
  longest,
];

test.for(kept)('the metadata %s comes back as it was written', async (metadata) => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value', { headers: { 'halo-metadata': metadata } });
  const response = await halo.get(person, 'key');
  expect(response.headers.get('halo-metadata')).toBe(metadata);
  expect(await listText(person)).toContain(`"metadata":${metadata},`);
});

test('metadata beyond ASCII is escaped in the header and written out in the list', async () => {
  const person = await halo.signUp();
  const metadata = '{"name":"Zoë 🙂","日本":"語"}';
  // A header is bytes; fetch takes each character for one.
  const asBytes = Buffer.from(metadata).toString('latin1');
  await halo.set(person, 'key', 'value', { headers: { 'halo-metadata': asBytes } });
  const header = (await halo.get(person, 'key')).headers.get('halo-metadata') ?? '';
  expect(header).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(header)).toEqual(JSON.parse(metadata));
  expect(await listText(person)).toContain(`"metadata":${metadata},`);
});

test('without metadata there is no header, and null in the list', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value');
  expect((await halo.get(person, 'key')).headers.has('halo-metadata')).toBe(false);
  expect((await halo.page(person)).keys[0]?.metadata).toBeNull();
});

const refused: readonly (readonly [why: string, metadata: string])[] = [
  ['it is an array', '[]'],
  ['it is a string', '"a"'],
  ['it is null', 'null'],
  ['it is a number', '1'],
  ['it is not JSON', '{a:1}'],
  ['it is cut off', '{"a":1'],
  ['something follows', '{} {}'],
  ['a member comes twice', '{"a":1,"a":2}'],
  ['a member comes twice, once escaped', '{"a":1,"\\u0061":2}'],
  ['it holds a NUL', '{"a":"\\u0000"}'],
  ['a name holds a NUL', '{"\\u0000":1}'],
  ['it holds a lone surrogate', '{"a":"\\ud800"}'],
  ['it is not UTF-8', '{"a":"\xff"}'],
  ['it is over 1,024 bytes', `${longest} `],
  [
    'it is over 1,024 bytes in fewer characters',
    `{"a":"${Buffer.from('é'.repeat(512)).toString('latin1')}"}`,
  ],
  ['it is nested 400 levels deep', `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`],
];

test.for(refused)('metadata is refused when %s', async ([, metadata]) => {
  const person = await halo.signUp();
  // A trailing blank of a header belongs to HTTP, so that it needs something behind it to count.
  const sent = metadata === `${longest} ` ? longest.replace('{', '{ ') : metadata;
  const response = await halo.put(person, 'key', 'value', { headers: { 'halo-metadata': sent } });
  await expectProblem(response, 'invalid-value', { pointer: '/metadata' });
  await expectProblem(await halo.get(person, 'key'), 'not-found');
});

async function listText(person: Person): Promise<string> {
  return (await halo.list(person)).text();
}
