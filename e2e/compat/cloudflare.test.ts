import Cloudflare, { toFile } from 'cloudflare';
import { limits, operations } from 'halo-contract';
import { createStorage } from 'unstorage';
import cloudflareDriver from 'unstorage/drivers/cloudflare-kv-http';
import { afterAll, describe, expect, test } from 'vitest';
import { expectJson, haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { securityOf, withToken } from '../security.js';
import { revisionOf, someBytes, undo } from './compat-client.js';

const server = await startHalo();
const halo = haloAt(server.url);
const security = securityOf(halo);
const baseURL = `${server.url}/compat/cloudflare`;
afterAll(() => server.stop());

function clientOf({ accessToken }: Person, path = ''): Cloudflare {
  return new Cloudflare({ apiToken: accessToken, baseURL: `${baseURL}${path}`, maxRetries: 0 });
}

async function listed<Item>(pages: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

/** An account with a namespace. */
async function openNamespace() {
  const owner = await halo.signUp();
  const client = clientOf(owner);
  const { id } = await client.kv.namespaces.create({ account_id: owner.id, title: 'cache' });
  return { owner, client, id, at: { account_id: owner.id, namespace_id: id }, in: { account_id: owner.id } };
}

const codes = (error: unknown) =>
  (error as { status: number; errors: { code: number }[] }).errors.map(({ code }) => code);

async function expectRefusal(asked: Promise<unknown>, status: number, code: number): Promise<void> {
  const error: unknown = await asked.then(
    () => undefined,
    (refusal: unknown) => refusal,
  );
  expect(error).toMatchObject({ status });
  expect(codes(error)).toEqual([code]);
}

describe('namespaces', () => {
  test('are made, told, listed, renamed and deleted with their keys', async () => {
    const { owner, client, id, at, in: here } = await openNamespace();
    const namespaces = client.kv.namespaces;
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    const told = { id, title: 'cache', supports_url_encoding: true };
    expect(await namespaces.get(id, here)).toEqual(told);
    expect(await listed(namespaces.list(here))).toEqual([told]);
    await namespaces.values.update('key', { ...at, value: 'value' });
    expect(await namespaces.update(id, { ...here, title: 'renamed' })).toEqual({ ...told, title: 'renamed' });
    expect((await namespaces.get(id, here)).title).toBe('renamed');
    expect(await (await namespaces.values.get('key', at)).text()).toBe('value');
    await namespaces.delete(id, here);
    await expectRefusal(namespaces.get(id, here), 404, 10013);
    await expectRefusal(namespaces.values.get('key', at), 404, 10013);
    await expectRefusal(namespaces.values.update('key', { ...at, value: 'x' }), 404, 10013);
    expect(await listed(namespaces.list(here))).toEqual([]);
    await undo(halo, owner, await revisionOf(halo, owner));
    expect(await (await namespaces.values.get('key', at)).text()).toBe('value');
  });

  test('have titles of their own, whoever comes first', async () => {
    const { client, id, in: here } = await openNamespace();
    const namespaces = client.kv.namespaces;
    await expectRefusal(namespaces.create({ ...here, title: 'cache' }), 400, 10014);
    const raced = await Promise.allSettled(
      Array.from({ length: 4 }, () => namespaces.create({ ...here, title: 'raced' })),
    );
    expect(raced.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expectRefusal(namespaces.update(id, { ...here, title: 'raced' }), 400, 10014);
    expect((await namespaces.update(id, { ...here, title: 'cache' })).title).toBe('cache');
  });

  test('are listed in pages, by id or title', async () => {
    const owner = await halo.signUp();
    const namespaces = clientOf(owner).kv.namespaces;
    const here = { account_id: owner.id };
    const titles = Array.from({ length: 23 }, (_, n) => `title ${String(n).padStart(2, '0')}`);
    for (const title of titles) await namespaces.create({ ...here, title });
    const byTitle = await listed(namespaces.list({ ...here, order: 'title', direction: 'desc' }));
    expect(byTitle.map(({ title }) => title)).toEqual([...titles].reverse());
    const byId = (await listed(namespaces.list({ ...here, per_page: 5 }))).map(({ id }) => id);
    expect(byId).toEqual([...byId].sort());
    expect(byId).toHaveLength(23);
  });

  test('can be made as keys, with an id of one’s choice', async () => {
    const owner = await halo.signUp();
    await halo.set(owner, 'kv/my-cache/', '{"title": "My cache"}');
    await halo.set(owner, 'kv/my-cache/key', 'from /v1');
    const { namespaces } = clientOf(owner).kv;
    const at = { account_id: 'me', namespace_id: 'my-cache' };
    expect((await namespaces.get('my-cache', at)).title).toBe('My cache');
    expect(await (await namespaces.values.get('key', at)).text()).toBe('from /v1');
  });
});

describe('values', () => {
  test.each([
    ['a text', 'good morning'],
    ['no bytes', ''],
    ['a text with line breaks', 'a\r\nb\r\n'],
    ['a text of several scripts', 'ä 語 🙂'],
  ])('%s comes back', async (_what, value) => {
    const { client, at } = await openNamespace();
    await client.kv.namespaces.values.update('a/key with ü & %', { ...at, value });
    const got = await client.kv.namespaces.values.get('a/key with ü & %', at);
    expect(got.headers.get('content-type')).toBe('application/octet-stream');
    expect(await got.text()).toBe(value);
  });

  test('bytes come back, sent as a file or as the body', async () => {
    const { owner, client, id, at } = await openNamespace();
    const bytes = someBytes(3_000);
    await client.kv.namespaces.values.update('file', { ...at, value: await toFile(bytes, 'any.bin') });
    await send('PUT', `${at.namespace_id}/values/body`, owner, { body: bytes });
    for (const key of ['file', 'body']) {
      const got = await client.kv.namespaces.values.get(key, at);
      expect(new Uint8Array(await got.arrayBuffer())).toEqual(bytes);
      expect(new Uint8Array(await halo.read(owner, `kv/${id}/${key}`))).toEqual(bytes);
    }
  });

  test('keep metadata of any kind', async () => {
    const { client, at } = await openNamespace();
    const { values, metadata } = client.kv.namespaces;
    const kinds = [
      '{"a": 1, "b": [2]}',
      '[1,2]',
      '"text"',
      '12345678901234567890',
      'true',
      '{"":1}',
      '{"":{"":[]}}',
    ];
    for (const kind of [...kinds, 'null']) {
      await values.update('key', { ...at, value: 'x', metadata: kind });
      expect(await metadata.get('key', at)).toEqual(JSON.parse(kind));
    }
    await values.update('key', { ...at, value: 'x' });
    expect(await metadata.get('key', at)).toBeNull();
    await values.update('key', { ...at, value: 'x', metadata: JSON.stringify({ a: 'x'.repeat(1_016) }) });
    const over = JSON.stringify({ a: 'x'.repeat(1_017) });
    await expectRefusal(values.update('key', { ...at, value: 'y', metadata: over }), 413, 413);
    await expectRefusal(metadata.get('missing', at), 404, 10009);
    // As the SDK sends an object that is not JSON text.
    await expectRefusal(values.update('key', { ...at, value: 'y', metadata: { a: 1 } }), 400, 400);
    expect(await (await values.get('key', at)).text()).toBe('x');
  });

  test('expire, a minute from now at the earliest', async () => {
    const { client, at, in: here, id } = await openNamespace();
    const { values, keys } = client.kv.namespaces;
    const soon = Math.floor(Date.now() / 1_000) + 3_600;
    await values.update('at', { ...at, value: 'x', expiration: soon });
    expect((await values.get('at', at)).headers.get('expiration')).toBe(String(soon));
    await values.update('ttl', { ...at, value: 'x', expiration: 1, expiration_ttl: 60 });
    const ends = Number((await values.get('ttl', at)).headers.get('expiration'));
    expect(Math.abs(ends - (Date.now() / 1_000 + 60))).toBeLessThan(20);
    expect(await listed(keys.list(id, here))).toEqual([
      { name: 'at', expiration: soon },
      { name: 'ttl', expiration: ends },
    ]);
    await values.update('at', { ...at, value: 'x' });
    expect((await values.get('at', at)).headers.get('expiration')).toBeNull();
    await expectRefusal(values.update('at', { ...at, value: 'y', expiration_ttl: 59 }), 400, 400);
    await expectRefusal(values.update('at', { ...at, value: 'y', expiration: soon - 3_600 }), 400, 400);
    expect(await (await values.get('at', at)).text()).toBe('x');
  });

  test('are deleted, which is no fault when they are gone', async () => {
    const { owner, client, at } = await openNamespace();
    const { values } = client.kv.namespaces;
    await values.update('key', { ...at, value: 'one' });
    await values.delete('key', at);
    await expectRefusal(values.get('key', at), 404, 10009);
    const revision = await revisionOf(halo, owner);
    await values.delete('key', at);
    expect(await revisionOf(halo, owner)).toBe(revision);
  });

  test('are versioned, and their changes undone', async () => {
    const { owner, client, id, at } = await openNamespace();
    const { values } = client.kv.namespaces;
    await values.update('key', { ...at, value: 'one', metadata: '{"n":1}' });
    await values.update('key', { ...at, value: 'two' });
    await undo(halo, owner, await revisionOf(halo, owner));
    expect(await (await values.get('key', at)).text()).toBe('one');
    expect(await client.kv.namespaces.metadata.get('key', at)).toEqual({ n: 1 });
    const path = operations.getHistory.path.replace('{key}', `kv/${id}/key`);
    const history = await halo.request('GET', path, { token: owner.accessToken });
    expect((await expectJson<{ versions: object[] }>(history, 200)).versions).toHaveLength(3);
  });
});

describe('many keys', () => {
  test('2,500 are written, listed in pages, and deleted', async () => {
    const { client, id, in: here } = await openNamespace();
    const { namespaces } = client.kv;
    const names = Array.from({ length: 2_500 }, (_, n) => `key/${String(n).padStart(4, '0')}`);
    const body = names.map((key) => ({ key, value: `value of ${key}` }));
    const all = { successful_key_count: 2_500, unsuccessful_keys: [] };
    expect(await namespaces.bulkUpdate(id, { ...here, body })).toEqual(all);
    const first = await namespaces.keys.list(id, here);
    expect([first.result.length, first.result_info?.count]).toEqual([1_000, 1_000]);
    expect((await listed(namespaces.keys.list(id, here))).map(({ name }) => name)).toEqual(names);
    const some = await listed(namespaces.keys.list(id, { ...here, prefix: 'key/01', limit: 30 }));
    expect(some.map(({ name }) => name)).toEqual(names.slice(100, 200));
    const deleted = [...names.slice(0, 2_000), 'never there'];
    const answer = await namespaces.bulkDelete(id, { ...here, body: deleted });
    expect(answer).toEqual({ successful_key_count: 2_001, unsuccessful_keys: [] });
    expect(await listed(namespaces.keys.list(id, here))).toHaveLength(500);
    await namespaces.delete(id, here);
    expect(await listed(namespaces.list(here))).toEqual([]);
  });

  test('a namespace of more keys than a commit takes is deleted all the same', async () => {
    const { owner, client, id, in: here } = await openNamespace();
    const { namespaces } = client.kv;
    for (const half of ['a', 'b']) {
      const body = Array.from({ length: 5_200 }, (_, n) => ({ key: `${half}${n}`, value: '' }));
      await namespaces.bulkUpdate(id, { ...here, body });
    }
    await namespaces.delete(id, here);
    expect((await halo.page(owner, { prefix: 'kv/', count: 'true' })).count).toBe(1);
  });

  test('are written with all that values have', async () => {
    const { client, id, at, in: here } = await openNamespace();
    const { namespaces } = client.kv;
    const bytes = someBytes(100);
    const soon = Math.floor(Date.now() / 1_000) + 3_600;
    const body = [
      { key: 'bytes', value: Buffer.from(bytes).toString('base64'), base64: true },
      { key: 'plain', value: 'text', metadata: 'a text' },
      { key: 'timed', value: '{"n": 1}', expiration: soon, metadata: { a: [1] } },
      { key: '__proto__', value: '5' },
      { key: 'plain', value: 'the last counts', metadata: null },
    ];
    await namespaces.bulkUpdate(id, { ...here, body });
    expect(new Uint8Array(await (await namespaces.values.get('bytes', at)).arrayBuffer())).toEqual(bytes);
    const keys = ['plain', 'timed', '__proto__', 'missing', 'plain'];
    const texts = await send('POST', `${id}/bulk/get`, undefined, { body: JSON.stringify({ keys }) }, client);
    expect(((await texts.json()) as { result: unknown }).result).toEqual(
      JSON.parse(
        '{"values":{"plain":"the last counts","timed":"{\\"n\\": 1}","__proto__":"5","missing":null}}',
      ),
    );
    const noted = await namespaces.bulkGet(id, {
      ...here,
      keys: ['timed', 'gone'],
      type: 'json',
      withMetadata: true,
    });
    expect(noted).toEqual({
      values: { timed: { value: { n: 1 }, metadata: { a: [1] }, expiration: soon }, gone: null },
    });
    await expectRefusal(namespaces.bulkGet(id, { ...here, keys: ['bytes'] }), 400, 400);
    await expectRefusal(namespaces.bulkGet(id, { ...here, keys: ['plain'], type: 'json' }), 400, 400);
  });

  test('are all refused for a fault in one of them', async () => {
    const { client, id, in: here } = await openNamespace();
    const { namespaces } = client.kv;
    const good = { key: 'good', value: 'x' };
    const faults: [object, number, number][] = [
      [{ key: '', value: 'x' }, 400, 400],
      [{ key: '..', value: 'x' }, 400, 400],
      [{ key: 'a\0', value: 'x' }, 400, 400],
      [{ key: 'k'.repeat(513), value: 'x' }, 400, 400],
      [{ key: 'a' }, 400, 400],
      [{ key: 'a', value: 1 }, 400, 400],
      [{ key: 'a', value: '?', base64: true }, 400, 400],
      [{ key: 'a', value: '\ud800' }, 400, 400],
      [{ key: 'a', value: 'x', expiration_ttl: 30 }, 400, 400],
      [{ key: 'a', value: 'x', expiration: 1.5 }, 400, 400],
      [{ key: 'a', value: 'x', metadata: 'm'.repeat(1_024) }, 413, 413],
      [{ key: 'a', value: 'x', metadata: { a: '\0' } }, 400, 400],
    ];
    for (const [fault, status, code] of faults) {
      const body = [good, fault] as unknown as (typeof good)[];
      await expectRefusal(namespaces.bulkUpdate(id, { ...here, body }), status, code);
    }
    const many = Array.from({ length: 10_001 }, (_, n) => ({ key: `${n}`, value: '' }));
    await expectRefusal(namespaces.bulkUpdate(id, { ...here, body: many }), 400, 400);
    expect(await listed(namespaces.keys.list(id, here))).toEqual([]);
  });
});

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
}

/** A request below the namespaces of whoever asks. */
function send(
  method: string,
  path: string,
  person: Person | undefined,
  sent: Sent = {},
  client?: Cloudflare,
) {
  const token = person?.accessToken ?? client?.apiToken;
  const headers = { ...(token == null ? {} : { authorization: `Bearer ${token}` }), ...sent.headers };
  return fetch(`${baseURL}/accounts/me/storage/kv/namespaces/${path}`, { method, ...sent, headers });
}

async function expectEnvelope(response: Response, status: number, code: number): Promise<void> {
  const text = await response.text();
  expect(response.status, text).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  const message = expect.any(String) as string;
  expect(JSON.parse(text)).toEqual({
    result: null,
    success: false,
    errors: [{ code, message }],
    messages: [],
  });
}

describe('bad input', () => {
  const part = (head: string, body = 'x') =>
    `--X\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
  const form = (...parts: string[]) => ({
    headers: { 'content-type': 'multipart/form-data; boundary=X' },
    body: Buffer.from(`${parts.join('')}--X--\r\n`, 'latin1'),
  });
  const json = (body: string) => ({ headers: { 'content-type': 'application/json' }, body });
  test.each<[method: string, path: string, sent: Sent, status: number, code: number]>([
    ['PUT', 'values/key', { headers: { 'content-type': 'multipart/form-data' }, body: 'x' }, 400, 400],
    ['PUT', 'values/key', { ...form(), body: 'no form' }, 400, 400],
    ['PUT', 'values/key', { ...form(), body: '--X\r\nContent-Disp' }, 400, 400],
    ['PUT', 'values/key', form(part('name="metadata"', '{}')), 400, 400],
    ['PUT', 'values/key', form(part('name="value"'), part('name="value"')), 400, 400],
    ['PUT', 'values/key', form(part('name="value"'), part('name="other"')), 400, 400],
    ['PUT', 'values/key', form(part('name="value"'), part('name="metadata"', '{')), 400, 400],
    ['PUT', 'values/key', form(part('name="value"'), part('name="metadata"', '{"a":1,"a":2}')), 400, 400],
    ['PUT', 'values/key', form(part('name="value"'), part('name="metadata"', '"\\u0000"')), 400, 400],
    ['PUT', 'values/key', form(part('name="value"', '\xff')), 400, 400],
    ['PUT', 'values/key', { body: 'x', headers: { 'content-encoding': 'gzip' } }, 415, 415],
    ['PUT', 'values/key', { body: 'x', headers: { 'content-type': 'no type' } }, 415, 415],
    ['PUT', 'values/key?expiration=soon', { body: 'x' }, 400, 400],
    ['PUT', 'values/key?expiration_ttl=-1', { body: 'x' }, 400, 400],
    ['PUT', 'values/key?expiration_ttl=60&expiration_ttl=61', { body: 'x' }, 400, 400],
    ['PUT', 'values/key?expiration_ttl=9999999999999999', { body: 'x' }, 400, 400],
    ['PUT', 'values/key?expiration=253402300800', { body: 'x' }, 400, 400],
    ['PUT', `values/${'k'.repeat(513)}`, { body: 'x' }, 414, 414],
    ['GET', `values/${'%C3%A4'.repeat(257)}`, {}, 414, 414],
    ['GET', `metadata/${'k'.repeat(2_000)}`, {}, 414, 414],
    ['GET', 'values/a%00', {}, 400, 400],
    ['GET', 'values/%zz', {}, 400, 400],
    ['GET', 'values/%ff', {}, 400, 400],
    ['DELETE', 'values/x%00', {}, 400, 400],
    ['GET', 'values/', {}, 404, 7003],
    ['GET', 'nothing', {}, 404, 7003],
    ['GET', 'keys/', {}, 404, 7003],
    ['POST', 'values/key', { body: 'x' }, 405, 7001],
    ['PUT', 'metadata/key', { body: 'x' }, 405, 7001],
    ['PATCH', 'keys', {}, 405, 7001],
    ['GET', 'bulk', {}, 405, 7001],
    ['GET', 'keys?limit=9', {}, 400, 400],
    ['GET', 'keys?limit=1001', {}, 400, 400],
    ['GET', 'keys?cursor=made-up!', {}, 400, 400],
    ['GET', 'keys?prefix=%00', {}, 400, 400],
    ['GET', 'keys?prefix=%ff', {}, 400, 400],
    ['PUT', 'bulk', json('[{'), 400, 400],
    ['PUT', 'bulk', json('{}'), 400, 400],
    ['PUT', 'bulk', json('"\xff"'), 400, 400],
    ['PUT', 'bulk', json('['.repeat(100_000)), 400, 400],
    ['DELETE', 'bulk', json('[1]'), 400, 400],
    ['POST', 'bulk/delete', json('["a", ""]'), 400, 400],
    ['POST', 'bulk/get', json('{"keys": []}'), 400, 400],
    ['POST', 'bulk/get', json(JSON.stringify({ keys: Array<string>(101).fill('a') })), 400, 400],
    ['POST', 'bulk/get', json('{"keys": ["a"], "type": "xml"}'), 400, 400],
    ['POST', 'bulk/get', json('{"keys": ["a\\u0000"]}'), 400, 400],
    ['PUT', '', json('{"title": ""}'), 400, 400],
    ['PUT', '', json('{"title": "a\\u0000"}'), 400, 400],
    ['PUT', '', json('{"title": "\\ud800"}'), 400, 400],
    ['PUT', '', json(JSON.stringify({ title: 't'.repeat(513) })), 400, 400],
    ['PUT', '', json('null'), 400, 400],
  ])('%s %s is refused', async (method, path, sent, status, code) => {
    const { owner, id } = await openNamespace();
    const revision = await revisionOf(halo, owner);
    const response = await send(method, path === '' ? id : `${id}/${path}`, owner, sent);
    await expectEnvelope(response, status, code);
    if (status === 405) expect(response.headers.get('allow')).toMatch(/^[A-Z]+(, [A-Z]+)*$/);
    expect(await revisionOf(halo, owner)).toBe(revision);
  });

  test('a byte order mark is none: a text of a form keeps it', async () => {
    const { owner, id } = await openNamespace();
    const sent = form(part('name="value"', '\xef\xbb\xbfx'));
    expect((await send('PUT', `${id}/values/key`, owner, sent)).status).toBe(200);
    const read = await send('GET', `${id}/values/key`, owner);
    expect(Buffer.from(await read.arrayBuffer()).toString('latin1')).toBe('\xef\xbb\xbfx');
  });

  test('a value over 25 MiB is refused, in a form as well', async () => {
    const { owner, id, client, at } = await openNamespace();
    const large = new Uint8Array(limits.valueBytesMax + 1);
    await expectEnvelope(await send('PUT', `${id}/values/key`, owner, { body: large }), 413, 413);
    const value = await toFile(large, 'large');
    await expectRefusal(client.kv.namespaces.values.update('key', { ...at, value }), 413, 413);
  });

  test('so are namespaces that there cannot be, and demands on where data is kept', async () => {
    const { owner, client, in: here } = await openNamespace();
    for (const id of ['0'.repeat(32), 'no%20id', '%2e%2e%2f', 'x'.repeat(5_000), '%zz']) {
      await expectEnvelope(await send('GET', `${id}/values/key`, owner), 404, 10013);
      await expectEnvelope(await send('PUT', `${id}/values/key`, owner, { body: 'x' }), 404, 10013);
      await expectEnvelope(await send('GET', `${id}/keys`, owner), 404, 10013);
      await expectEnvelope(await send('DELETE', id, owner), 404, 10013);
      await expectEnvelope(await send('PUT', `${id}/bulk`, owner, { body: '[]' }), 404, 10013);
      await expectEnvelope(
        await send('POST', `${id}/bulk/get`, owner, { body: '{"keys":["a"]}' }),
        404,
        10013,
      );
    }
    await expectRefusal(client.kv.namespaces.create({ ...here, title: 'eu', jurisdiction: 'eu' }), 400, 400);
  });
});

describe('who may', () => {
  test('nobody without a token, or on another account’s path', async () => {
    const { owner, id } = await openNamespace();
    const other = await openNamespace();
    for (const headers of [{}, { authorization: 'Bearer nonsense' }, { 'x-auth-key': 'key' }]) {
      for (const path of ['', id, `${id}/keys`, `${id}/values/key`, 'nothing/at/all']) {
        await expectEnvelope(await send('GET', path, undefined, { headers }), 401, 10000);
      }
    }
    const theirs = { account_id: other.owner.id };
    await expectRefusal(clientOf(owner).kv.namespaces.get(other.id, theirs), 403, 10000);
    await expectRefusal(clientOf(owner).kv.namespaces.get(other.id, { account_id: owner.id }), 404, 10013);
    await expectRefusal(clientOf(owner).kv.namespaces.get('x', { account_id: '0' }), 403, 10000);
    expect(await listed(clientOf(owner).kv.namespaces.list({ account_id: owner.id }))).toHaveLength(1);
    await halo.logOut(owner);
    for (const path of ['', id, `${id}/keys`, 'nothing/at/all', '%zz/values/x']) {
      await expectEnvelope(await send('GET', path, owner), 401, 10000);
    }
  });

  test('a token that reads does not write', async () => {
    const { owner, client, id, at, in: here } = await openNamespace();
    await client.kv.namespaces.values.update('key', { ...at, value: 'value' });
    const reader = clientOf(withToken(owner, await security.createToken(owner, { access: 'read' }))).kv
      .namespaces;
    expect(await (await reader.values.get('key', at)).text()).toBe('value');
    expect(await listed(reader.keys.list(id, here))).toHaveLength(1);
    expect(await reader.bulkGet(id, { ...here, keys: ['key'] })).toEqual({ values: { key: 'value' } });
    for (const write of [
      () => reader.create({ ...here, title: 'mine' }),
      () => reader.update(id, { ...here, title: 'mine' }),
      () => reader.delete(id, here),
      () => reader.values.update('key', { ...at, value: 'x' }),
      () => reader.values.delete('key', at),
      () => reader.bulkUpdate(id, { ...here, body: [{ key: 'key', value: 'x' }] }),
      () => reader.bulkDelete(id, { ...here, body: ['key'] }),
    ]) {
      await expectRefusal(write(), 403, 10000);
    }
  });

  test('a token for a namespace’s folder does all there, and nothing elsewhere', async () => {
    const { owner, client, id, at, in: here } = await openNamespace();
    const other = await client.kv.namespaces.create({ ...here, title: 'other' });
    const there = { ...here, namespace_id: other.id };
    const token = await security.createToken(owner, { prefix: `kv/${id}/` });
    const inside = clientOf(withToken(owner, token)).kv.namespaces;
    await inside.values.update('key', { ...at, value: 'value' });
    expect(await listed(inside.keys.list(id, here))).toEqual([{ name: 'key' }]);
    expect((await listed(inside.list(here))).map((one) => one.id)).toEqual([id]);
    for (const asked of [
      () => inside.get(other.id, here),
      () => inside.values.get('key', there),
      () => inside.values.update('key', { ...there, value: 'x' }),
      () => inside.keys.list(other.id, here),
      () => inside.bulkGet(other.id, { ...here, keys: ['key'] }),
      () => inside.create({ ...here, title: 'third' }),
      () => inside.update(id, { ...here, title: 'renamed' }),
    ]) {
      await expectRefusal(asked(), 403, 10000);
    }
    await inside.delete(id, here);
    expect(await listed(client.kv.namespaces.list(here))).toEqual([{ ...other }]);
  });
});

test('unstorage’s driver for Workers KV works, below /client/v4', async () => {
  const { owner, id } = await openNamespace();
  const driver = cloudflareDriver({
    accountId: owner.id,
    namespaceId: id,
    apiToken: owner.accessToken,
    apiURL: baseURL,
  } as Parameters<typeof cloudflareDriver>[0]);
  const storage = createStorage({ driver });
  await storage.setItem('some:key', { n: 1 });
  await storage.setItem('other', 'text', { ttl: 10 });
  expect(await storage.getItem('some:key')).toEqual({ n: 1 });
  expect(await storage.getItem('missing')).toBeNull();
  expect([await storage.hasItem('other'), await storage.hasItem('missing')]).toEqual([true, false]);
  expect((await storage.getKeys()).sort()).toEqual(['other', 'some:key']);
  expect(await storage.getKeys('some')).toEqual(['some:key']);
  await storage.removeItem('other');
  await storage.clear();
  expect(await storage.getKeys()).toEqual([]);
});
