import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Grant } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { expectJson, haloAt, pathOf, personOf } from '../halo.js';
import { type HaloServer, makeDataDirectory, removeDataDirectory, startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';
import { until } from '../until.js';

const data = await makeDataDirectory();
let server: HaloServer = await startHalo({ data });
afterAll(async () => {
  await server.stop();
  await removeDataDirectory(data);
});

async function restart(): Promise<void> {
  expect(await server.terminate()).toBe(0);
  server = await startHalo({ data });
}

test('data, sessions and signing keys outlive a restart', async () => {
  const before = haloAt(server.url);
  const person = await before.signUp();
  const leaving = await before.logIn(person);
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'halo-metadata': '{"a":[1, 2]}' };
  await before.set(person, 'key/🙂', 'value', { headers, query: 'ttl=3600' });
  await before.logOut(leaving);
  const told = async () => {
    const halo = haloAt(server.url);
    const { headers } = await halo.get(person, 'key/🙂');
    const lasting = [...headers].filter(([name]) => /^(etag|content-type|last-modified|halo-.*)$/.test(name));
    return { lasting, list: await halo.page(person), account: await halo.account(person) };
  };
  const expected = await told();
  await restart();
  expect(await told()).toEqual(expected);
  const after = haloAt(server.url);
  await expectProblem(await after.list(leaving), 'session-ended');
  const refreshed = await after.refresh(person.refreshToken);
  const child = personOf(await expectJson<Grant>(refreshed, 200));
  expect((await after.set(child, 'next', '')).revision).toBe(2);
});

test('a stop finishes the request in flight, takes no new ones, and exits with 0', async () => {
  const halo = haloAt(server.url);
  const person = await halo.signUp();
  const { request, answer } = await beginPut(person.accessToken, 'slow', 'first half, ');
  const exit = server.terminate();
  await until('The word that it is stopping', () =>
    server.output().includes('finishing the requests in flight'),
  );
  await until('The refusal of new connections', () =>
    fetch(`${server.url}/health/live`).then(
      () => false,
      () => true,
    ),
  );
  request.end('second half');
  const { statusCode, body } = await answer;
  expect([statusCode, JSON.parse(body)]).toEqual([201, { key: 'slow', revision: 1, created: true }]);
  expect(await exit).toBe(0);
  server = await startHalo({ data });
  expect((await haloAt(server.url).read(person, 'slow')).toString()).toBe('first half, second half');
});

test('a client that keeps its connection open does not hold up a stop', async () => {
  const started = performance.now();
  await Promise.all(Array.from({ length: 20 }, () => haloAt(server.url).request('GET', '/health/live')));
  await restart();
  // A connection that is merely open would be waited for until the drain limit of 15 s.
  expect(performance.now() - started).toBeLessThan(12_000);
});

/** Sends the head and a part of the body, and returns when the server has begun to serve the request. */
async function beginPut(token: string, key: string, firstPart: string) {
  const request = httpRequest(`${server.url}${pathOf(key)}`, {
    method: 'PUT',
    // The interim answer to it proves that the head has been read.
    headers: { authorization: `Bearer ${token}`, expect: '100-continue', 'transfer-encoding': 'chunked' },
  });
  const answer = once(request, 'response').then(async ([response]: IncomingMessage[]) => {
    if (response === undefined) throw new Error('There was no answer.');
    return { statusCode: response.statusCode, body: await text(response) };
  });
  const begun = once(request, 'continue');
  request.flushHeaders();
  await begun;
  request.write(firstPart);
  return { request, answer };
}
