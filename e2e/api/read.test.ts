import { limits, operations, ReadAnswer } from 'halo-contract';
import { describe, expect, test } from 'vitest';
import { expectJson, haloAt, type Person } from '../halo.js';
import { peculiarKeys } from '../legal-keys.js';
import { expectProblem } from '../problem.js';
import { schemaFault } from '../schema-fault.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);

function send(person: Person, body: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return halo.request('POST', operations.read.path, { token: person.accessToken, headers, body });
}

const ask = (person: Person, keys: readonly unknown[]) => send(person, JSON.stringify({ keys }));

async function read(person: Person, keys: readonly string[]): Promise<ReadAnswer> {
  const answer = await expectJson<ReadAnswer>(await ask(person, keys), 200);
  expect(schemaFault(ReadAnswer, answer)).toBeUndefined();
  return answer;
}

describe('a read of many keys', () => {
  test('answers in the order asked, duplicates too, with null for what does not exist', async () => {
    const person = await halo.signUp();
    await halo.set(person, 'a', 'one', { headers: { 'content-type': 'text/plain' } });
    await halo.set(person, 'b', Buffer.from([255]), { headers: { 'halo-metadata': '{"n":1.0}' } });
    const { entries, revision } = await read(person, ['b', 'nothing', 'a', 'b']);
    expect(revision).toBe(2);
    expect(entries.map((entry) => entry && [entry.key, entry.revision, entry.size])).toEqual([
      ['b', 2, 1],
      null,
      ['a', 1, 3],
      ['b', 2, 1],
    ]);
    expect(entries.map((entry) => entry?.value ?? entry?.value_base64)).toEqual([
      '/w==',
      undefined,
      'one',
      '/w==',
    ]);
    expect(entries[2]).toMatchObject({ content_type: 'text/plain', metadata: null, expires_at: null });
  });

  test('reaches every legal key, also those that no path can name', async () => {
    const person = await halo.signUp();
    await Promise.all(peculiarKeys.map((key) => halo.set(person, key, key)));
    const keys = ['.', '..', ...peculiarKeys];
    const { entries } = await read(person, keys);
    expect(entries.map((entry) => entry?.value)).toEqual([undefined, undefined, ...peculiarKeys]);
  });

  test('takes 1,000 of the longest keys, however JSON writes them', async () => {
    const person = await halo.signUp();
    const key = '\u0001'.repeat(limits.keyBytesMax);
    await halo.set(person, key, 'value');
    const { entries } = await read(person, Array(limits.readKeysMax).fill(key));
    expect(entries.map((entry) => entry?.value)).toEqual(Array(limits.readKeysMax).fill('value'));
  });

  test('shows one moment, whatever is being written meanwhile', async () => {
    const person = await halo.signUp();
    await Promise.all(['a', 'b', 'c'].map((key) => halo.set(person, key, '0')));
    let writing = true;
    const writer = (async () => {
      for (let round = 1; round <= 60; round += 1) {
        for (const key of ['a', 'b', 'c']) await halo.set(person, key, String(round));
      }
      writing = false;
    })();
    let seen = 0;
    while (writing) {
      const { entries, revision } = await read(person, ['a', 'b', 'c']);
      const [a = 0, b = 0, c = 0] = entries.map((entry) => Number(entry?.value));
      // The writer goes round: no key is ever more than one round behind the one before it.
      expect([0, 1]).toContain(a - b);
      expect([0, 1]).toContain(b - c);
      expect(Math.max(...entries.map((entry) => entry?.revision ?? 0))).toBe(revision);
      seen += 1;
    }
    await writer;
    expect(seen).toBeGreaterThan(5);
  });

  test('refuses what is over 32 MiB together', async () => {
    const person = await halo.signUp();
    await halo.set(person, 'large', Buffer.alloc(limits.valueBytesMax, 97));
    expect((await read(person, ['large'])).entries[0]?.size).toBe(limits.valueBytesMax);
    await expectProblem(await ask(person, ['large', 'large']), 'too-large');
  });
});

test.each([
  ['an empty key', ['a', ''], 1],
  ['a NUL', ['a', 'b', 'c', 'a\0b'], 3],
  ['a key that is too long', ['k'.repeat(limits.keyBytesMax + 1)], 0],
  ['a lone surrogate', ['\ud800'], 0],
])('%s is an invalid key, and the pointer says which', async (_what, keys, index) => {
  const response = await ask(await halo.signUp(), keys);
  await expectProblem(response, 'invalid-key', { pointer: `/keys/${index}` });
});

test.each([
  ['no body', '', undefined],
  ['no keys', '{"keys":[]}', '/keys'],
  ['too many keys', JSON.stringify({ keys: Array(limits.readKeysMax + 1).fill('k') }), '/keys'],
  ['a number for a key', '{"keys":["a",1]}', '/keys/1'],
  ['an unknown member', '{"keys":["a"],"owner":"1"}', '/owner'],
  ['a member twice', '{"keys":["a"],"keys":["b"]}', undefined],
  ['nothing asked', '{}', '/keys'],
])('a read with %s is refused', async (_what, body, pointer) => {
  const response = await send(await halo.signUp(), body);
  await expectProblem(response, 'invalid-request', pointer === undefined ? {} : { pointer });
});

test('a body that no read needs is too large, and one that is no JSON is not read', async () => {
  const person = await halo.signUp();
  await expectProblem(await send(person, ' '.repeat(7 * 1024 * 1024)), 'too-large');
  const headers = { 'content-type': 'text/plain' };
  const response = await halo.request('POST', operations.read.path, {
    token: person.accessToken,
    headers,
    body: '{"keys":["a"]}',
  });
  await expectProblem(response, 'unsupported-media-type');
});

test('another account’s keys do not exist', async () => {
  const [mine, theirs] = [await halo.signUp(), await halo.signUp()];
  await halo.set(mine, 'secret', 'mine');
  expect((await read(theirs, ['secret'])).entries).toEqual([null]);
  expect((await read(mine, ['secret'])).entries[0]?.value).toBe('mine');
});

test('an ended session reads nothing', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value');
  await halo.logOut(person);
  await expectProblem(await ask(person, ['key']), 'session-ended');
});
