import { limits, operations } from 'halo-contract';
import { createStorage, prefixStorage, type Storage } from 'unstorage';
import httpDriver from 'unstorage/drivers/http';
import { afterAll, describe, expect, test } from 'vitest';
import { expectJson, haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { requestLines, sendRaw } from '../raw-socket.js';
import { securityOf, withToken } from '../security.js';
import { until } from '../until.js';
import { revisionOf, sendTo, someBytes, undo } from './compat-client.js';

const server = await startHalo();
const halo = haloAt(server.url);
const security = securityOf(halo);
const base = `${server.url}/compat/unstorage`;
const send = sendTo(base);
afterAll(() => server.stop());

async function expectRefusal(response: Response, status: number): Promise<void> {
  const text = await response.text();
  expect(response.status, text).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/json');
  const body = JSON.parse(text) as Record<string, unknown>;
  expect(body).toMatchObject({ statusCode: status, stack: [] });
  expect([typeof body.statusMessage, typeof body.message]).toEqual(['string', 'string']);
}

function driverOf({ accessToken }: Person) {
  return httpDriver({ base, headers: { authorization: `Bearer ${accessToken}` } });
}

function storageOf(person: Person): Storage {
  return createStorage({ driver: driverOf(person) });
}

describe('with the http driver of unstorage', () => {
  test.each([
    ['a text', 'good morning'],
    ['a text with quotes', '"quoted" \\ and\nbroken'],
    ['a text of several scripts', 'ä 語 🙂'],
    ['a number', 42],
    ['a boolean', false],
    ['an object', { theme: 'dark', sizes: [1, 2.5], nested: { none: null } }],
    ['a list', [1, 'two', null]],
  ])('%s comes back as it was set', async (_what, value) => {
    const storage = storageOf(await halo.signUp());
    await storage.setItem('some:key', value);
    expect(await storage.getItem('some:key')).toEqual(value);
  });

  test('bytes come back as they were set', async () => {
    const owner = await halo.signUp();
    const storage = storageOf(owner);
    const bytes = someBytes(5_000);
    await storage.setItemRaw('raw:bytes', bytes);
    expect(new Uint8Array((await storage.getItemRaw('raw:bytes')) as ArrayBuffer)).toEqual(bytes);
    expect(new Uint8Array(await halo.read(owner, 'raw/bytes'))).toEqual(bytes);
  });

  test('what is set is there until it is removed, and removing it again is no fault', async () => {
    const storage = storageOf(await halo.signUp());
    expect(await storage.hasItem('a:b')).toBe(false);
    expect(await storage.getItem('a:b')).toBeNull();
    await storage.setItem('a:b', 'x');
    expect(await storage.hasItem('a:b')).toBe(true);
    await storage.removeItem('a:b');
    await storage.removeItem('a:b');
    expect(await storage.hasItem('a:b')).toBe(false);
  });

  test('keys are listed below a base, and cleared below it', async () => {
    const owner = await halo.signUp();
    const storage = storageOf(owner);
    const keys = ['top', 'app:one', 'app:two:three', 'app:mit Leerzeichen & ä%20', 'apple'];
    for (const key of keys) await storage.setItem(key, key);
    expect((await storage.getKeys()).sort()).toEqual([...keys].sort());
    expect((await storage.getKeys('app')).sort()).toEqual(
      keys.filter((key) => key.startsWith('app:')).sort(),
    );
    expect(await storage.getItem('app:mit Leerzeichen & ä%20')).toBe('app:mit Leerzeichen & ä%20');
    // The storage itself passes only whole mounts on to `clear`, so that the driver is asked.
    await driverOf(owner).clear?.('app', {});
    expect((await storage.getKeys()).sort()).toEqual(['apple', 'top']);
    await storage.clear();
    expect(await storage.getKeys()).toEqual([]);
  });

  test('meta tells when a key was written and how long it lives, and keeps what is noted', async () => {
    const storage = storageOf(await halo.signUp());
    const before = Math.floor(Date.now() / 1_000) * 1_000;
    await storage.setItem('brief', 'x', { ttl: 3_600 });
    await storage.setMeta('brief', { by: 'ada' });
    const meta = await storage.getMeta('brief');
    expect(meta.by).toBe('ada');
    expect(meta.mtime?.getTime()).toBeGreaterThanOrEqual(before - 5_000);
    expect(meta.ttl).toBeGreaterThan(3_500);
    expect(meta.ttl).toBeLessThanOrEqual(3_600);
    expect(await storage.getKeys()).toEqual(['brief']);
  });

  test('a key is gone when its time has come', async () => {
    const storage = storageOf(await halo.signUp());
    await storage.setItem('brief', 'x', { ttl: 1 });
    expect(await storage.hasItem('brief')).toBe(true);
    await until('The end of the key', async () => !(await storage.hasItem('brief')));
  });

  test('a prefix makes a storage of its own', async () => {
    const storage = storageOf(await halo.signUp());
    const [one, other] = [prefixStorage(storage, 'one'), prefixStorage(storage, 'other')];
    await one.setItem('key', 1);
    await other.setItem('key', 2);
    expect([await one.getItem('key'), await other.getItem('key')]).toEqual([1, 2]);
    expect(await one.getKeys()).toEqual(['key']);
    expect(await other.getKeys()).toEqual(['key']);
    await one.removeItem('key');
    expect(await storage.getKeys()).toEqual(['other:key']);
  });

  test('several items are set and got at once', async () => {
    const storage = storageOf(await halo.signUp());
    const items: Parameters<Storage['setItems']>[0] = [
      { key: 'a', value: '1' },
      { key: 'b', value: JSON.stringify({ two: 2 }) },
    ];
    await storage.setItems(items);
    expect(await storage.getItems(['a', 'b', 'c'])).toEqual([
      { key: 'a', value: 1 },
      { key: 'b', value: { two: 2 } },
      { key: 'c', value: null },
    ]);
  });
});

test('writes are commits: with history, and undone', async () => {
  const owner = await halo.signUp();
  const storage = storageOf(owner);
  await storage.setItem('doc:a', { n: 1 });
  await storage.setItem('doc:a', { n: 2 });
  await storage.setItem('doc:b', 'text');
  await storage.clear();
  expect((await halo.page(owner)).keys).toEqual([]);
  await undo(halo, owner, await revisionOf(halo, owner));
  expect(await storage.getItem('doc:a')).toEqual({ n: 2 });
  const history = await halo.request('GET', operations.getHistory.path.replace('{key}', 'doc/a'), {
    token: owner.accessToken,
  });
  const { versions } = await expectJson<{ versions: { kind: string }[] }>(history, 200);
  expect(versions.map(({ kind }) => kind)).toEqual(['set', 'delete', 'set', 'set']);
  const types = (await halo.page(owner)).keys.map(({ key, content_type }) => [key, content_type]);
  expect(types).toEqual([
    ['doc/a', 'application/json'],
    ['doc/b', 'text/plain; charset=utf-8'],
  ]);
});

test('keys that unstorage cannot name are neither listed nor cleared', async () => {
  const owner = await halo.signUp();
  const strange = ['a:b', 'a//b', '/a', 'a/', 'a/../b', 'a?b', 'a\\b', '..'];
  const headers = { 'content-type': 'application/json' };
  const mutations = [...strange, 'plain/key'].map((key) => ({ set: { key, value: 'x' } }));
  const body = JSON.stringify({ mutations });
  await halo.request('POST', operations.commit.path, { token: owner.accessToken, headers, body });
  const storage = storageOf(owner);
  expect(await storage.getKeys()).toEqual(['plain:key']);
  await storage.clear();
  expect((await halo.page(owner)).keys.map(({ key }) => key).sort()).toEqual([...strange].sort());
});

test('2,500 keys are listed and cleared', async () => {
  const owner = await halo.signUp();
  const token = owner.accessToken;
  const keys = Array.from({ length: 2_500 }, (_, n) => `many/${String(n).padStart(4, '0')}`);
  const lines = keys.map((key) => `${JSON.stringify({ key, value: 'x' })}\n`).join('');
  const headers = { 'content-type': 'application/x-ndjson' };
  await (await halo.request('POST', operations.importStore.path, { token, headers, body: lines })).text();
  const listed = await send('GET', '/many/', { token });
  expect(await expectJson(listed, 200)).toEqual(keys);
  expect(await (await send('DELETE', '/many:', { token })).text()).toBe('OK');
  expect(await (await send('GET', '/:', { token })).text()).toBe('[]');
});

describe('by plain HTTP', () => {
  test('separators are one, and the answers are those of unstorage’s server', async () => {
    const owner = await halo.signUp();
    const token = owner.accessToken;
    const put = await send('PUT', '/a:b//c', { token, body: 'text', headers: { 'x-ttl': '100.5' } });
    expect([put.status, await put.text()]).toEqual([200, 'OK']);
    for (const path of ['/a/b/c', '/a:b:c', '/a%2Fb%3Ac', '//a/b\\c', '/a/b/c?query=1']) {
      const got = await send('GET', path, { token });
      expect([path, got.status, await got.text()]).toEqual([path, 200, 'text']);
      expect(got.headers.get('content-type')).toBe('text/plain; charset=utf-8');
      expect(got.headers.get('content-security-policy')).toContain('sandbox');
    }
    const raw = await send('GET', '/a/b/c', { token, headers: { accept: 'application/octet-stream' } });
    expect(raw.headers.get('content-type')).toBe('application/octet-stream');
    const head = await send('HEAD', '/a/b/c', { token });
    expect([head.status, head.headers.get('x-ttl')]).toEqual([200, '101']);
    expect(Date.parse(head.headers.get('last-modified') ?? '')).not.toBeNaN();
    expect((await send('HEAD', '/a/b/missing', { token })).status).toBe(404);
    await expectRefusal(await send('GET', '/a/b/missing', { token }), 404);
    expect((await send('DELETE', '/a/b/missing', { token })).status).toBe(200);
  });

  test('an empty value and a declared type are kept', async () => {
    const owner = await halo.signUp();
    const token = owner.accessToken;
    await send('PUT', '/empty', { token });
    expect(await (await send('GET', '/empty', { token })).text()).toBe('');
    const bytes = someBytes(40);
    await send('PUT', '/picture', { token, body: bytes, headers: { 'content-type': 'image/png' } });
    const stored = await halo.get(owner, 'picture');
    expect(stored.headers.get('content-type')).toBe('image/png');
    expect(new Uint8Array(await stored.arrayBuffer())).toEqual(bytes);
    // A ttl of 0 is none.
    await send('PUT', '/kept', { token, body: 'x', headers: { 'x-ttl': '0' } });
    expect((await send('HEAD', '/kept', { token })).headers.get('x-ttl')).toBeNull();
  });

  const octets = { 'content-encoding': 'gzip' };
  test.each([
    ['POST', '/key', 405, {}],
    ['PATCH', '/a/', 405, {}],
    ['PROPFIND', '/a', 405, {}],
    ['PUT', '/base/', 400, { body: 'x' }],
    ['HEAD', '/base:', 400, {}],
    ['GET', '', 400, {}],
    ['GET', '/%zz', 400, {}],
    ['GET', '/%ff', 400, {}],
    ['GET', '/a%00b', 400, {}],
    ['GET', '/a%00b/', 400, {}],
    ['GET', '/a/%2e%2e%2Fb', 400, {}],
    ['GET', '/a%3Fb', 400, {}],
    ['PUT', `/${'k'.repeat(limits.keyBytesMax + 1)}`, 400, { body: 'x' }],
    ['DELETE', `/${'k'.repeat(limits.keyBytesMax)}/`, 400, {}],
    ['PUT', '/key', 400, { body: 'x', headers: { 'x-ttl': 'soon' } }],
    ['PUT', '/key', 400, { body: 'x', headers: { 'x-ttl': '-1' } }],
    ['PUT', '/key', 400, { body: 'x', headers: { 'x-ttl': '999999999999' } }],
    ['PUT', '/key', 415, { body: 'x', headers: octets }],
    ['PUT', '/key', 415, { body: 'x', headers: { 'content-type': 'no type' } }],
  ])('%s %s answers %d', async (method, path, status, sent) => {
    const { accessToken: token } = await halo.signUp();
    const response = await send(method, path, { token, ...sent });
    if (method === 'HEAD') expect(response.status).toBe(status);
    else await expectRefusal(response, status);
    if (status === 405) expect(response.headers.get('allow')).toBe('GET, HEAD, PUT, DELETE');
  });

  test('a value over 25 MiB is refused', async () => {
    const { accessToken: token } = await halo.signUp();
    const body = new Uint8Array(limits.valueBytesMax + 1);
    await expectRefusal(await send('PUT', '/large', { token, body }), 413);
  });

  test('dots that a URL parser would remove are refused, and so is an Expect', async () => {
    const { accessToken } = await halo.signUp();
    const lines = (target: string, ...more: string[]) =>
      requestLines(
        `GET ${target} HTTP/1.1`,
        'Host: halo',
        'Connection: close',
        `Authorization: Bearer ${accessToken}`,
        ...more,
      );
    for (const [target, status, more] of [
      ['/compat/unstorage/a/../b', 400, []],
      ['/compat/unstorage/..', 400, []],
      ['/compat/unstorage/a', 417, ['Expect: wonders']],
    ] as const) {
      const [answer] = await sendRaw(server.port, lines(target, ...more));
      expect([target, answer?.status]).toEqual([target, status]);
      expect(JSON.parse(answer?.body ?? '')).toMatchObject({ statusCode: status });
    }
  });
});

describe('who may', () => {
  test('nobody without a token, and nobody whose session has ended', async () => {
    const owner = await halo.signUp();
    for (const token of [undefined, 'nonsense', `halo_${'A'.repeat(75)}`, `${owner.accessToken}x`]) {
      for (const [method, path] of [
        ['GET', '/key'],
        ['GET', '/'],
        ['PUT', '/key'],
        ['DELETE', '/:'],
      ] as const) {
        const response = await send(method, path, { token });
        expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
        await expectRefusal(response, 401);
      }
    }
    await halo.logOut(owner);
    for (const path of ['/key', '/', '/a/']) {
      await expectRefusal(await send('GET', path, { token: owner.accessToken }), 401);
      await expectRefusal(await send('DELETE', path, { token: owner.accessToken }), 401);
    }
  });

  test('a token that reads does not write', async () => {
    const owner = await halo.signUp();
    await halo.set(owner, 'key', 'value');
    const { token } = await security.createToken(owner, { access: 'read' });
    expect(await (await send('GET', '/key', { token })).text()).toBe('value');
    expect(await expectJson(await send('GET', '/', { token }), 200)).toEqual(['key']);
    await expectRefusal(await send('PUT', '/key', { token, body: 'x' }), 403);
    await expectRefusal(await send('DELETE', '/key', { token }), 403);
    await expectRefusal(await send('DELETE', '/', { token }), 403);
  });

  test('a token with a prefix reaches what is below it', async () => {
    const owner = await halo.signUp();
    await halo.set(owner, 'outside', 'theirs');
    const storage = storageOf(withToken(owner, await security.createToken(owner, { prefix: 'app/' })));
    await storage.setItem('app:key', 'mine');
    expect(await storage.getKeys()).toEqual(['app:key']);
    await expect(storage.getItem('outside')).rejects.toThrow(/403/);
    await expect(storage.setItem('outside', 'x')).rejects.toThrow(/403/);
    await expect(storage.removeItem('outside')).rejects.toThrow(/403/);
    await storage.clear();
    expect((await halo.page(owner)).keys.map(({ key }) => key)).toEqual(['outside']);
  });

  test('nobody else', async () => {
    const [owner, other] = [await halo.signUp(), await halo.signUp()];
    await storageOf(owner).setItem('key', 'secret');
    const theirs = storageOf(other);
    expect([await theirs.getItem('key'), await theirs.getKeys()]).toEqual([null, []]);
    await theirs.clear();
    await theirs.removeItem('key');
    expect(await storageOf(owner).getItem('key')).toBe('secret');
  });
});
