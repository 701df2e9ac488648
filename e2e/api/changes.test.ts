import type { Change, ChangesPage } from 'halo-contract';
import { operations, ChangesPage as PageSchema } from 'halo-contract';
import { afterAll, describe, expect, test } from 'vitest';
import { openChanges, type StreamEvent } from '../event-source.js';
import { expectJson, haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { expectProblem, mediaType } from '../problem.js';
import { schemaFault } from '../schema-fault.js';
import { until } from '../until.js';

const server = await startHalo();
const halo = haloAt(server.url);
afterAll(() => server.stop());

const path = operations.listChanges.path;

async function pageOf(person: Person, query = ''): Promise<ChangesPage> {
  const response = await halo.request('GET', `${path}?${query}`, { token: person.accessToken });
  const page = await expectJson<ChangesPage>(response, 200);
  expect(schemaFault(PageSchema, page)).toBeUndefined();
  return page;
}

function commit(person: Person, mutations: readonly object[]): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ mutations });
  return halo.request('POST', '/v1/commit', { token: person.accessToken, headers, body });
}

const brief = ({ changes }: ChangesPage) => changes.map(({ revision, key, kind }) => [revision, key, kind]);
const commitsOf = (events: readonly StreamEvent[]) =>
  events
    .filter(({ event }) => event === 'commit')
    .map(({ data }) => data as { revision: number; changes: Change[] });
const isAt = (revision: number) => (event: StreamEvent) => event.id === String(revision);

describe('a page of changes', () => {
  test('tells what was set and deleted, in the order of the commits, keys in the order of their bytes', async () => {
    const person = await halo.signUp();
    await halo.set(person, 'b', 'value', { headers: { 'content-type': 'text/plain' }, query: 'ttl=3600' });
    await expectJson(
      await commit(person, [{ set: { key: '🙂', value: '' } }, { set: { key: '\uffff', value: '' } }]),
      200,
    );
    await halo.delete(person, 'b');
    const page = await pageOf(person);
    expect(brief(page)).toEqual([
      [1, 'b', 'set'],
      [2, '\uffff', 'set'],
      [2, '🙂', 'set'],
      [3, 'b', 'delete'],
    ]);
    expect(page).toMatchObject({ revision: 3, more: false });
    expect(page.changes[0]).toMatchObject({ size: 5, content_type: 'text/plain' });
    expect(page.changes[0]?.expires_at).not.toBeNull();
    expect(page.changes[3]).toMatchObject({ size: null, content_type: null, expires_at: null });
  });

  test('goes on where the one before ended, and never splits a commit', async () => {
    const person = await halo.signUp();
    for (let index = 0; index < 4; index += 1) {
      const keys = ['a', 'b', 'c'].slice(0, (index % 3) + 1);
      await commit(
        person,
        keys.map((key) => ({ set: { key, value: String(index) } })),
      );
    }
    const pages: ChangesPage[] = [];
    for (let since = 0; pages.at(-1)?.more !== false; since = pages.at(-1)?.revision ?? 0) {
      pages.push(await pageOf(person, `limit=2&since=${since}`));
    }
    expect(pages.map(brief)).toEqual([
      [[1, 'a', 'set']],
      [
        [2, 'a', 'set'],
        [2, 'b', 'set'],
      ],
      [
        [3, 'a', 'set'],
        [3, 'b', 'set'],
        [3, 'c', 'set'],
      ],
      [[4, 'a', 'set']],
    ]);
    expect(await pageOf(person, 'since=4')).toEqual({ changes: [], revision: 4, more: false });
  });

  test('tells only keys with the prefix, and gets ahead when there are none', async () => {
    const person = await halo.signUp();
    for (const key of ['a/1', 'b', 'a/2', 'A/', 'a']) await halo.set(person, key, '');
    expect(brief(await pageOf(person, 'prefix=a%2F'))).toEqual([
      [1, 'a/1', 'set'],
      [3, 'a/2', 'set'],
    ]);
    expect(await pageOf(person, 'prefix=nothing')).toEqual({ changes: [], revision: 5, more: false });
  });

  test('carries values when asked, as text or in base64, as they were at each revision', async () => {
    const person = await halo.signUp();
    const bytes = Buffer.from([0xff, 0x00, 0xfe]);
    await halo.set(person, 'key', 'first \u0000 "🙂"');
    await halo.set(person, 'key', bytes);
    await halo.set(person, 'key', '');
    await halo.delete(person, 'key');
    const { changes } = await pageOf(person, 'values=true');
    expect(changes.map(({ value, value_base64 }) => [value, value_base64])).toEqual([
      ['first \u0000 "🙂"', undefined],
      [undefined, bytes.toString('base64')],
      ['', undefined],
      [undefined, undefined],
    ]);
    expect((await pageOf(person)).changes.every((change) => !('value' in change))).toBe(true);
  });

  test('is nobody else’s', async () => {
    const [person, other] = await Promise.all([halo.signUp(), halo.signUp()]);
    await halo.set(person, 'mine', '');
    expect(await pageOf(other)).toEqual({ changes: [], revision: 0, more: false });
  });

  test('is refused after a revision that is still to come, and with parameters that make no sense', async () => {
    const person = await halo.signUp();
    const ask = (query: string) => halo.request('GET', `${path}?${query}`, { token: person.accessToken });
    await expectProblem(await ask('since=1'), 'invalid-request', { pointer: '/since' });
    await expectProblem(await ask('since=-1'), 'invalid-request', { pointer: '/since' });
    await expectProblem(await ask('limit=0'), 'invalid-request', { pointer: '/limit' });
    await expectProblem(await ask('limit=1001'), 'invalid-request', { pointer: '/limit' });
    await expectProblem(await ask('values=yes'), 'invalid-request', { pointer: '/values' });
    await expectProblem(await ask('after=1'), 'invalid-request', { pointer: '/after' });
    await expectProblem(await halo.request('GET', path), 'unauthenticated');
    await halo.logOut(person);
    await expectProblem(await ask(''), 'session-ended');
  });

  test('comes as JSON unless a stream is asked for, and as nothing else', async () => {
    const person = await halo.signUp();
    const ask = (accept: string, method = 'GET') =>
      halo.request(method, path, { token: person.accessToken, headers: { accept } });
    for (const accept of ['*/*', 'application/json', 'text/html, */*;q=0.1']) {
      expect(mediaType(await ask(accept))).toBe('application/json');
    }
    for (const accept of ['text/html', 'application/xml', 'image/*']) {
      await expectProblem(await ask(accept), 'not-acceptable');
    }
    const head = await ask('text/event-stream', 'HEAD');
    expect([head.status, mediaType(head), await head.text()]).toEqual([200, 'text/event-stream', '']);
    const pageHead = await ask('application/json', 'HEAD');
    expect([pageHead.status, mediaType(pageHead), await pageHead.text()]).toEqual([
      200,
      'application/json',
      '',
    ]);
  });
});

describe('a stream of changes', () => {
  test('tells each commit as it happens, beginning now', async () => {
    const person = await halo.signUp();
    await halo.set(person, 'before', '');
    const source = await openChanges(server.url, person);
    const { headers } = source.response;
    expect(
      ['content-type', 'cache-control', 'x-accel-buffering', 'x-content-type-options'].map((name) =>
        headers.get(name),
      ),
    ).toEqual(['text/event-stream', 'no-store', 'no', 'nosniff']);
    expect(headers.get('x-request-id')).toMatch(/^[\w-]{6,}$/);
    await halo.set(person, 'key', 'value');
    await commit(person, [
      { set: { key: 'b', value: '' } },
      { set: { key: 'a', value: '' } },
      { delete: { key: 'key' } },
    ]);
    await source.event('The second commit', isAt(3));
    expect(source.events.map(({ event, id }) => [event, id])).toEqual([
      ['commit', '2'],
      ['commit', '3'],
    ]);
    expect(commitsOf(source.events)).toEqual(
      [2, 3].map((revision) => ({ revision, changes: expect.any(Array) })),
    );
    const { changes } = await pageOf(person, 'since=1');
    expect(commitsOf(source.events).flatMap((told) => told.changes)).toEqual(changes);
    source.close();
  });

  test('goes on after Last-Event-ID, which counts more than since', async () => {
    const person = await halo.signUp();
    for (let index = 0; index < 5; index += 1) await halo.set(person, `key ${index}`, '');
    const [since, resumed] = await Promise.all([
      openChanges(server.url, person, { query: 'since=1' }),
      openChanges(server.url, person, { query: 'since=1', lastEventId: '3' }),
    ]);
    await halo.set(person, 'last', '');
    await Promise.all([since, resumed].map((source) => source.event('The last commit', isAt(6))));
    expect(since.events.map(({ id }) => Number(id))).toEqual([2, 3, 4, 5, 6]);
    expect(resumed.events.map(({ id }) => Number(id))).toEqual([4, 5, 6]);
    since.close();
    resumed.close();
    const ask = (id: string) =>
      halo.request('GET', path, {
        token: person.accessToken,
        headers: { accept: 'text/event-stream', 'last-event-id': id },
      });
    await expectProblem(await ask('7'), 'invalid-request', { pointer: '/since' });
    for (const id of ['x', '-1', '1.5', '99999999999999999999']) {
      await expectProblem(await ask(id), 'invalid-request', { pointer: '/last-event-id' });
    }
  });

  test('tells only keys with the prefix, with values when asked, and how far it is all the same', async () => {
    const person = await halo.signUp();
    const source = await openChanges(server.url, person, { query: 'prefix=a/&values=true' });
    await halo.set(person, 'b', 'not this');
    await commit(person, [{ set: { key: 'a/1', value: 'this' } }, { set: { key: 'c', value: 'nor this' } }]);
    await source.event('The commit', isAt(2));
    expect(commitsOf(source.events)).toMatchObject([
      { revision: 2, changes: [{ key: 'a/1', value: 'this' }] },
    ]);
    await halo.set(person, 'b', 'nor that');
    await until('Word of the progress', () => source.lastId() === '3');
    expect(source.events).toHaveLength(1);
    source.close();
  });

  test('ends with its session, also on a silent account, and tells nothing that came after', async () => {
    const person = await halo.signUp();
    const [busy, silent] = [await halo.logIn(person), await halo.logIn(person)];
    const sources = await Promise.all([openChanges(server.url, busy), openChanges(server.url, silent)]);
    await halo.set(person, 'before', '');
    await Promise.all(sources.map((source) => source.event('The commit before', isAt(1))));
    await halo.logOut(busy);
    await halo.set(person, 'after', '');
    await halo.logOut(silent);
    for (const source of sources) await until('The end of the stream', source.isClosed);
    expect(sources.map(({ events }) => events.at(-1))).toMatchObject([
      { event: 'end', data: { code: 'session-ended' } },
      { event: 'end', data: { code: 'session-ended' } },
    ]);
    expect(sources[0]?.events.map(({ event }) => event)).toEqual(['commit', 'end']);
  });

  test('that nobody reads is dropped, while others hear everything', async () => {
    const person = await halo.signUp();
    const abort = new AbortController();
    const unread = await fetch(`${server.url}${path}?values=true`, {
      headers: { authorization: `Bearer ${person.accessToken}`, accept: 'text/event-stream' },
      signal: abort.signal,
    });
    const source = await openChanges(server.url, person, { query: 'values=true' });
    const value = 'x'.repeat(1024 * 1024);
    for (let index = 0; index < 40; index += 1) await halo.set(person, 'key', value);
    await source.event('The last commit', isAt(40));
    expect(commitsOf(source.events).map(({ revision }) => revision)).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
    // What the kernel had taken can still be read; then the connection breaks before the last commit.
    const text = await unread.text().catch(() => 'broken off');
    expect(text).not.toContain('id: 40\n');
    source.close();
    abort.abort();
  });

  test('tells of keys that expire', async () => {
    const person = await halo.signUp();
    const source = await openChanges(server.url, person);
    await halo.set(person, 'short-lived', '', { query: 'ttl=0.2' });
    const { data } = await source.event('The expiry', ({ id }) => id === '2');
    expect(data).toMatchObject({
      revision: 2,
      changes: [{ key: 'short-lived', kind: 'expire', size: null }],
    });
    source.close();
  });

  test('does not hold up a server that stops, and is told so', async () => {
    const own = await startHalo();
    try {
      const person = await haloAt(own.url).signUp();
      const sources = await Promise.all(Array.from({ length: 20 }, () => openChanges(own.url, person)));
      const started = performance.now();
      expect(await own.terminate()).toBe(0);
      // Streams that were waited for would take until the drain limit of 15 s.
      expect(performance.now() - started).toBeLessThan(10_000);
      for (const source of sources) {
        await until('The end of the stream', source.isClosed);
        expect(source.events).toMatchObject([{ event: 'end', data: { code: 'unavailable' } }]);
      }
    } finally {
      await own.stop();
    }
  });
});
