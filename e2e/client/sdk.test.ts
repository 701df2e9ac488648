import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createHalo, type Halo, HaloError, type HaloSession, type Watched } from 'halo-client';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { allOf } from '../all-of.js';
import { goodPassword, newName } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { longestKeys, peculiarKeys } from '../legal-keys.js';
import { until } from '../until.js';

const server = await startHalo();
afterAll(() => server.stop());

let halo: Halo;
let name: string;
beforeEach(async () => {
  name = newName();
  halo = createHalo({ url: server.url });
  await halo.signUp({ name, password: goodPassword });
});

const keysOf = async (listed: AsyncIterable<{ readonly key: string }>) =>
  (await allOf(listed)).map(({ key }) => key);

/** Collects garbage now, which Node otherwise does when it likes. */
const collectGarbage: () => void = (() => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

/** Loses the answer to what matches, once, after the server has done it. */
function losing(pattern: RegExp): { readonly fetch: typeof fetch; readonly sent: string[] } {
  const sent: string[] = [];
  let isLost = false;
  const send: typeof fetch = async (input, init) => {
    sent.push(String(input));
    const response = await fetch(input, init);
    if (isLost || !pattern.test(String(input))) return response;
    isLost = true;
    await response.arrayBuffer();
    throw new TypeError('fetch failed');
  };
  return { fetch: send, sent };
}

describe('values', () => {
  test('come back as what they were', async () => {
    expect(await halo.set('text', 'grüße')).toEqual({ key: 'text', revision: 1, created: true });
    await halo.set('json', { list: [1, null, 'ü'], nested: {} });
    await halo.set('number', 0);
    await halo.set('bytes', new Uint8Array([0, 255, 10]));
    await halo.set('buffer', new Uint8Array([1, 2]).buffer);
    await halo.set('blob', new Blob(['<b>'], { type: 'text/html' }));
    expect(await halo.getText('text')).toBe('grüße');
    expect(await halo.getJson('json')).toEqual({ list: [1, null, 'ü'], nested: {} });
    expect(await halo.getJson('number')).toBe(0);
    expect((await halo.get('bytes'))?.bytes).toEqual(new Uint8Array([0, 255, 10]));
    expect((await halo.get('buffer'))?.bytes).toEqual(new Uint8Array([1, 2]));
    expect(await halo.getText('blob')).toBe('<b>');
    expect(await halo.get('blob')).toMatchObject({ contentType: 'text/html' });
    expect(await halo.get('none')).toBeUndefined();
    expect(await halo.getText('none')).toBeUndefined();
    await expect(halo.getJson('text')).rejects.toThrow(SyntaxError);
  });

  test('carry content type, metadata, times and expiry', async () => {
    const metadata = { 'who ü': ['ada', 1] };
    await halo.set('a', 'x', { contentType: 'text/markdown', metadata, ttl: 600 });
    const value = await halo.get('a');
    expect(value).toMatchObject({ key: 'a', revision: 1, contentType: 'text/markdown', metadata });
    expect(Math.abs(Number(value?.createdAt) - Date.now())).toBeLessThan(60_000);
    expect(Number(value?.expiresAt) - Number(value?.createdAt)).toBe(600_000);
    const expiresAt = new Date(Date.now() + 5_000_000);
    await halo.set('a', 'y', { expiresAt });
    expect(await halo.get('a')).toMatchObject({ expiresAt, metadata: undefined });
    await halo.set('a', 'z', { ttl: 'keep' });
    expect((await halo.get('a'))?.expiresAt).toEqual(expiresAt);
    expect((await halo.read(['a'])).values[0]).toMatchObject({
      key: 'a',
      expiresAt,
      contentType: 'text/plain; charset=utf-8',
    });
  });

  test('may be 5 MB, in every way that they travel', async () => {
    const bytes = new Uint8Array(5_000_000).map((_, n) => (n * 31) % 256);
    const same = (found: Uint8Array | undefined) => found !== undefined && Buffer.compare(found, bytes) === 0;
    await halo.set('put', bytes);
    expect(same((await halo.get('put'))?.bytes)).toBe(true);
    await halo.commit().set('committed', bytes).run();
    expect(same((await halo.read(['committed'])).values[0]?.bytes)).toBe(true);
    await halo.set('..', new Blob([bytes]));
    expect(same((await halo.get('..'))?.bytes)).toBe(true);
  });

  test('are set and deleted only on the condition given', async () => {
    for (const key of ['a', '.']) {
      const { revision } = await halo.set(key, '1', { ifRevision: 0 });
      const refused = { name: 'HaloError', code: 'precondition-failed', status: 412 };
      await expect(halo.set(key, '2', { ifRevision: 0 })).rejects.toMatchObject(refused);
      await expect(halo.delete(key, { ifRevision: revision + 100 })).rejects.toMatchObject(refused);
      await halo.set(key, '2', { ifRevision: revision });
      expect(await halo.getText(key)).toBe('2');
    }
  });

  test('stay as they are in a dry run', async () => {
    await halo.set('a', '1');
    expect(await halo.set('a', '2', { dryRun: true })).toMatchObject({ revision: 2, created: false });
    expect(await halo.delete('a', { dryRun: true })).toBe(2);
    expect(await halo.commit().set('b', '1').run({ dryRun: true })).toMatchObject({ revision: 2 });
    expect(await halo.undo(1, { dryRun: true })).toMatchObject({ revision: 2 });
    expect(await keysOf(halo.list())).toEqual(['a']);
    expect((await halo.whoAmI()).revision).toBe(1);
  });
});

test('every legal key can be set, asked for, got and deleted', async () => {
  const keys = ['.', '..', ...peculiarKeys, ...longestKeys];
  await Promise.all(keys.map((key) => halo.set(key, `value of ${key}`)));
  const found = await Promise.all(
    keys.map(async (key) => [await halo.has(key), await halo.getText(key)] as const),
  );
  expect(found).toEqual(keys.map((key) => [true, `value of ${key}`]));
  expect(new Set(await keysOf(halo.list()))).toEqual(new Set(keys));
  expect(await halo.getText('..', { revision: keys.length })).toBe('value of ..');
  for (const key of keys.slice(2, 12)) {
    expect((await halo.history(key).next()).value).toMatchObject({ kind: 'set' });
  }
  expect((await Promise.all(keys.map((key) => halo.delete(key)))).every(Number.isInteger)).toBe(true);
  expect(await Promise.all(keys.map((key) => halo.has(key)))).toEqual(keys.map(() => false));
  expect(await halo.delete('.')).toBeUndefined();
  expect(await halo.delete('a')).toBeUndefined();
  await Promise.all(['../a', '%2F', '🙂'].map((key) => halo.purge(key)));
  // What has no way around the path is refused before it reaches another one.
  await expect(halo.purge('..')).rejects.toMatchObject({ code: 'invalid-key' });
  await expect(halo.history('.').next()).rejects.toMatchObject({ code: 'invalid-key' });
});

describe('lists', () => {
  test('go over as many pages as there are, either way and within bounds', async () => {
    const commit = halo.commit();
    for (let n = 0; n < 25; n += 1) commit.set(`a/${String(n).padStart(2, '0')}`, String(n));
    await commit.set('b', 'b').run();
    const all = await keysOf(halo.list({ pageSize: 7 }));
    expect(all).toHaveLength(26);
    expect(all).toEqual(all.toSorted());
    expect(await keysOf(halo.list({ reverse: true, pageSize: 7 }))).toEqual(all.toReversed());
    expect(await keysOf(halo.list({ prefix: 'a/', start: 'a/03', end: 'a/06' }))).toEqual([
      'a/03',
      'a/04',
      'a/05',
    ]);
    const valued = await allOf(halo.list({ prefix: 'a/2', values: true }));
    expect(valued.map(({ value }) => value)).toEqual(['20', '21', '22', '23', '24']);
    await halo.delete('b');
    expect(await keysOf(halo.list({ prefix: 'b', at: 1 }))).toEqual(['b']);
    const page = await halo.page({ delimiter: '/', count: true, limit: 10 });
    expect(page).toMatchObject({ keys: [], prefixes: [{ prefix: 'a/', count: 25 }], revision: 2 });
  });

  test('that are left early ask for no more', async () => {
    const { fetch: counted, sent } = losing(/never/);
    const counting = createHalo({ url: server.url, fetch: counted, ...sessionOf(halo) });
    await halo.commit().set('a', '').set('b', '').set('c', '').run();
    for await (const { key } of counting.list({ pageSize: 1 })) if (key === 'b') break;
    expect(sent).toHaveLength(2);
  });
});

function sessionOf({ session }: Halo): { readonly session: HaloSession } {
  if (session === undefined) throw new Error('There is a session.');
  return { session };
}

describe('commits', () => {
  test('do everything that mutations can', async () => {
    await halo.set('old', '1');
    const big = 2n ** 62n;
    const { revision, results } = await halo
      .commit()
      .check('old', 1)
      .check('none', 0)
      .set('json', { a: 1 }, { metadata: { m: 1 }, ttl: 60 })
      .set('bytes', new Uint8Array([255]))
      .add('count', big)
      .add('count', 1)
      .min('count', 9)
      .max('count', 10)
      .touch('json', 'never')
      .touch('bytes', { ttl: 50 })
      .touch('bytes', { expiresAt: new Date('2999-01-01T00:00:00Z') })
      .copy('old', 'dir/copy')
      .move('old', 'dir/moved')
      .copyPrefix('dir/', 'dir2/')
      .movePrefix('dir2/', 'dir3/')
      .deletePrefix('dir/')
      .delete('bytes')
      .run();
    expect(revision).toBe(2);
    expect(results).toHaveLength(15);
    expect(results[3]).toMatchObject({ key: 'count', value: String(big + 1n) });
    expect(await keysOf(halo.list())).toEqual(['count', 'dir3/copy', 'dir3/moved', 'json']);
    expect(await halo.getText('count')).toBe('10');
    expect((await halo.get('json'))?.expiresAt).toBeUndefined();
    await halo.undo(2);
    expect(await keysOf(halo.list())).toEqual(['old']);
    await halo.set('old', '2');
    await expect(halo.undo(1)).rejects.toMatchObject({ code: 'undo-conflict', status: 409 });
    await halo.commit().restore('old', 1).run();
    expect(await halo.getText('old')).toBe('1');
  });

  test('that fail a check change nothing', async () => {
    await expect(halo.commit().check('a', 7).set('b', '').run()).rejects.toMatchObject({
      code: 'check-failed',
    });
    expect(await keysOf(halo.list())).toEqual([]);
  });

  test('whose answer was lost are done once', async () => {
    const { fetch: lossy, sent } = losing(/commit/);
    const client = createHalo({ url: server.url, fetch: lossy, ...sessionOf(halo) });
    expect(await client.commit().add('visits', 1).run()).toMatchObject({ revision: 1 });
    expect(sent).toHaveLength(2);
    expect(await halo.getText('visits')).toBe('1');
  });

  test('under one name are one commit, and another under it is refused', async () => {
    const once = () => halo.commit().idempotencyKey('order 7').add('visits', 1).run();
    expect(await once()).toEqual(await once());
    const other = halo.commit().idempotencyKey('order 7').add('visits', 2).run();
    await expect(other).rejects.toMatchObject({ code: 'idempotency-mismatch' });
  });

  test('of one key whose answer was lost say so', async () => {
    const client = createHalo({ url: server.url, fetch: losing(/keys/).fetch, ...sessionOf(halo) });
    await expect(client.set('a', '1')).rejects.toMatchObject({ code: 'outcome-unknown', status: 0 });
    expect(await halo.getText('a')).toBe('1');
  });
});

describe('the past', () => {
  test('is read, listed, restored and erased', async () => {
    await halo.set('a', '1');
    await halo.set('a', '2');
    await halo.delete('a');
    expect(await halo.getText('a', { revision: 1 })).toBe('1');
    expect((await allOf(halo.history('a'))).map(({ revision, kind }) => [revision, kind])).toEqual([
      [3, 'delete'],
      [2, 'set'],
      [1, 'set'],
    ]);
    expect(await allOf(halo.trash())).toMatchObject([{ key: 'a', revision: 3, reason: 'delete' }]);
    expect(await allOf(halo.trash({ prefix: 'b' }))).toEqual([]);
    expect(await halo.changes({ since: 1, limit: 1, values: true })).toMatchObject({
      changes: [{ revision: 2, key: 'a', value: '2' }],
      more: true,
    });
    await halo.purge('a', { dryRun: true });
    expect(await halo.getText('a', { revision: 2 })).toBe('2');
    await halo.purge('a');
    await expect(halo.get('a', { revision: 2 })).rejects.toMatchObject({ code: 'pruned' });
    expect(await keysOf(halo.trash())).toEqual([]);
  });

  test('of many keys is more than one page', async () => {
    const commit = halo.commit();
    for (let n = 0; n < 300; n += 1) commit.set(`key ${n}`, '');
    await commit.run();
    const gone = halo.commit();
    for (let n = 0; n < 300; n += 1) gone.delete(`key ${n}`);
    await gone.run();
    expect(await keysOf(halo.trash())).toHaveLength(300);
  });
});

describe('export and import', () => {
  test('carry an account over as streams', async () => {
    await halo
      .commit()
      .set('a', 'ü')
      .set('b', new Uint8Array([255]))
      .set('c/d', { e: 1 }, { metadata: {} })
      .run();
    const other = createHalo({ url: server.url });
    await other.signUp({ name: newName(), password: goodPassword });
    const told: number[] = [];
    const end = await other.import(await halo.export(), { onProgress: ({ lines }) => told.push(lines) });
    expect(end).toMatchObject({ done: true, imported: 3, failed: 0, sha256_ok: true });
    expect(told.every((lines) => lines <= end.lines)).toBe(true);
    expect((await other.read(['a', 'b', 'c/d'])).values.map((value) => value?.text())).toEqual(
      (await halo.read(['a', 'b', 'c/d'])).values.map((value) => value?.text()),
    );
    const part = await new Response(await halo.export({ prefix: 'c/' })).text();
    expect(await other.import(part, { onConflict: 'skip' })).toMatchObject({ imported: 0, skipped: 1 });
    expect(await other.import(new Blob([part]), { onConflict: 'replace', dryRun: true })).toMatchObject({
      imported: 1,
    });
    expect(await other.import(part)).toMatchObject({ done: false });
  });

  test('tell of lines that are refused, and go on', async () => {
    const faults: unknown[] = [];
    const lines = '{"key":"","value":"x"}\n{"key":"a","value":"x"}\n';
    const end = await halo.import(lines, { onFault: (fault) => faults.push(fault) });
    expect(end).toMatchObject({ done: true, imported: 1, failed: 1 });
    expect(faults).toMatchObject([{ line: 1, code: 'invalid-key' }]);
  });
});

describe('watching', () => {
  test('tells of each commit from here on, with values and by prefix if asked', async () => {
    await halo.set('before', '');
    const stopping = new AbortController();
    const seen: Watched[] = [];
    const watched = (async () => {
      const options = { since: 1, prefix: 'a/', values: true, signal: stopping.signal };
      for await (const one of halo.watch(options)) seen.push(one);
    })();
    await halo.set('b', 'unseen');
    await halo.commit().set('a/1', 'one').set('a/2', 'two').run();
    await until('The commit', () => seen.length > 0);
    stopping.abort();
    await expect(watched).rejects.toMatchObject({ name: 'AbortError' });
    expect(seen).toMatchObject([
      {
        type: 'commit',
        revision: 3,
        changes: [
          { key: 'a/1', value: 'one' },
          { key: 'a/2', value: 'two' },
        ],
      },
    ]);
  });

  test('ends with its signal, however much was forgotten meanwhile', async () => {
    const reason = new Error('No longer wanted.');
    const stopping = new AbortController();
    // From the beginning: the watch may begin after the set.
    const watching = halo.watch({ since: 0, signal: stopping.signal });
    const first = watching.next();
    await halo.set('a', 'x');
    await first;
    const second = watching.next().catch((error: unknown) => error);
    for (let round = 0; round < 3; round += 1) {
      collectGarbage();
      // What is to be finalised is so between two turns of the event loop.
      await halo.whoAmI();
    }
    stopping.abort(reason);
    expect(await second).toBe(reason);
  });

  test('ends when the loop is left, and with the session', async () => {
    await halo.set('a', '');
    for await (const one of halo.watch({ since: 0 })) {
      expect(one).toMatchObject({ revision: 1 });
      break;
    }
    const other = createHalo({ url: server.url });
    await other.logIn({ name, password: goodPassword });
    const watched = other.watch({ since: 0 });
    expect((await watched.next()).value).toMatchObject({ revision: 1 });
    const next = watched.next();
    await halo.endOtherSessions();
    await expect(next).rejects.toMatchObject({ code: 'session-ended' });
  });
});

describe('sessions', () => {
  test('whose access token is worth nothing any more are renewed, once for all who wait', async () => {
    const told: (HaloSession | undefined)[] = [];
    const { fetch: counted, sent } = losing(/never/);
    const { session } = sessionOf(halo);
    const client = createHalo({
      url: server.url,
      fetch: counted,
      session: { ...session, accessToken: `${session.accessToken.slice(0, -4)}AAAA` },
      onSession: (next) => told.push(next),
    });
    await client.set('a', '1');
    expect(await Promise.all([client.getText('a'), client.getText('a')])).toEqual(['1', '1']);
    expect(sent.filter((url) => url.endsWith('/refresh'))).toHaveLength(1);
    expect(told).toEqual([client.session]);
    expect(client.session?.account).toEqual({ id: session.account.id, name });
  });

  test('can be renewed by hand, and are over after logging out', async () => {
    const before = halo.session?.accessToken;
    expect((await halo.refresh()).accessToken).not.toBe(before);
    const kept = sessionOf(halo);
    await halo.logOut();
    expect(halo.session).toBeUndefined();
    await halo.logOut();
    const client = createHalo({ url: server.url, ...kept });
    await expect(client.page()).rejects.toMatchObject({ code: 'session-ended', status: 401 });
    expect(client.session).toBeUndefined();
    await client.logIn({ name, password: goodPassword });
    expect((await client.whoAmI()).account.name).toBe(name);
  });

  test('are listed and ended, each or all others', async () => {
    const second = createHalo({ url: server.url });
    const third = createHalo({ url: server.url });
    await second.logIn({ name, password: goodPassword });
    const others = async () => (await halo.sessions()).filter(({ current }) => !current);
    const [found] = await others();
    await halo.endSession(found?.id ?? '');
    await expect(second.page()).rejects.toMatchObject({ code: 'session-ended' });
    await third.logIn({ name, password: goodPassword });
    await halo.endOtherSessions();
    expect(await others()).toEqual([]);
  });

  test('end for others when the password changes', async () => {
    const wrong = halo.changePassword({ current: 'not the password', next: 'another good password' });
    await expect(wrong).rejects.toBeInstanceOf(HaloError);
    await halo.changePassword({ current: goodPassword, next: 'another good password', revokeTokens: true });
    const again = createHalo({ url: server.url });
    await expect(again.logIn({ name, password: goodPassword })).rejects.toMatchObject({ status: 401 });
    await again.logIn({ name, password: 'another good password' });
    expect((await halo.audit({ limit: 2 })).events).toHaveLength(2);
    expect((await halo.usage()).length).toBeGreaterThan(0);
    await again.deleteAccount('another good password');
    expect(again.session).toBeUndefined();
    await expect(halo.page()).rejects.toMatchObject({ status: 401 });
  });
});

describe('an API token', () => {
  test('reaches what it may, and nothing once it is revoked', async () => {
    const { id, token } = await halo.createToken({
      name: 'app',
      access: 'write',
      prefix: 'app/',
      expiresIn: 600,
    });
    expect(await halo.tokens()).toMatchObject([{ id, name: 'app', access: 'write', prefix: 'app/' }]);
    const app = createHalo({ url: server.url, token });
    await app.set('app/a', '1');
    expect(await app.getText('app/a')).toBe('1');
    expect(app.session).toBeUndefined();
    await expect(app.set('other', '')).rejects.toMatchObject({ code: 'insufficient-scope', status: 403 });
    const reader = createHalo({
      url: server.url,
      token: (await halo.createToken({ name: 'r', access: 'read' })).token,
    });
    expect(await keysOf(reader.list())).toEqual(['app/a']);
    await expect(reader.delete('app/a')).rejects.toMatchObject({ code: 'insufficient-scope' });
    await halo.revokeToken(id);
    await expect(app.get('app/a')).rejects.toMatchObject({ status: 401 });
  });
});

test('send asks for anything else, authenticated', async () => {
  const response = await halo.send({ method: 'GET', path: '/v1/account', repeat: 'safe' });
  expect(await response.json()).toMatchObject({ account: { name } });
});
