import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { keyToPath, operations, type PutResult } from 'halo-contract';
import { expect, test } from 'vitest';
import { expectJson, haloAt, type Person } from '../halo.js';
import { longestKeys, peculiarKeys } from '../legal-keys.js';
import { expectProblem } from '../problem.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);

const keys = [...peculiarKeys, ...longestKeys];

test('every legal key is distinct and comes back exactly, from PUT, GET and the list', async () => {
  const person = await halo.signUp();
  for (const key of keys) {
    const result = await halo.set(person, key, `value of ${key}`);
    expect(result).toMatchObject({ key, created: true });
  }
  for (const key of keys) expect((await halo.read(person, key)).toString()).toBe(`value of ${key}`);
  const { keys: listed } = await halo.page(person, { limit: '1000' });
  expect(listed.map(({ key }) => key).sort()).toEqual([...keys].sort());
  for (const key of keys) expect((await halo.delete(person, key)).status).toBe(200);
  expect((await halo.page(person)).keys).toEqual([]);
});

test('every legal key that the contract writes as a path reaches that key', async () => {
  const person = await halo.signUp();
  const lost: string[] = [];
  for (const key of keys) {
    // A URL parser stands between every client and the wire.
    const { pathname } = new URL(
      operations.putKey.path.replace('{key}', () => keyToPath(key)),
      server.url,
    );
    const response = await halo.request('PUT', pathname, { token: person.accessToken, body: 'value' });
    const answer = response.ok ? ((await response.json()) as PutResult).key : `${response.status}`;
    if (answer !== key) lost.push(`${key} became ${answer}`);
  }
  expect(lost).toEqual([]);
});

test('slashes and dots of a path that no URL parser has touched belong to the key', async () => {
  const person = await halo.signUp();
  for (const key of ['../a', 'a/../b', 'a//b', './a', 'a/.', '//', '..a', 'a/']) {
    expect(await putUnparsed(person, key)).toMatchObject({ key, created: true });
    expect((await halo.read(person, key)).toString()).toBe('raw');
  }
});

test('either way of writing an escape reaches the same key', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'é/~(a)', 'value');
  for (const path of ['%C3%A9%2F~(a)', '%c3%a9/%7E%28a%29', '%c3%A9%2f%7e(%61)']) {
    const response = await halo.request('GET', `/v1/keys/${path}`, { token: person.accessToken });
    expect([response.status, await response.text()]).toEqual([200, 'value']);
  }
});

test('a plus sign in a path is a plus sign', async () => {
  const person = await halo.signUp();
  const response = await halo.request('PUT', '/v1/keys/a+b', { token: person.accessToken, body: '' });
  expect(await expectJson<PutResult>(response, 201)).toMatchObject({ key: 'a+b' });
});

const illegal: readonly (readonly [why: string, path: string])[] = [
  ['it is empty', ''],
  ['it is NUL', '%00'],
  ['it has a NUL inside', 'a%00b'],
  ['it is a lone high surrogate', '%ED%A0%80'],
  ['it is a lone low surrogate', 'a%ED%BF%BF'],
  ['its surrogates are encoded one by one', '%ED%A0%BD%ED%B9%82'],
  ['an escape is cut off', 'a%2'],
  ['an escape is not hexadecimal', '%zz'],
  ['an escape is alone', '100%'],
  ['it is a continuation byte', '%80'],
  ['a sequence is cut off', '%E2%82'],
  ['a slash is encoded overlong', '%C0%AF'],
  ['it is over the last code point', '%F4%90%80%80'],
  ['it has 1,025 bytes', 'k'.repeat(1_025)],
  ['it has 1,025 bytes of many', `k${'%C3%A9'.repeat(512)}`],
  ['it has 1,026 bytes in 342 characters', '%E2%82%AC'.repeat(342)],
];

test.for(illegal)('a key is refused by every operation when %s', async ([, path]) => {
  const person = await halo.signUp();
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const body = method === 'PUT' ? 'value' : undefined;
    const response = await halo.request(method, `/v1/keys/${path}`, { token: person.accessToken, body });
    await expectProblem(response, 'invalid-key');
  }
  expect((await halo.head(person, 'x')).status).toBe(404);
  expect(await halo.account(person)).toMatchObject({ revision: 0, usage: { keys: 0, bytes: 0 } });
});

test('keys that differ in Unicode normalisation only are different keys', async () => {
  const person = await halo.signUp();
  await halo.set(person, '\u00e9', 'composed');
  await halo.set(person, 'e\u0301', 'decomposed');
  expect((await halo.read(person, '\u00e9')).toString()).toBe('composed');
  expect((await halo.read(person, 'e\u0301')).toString()).toBe('decomposed');
});

/** Node's `http.request` sends the path as it is given. */
async function putUnparsed(person: Person, path: string): Promise<PutResult> {
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    const sent = httpRequest(
      {
        host: 'localhost',
        port: server.port,
        method: 'PUT',
        path: `/v1/keys/${path}`,
        headers: { authorization: `Bearer ${person.accessToken}` },
      },
      resolve,
    );
    sent.once('error', reject).end('raw');
  });
  return JSON.parse(await text(response)) as PutResult;
}
