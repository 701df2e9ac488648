import { createHalo, type Halo } from 'halo-client';
import haloDriver from 'halo-client/unstorage';
import { createStorage, prefixStorage, type Storage } from 'unstorage';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { allOf } from '../all-of.js';
import { goodPassword, newName } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { until } from '../until.js';

const server = await startHalo();
afterAll(() => server.stop());

let halo: Halo;
let storage: Storage;
beforeEach(async () => {
  halo = createHalo({ url: server.url });
  await halo.signUp({ name: newName(), password: goodPassword });
  storage = createStorage({ driver: haloDriver({ halo }) });
});

const keysOfHalo = async () => (await allOf(halo.list())).map(({ key }) => key);

describe('items', () => {
  test('that were never set are null, and nothing is listed', async () => {
    expect(await storage.hasItem('a:b')).toBe(false);
    expect(await storage.getItem('a:b')).toBeNull();
    expect(await storage.getItemRaw('a:b')).toBeNull();
    expect(await storage.getKeys()).toEqual([]);
  });

  test.each(['text', '', 'ü🙂', 0, 1.5, true, false, { a: [1, { b: null }] }, [1, '2']])(
    'come back as what they were: %j',
    async (value) => {
      await storage.setItem('folder/item.json', value);
      expect(await storage.getItem('folder:item.json')).toEqual(value);
      expect(await storage.hasItem('folder:item.json')).toBe(true);
    },
  );

  test('that say how they are written down come back as that', async () => {
    await storage.setItem('date', new Date(0) as unknown as string);
    expect(await storage.getItem('date')).toBe('1970-01-01T00:00:00.000Z');
  });

  test('that cannot be written down are refused', async () => {
    class Opaque {}
    await expect(storage.setItem('a', new Opaque() as never)).rejects.toThrow();
    expect(await storage.hasItem('a')).toBe(false);
  });

  test('are what other clients of Halo find in folders', async () => {
    await storage.setItem('users:ada:name', 'Ada');
    expect(await keysOfHalo()).toEqual(['users/ada/name']);
    await halo.set('users/bob/name', 'Bob');
    expect(await storage.getItem('users:bob:name')).toBe('Bob');
  });

  test('do not know of query strings', async () => {
    await storage.setItem('a?version=1', 'x');
    expect(await storage.getItem('a?version=2')).toBe('x');
    expect(await keysOfHalo()).toEqual(['a']);
  });

  test('are gone once they are removed, and removing what is not there is fine', async () => {
    await storage.setItem('a:b', 'x');
    await storage.removeItem('a:b');
    expect(await storage.getItem('a:b')).toBeNull();
    await storage.removeItem('a:b');
  });

  test('are set and got together, in order, those that are not there as null', async () => {
    const items: { key: string; value: unknown }[] = Array.from({ length: 1_010 }, (_, n) => {
      return { key: `many:${n}`, value: n };
    });
    await storage.setItems([...items, { key: 'object', value: { a: 1 } }] as {
      key: string;
      value: string;
    }[]);
    expect(await storage.getItems(['many:1009', { key: 'none' }, 'object', 'many:0'])).toEqual([
      { key: 'many:1009', value: 1_009 },
      { key: 'none', value: null },
      { key: 'object', value: { a: 1 } },
      { key: 'many:0', value: 0 },
    ]);
    expect(await storage.getKeys('many')).toHaveLength(1_010);
    await storage.getMount().driver.clear?.('many:', {});
    expect(await storage.getKeys()).toEqual(['object']);
  });

  test('end by themselves after the seconds they were given', async () => {
    await storage.setItem('soon', 'x', { ttl: 0.3 });
    await storage.setItems([{ key: 'later', value: 'x', options: { ttl: 600 } }]);
    await storage.setItem('always', 'x', { ttl: 0 });
    expect((await storage.getMeta('later')).ttl).toBeGreaterThan(590);
    expect((await storage.getMeta('always')).ttl).toBeUndefined();
    await until('The end of the item', async () => !(await storage.hasItem('soon')));
    const brief = createStorage({ driver: haloDriver({ halo, ttl: 60 }) });
    await brief.setItem('default', 'x');
    expect((await brief.getMeta('default')).ttl).toBeLessThanOrEqual(60);
  });
});

describe('raw items', () => {
  test.each<[string, unknown, string]>([
    ['bytes', new Uint8Array([0, 255, 10]), '00ff0a'],
    ['a buffer of Node', Buffer.from('00ff', 'hex'), '00ff'],
    ['an ArrayBuffer', new Uint8Array([1]).buffer, '01'],
    ['a Blob', new Blob([new Uint8Array([2])]), '02'],
    ['text', 'ü', 'c3bc'],
    ['a part of a buffer', new Uint8Array([1, 2, 3, 4]).subarray(1, 3), '0203'],
  ])('come back byte by byte: %s', async (_, value, hex) => {
    await storage.setItemRaw('raw.bin', value);
    const bytes = await storage.getItemRaw<Uint8Array>('raw.bin');
    expect(Buffer.from(bytes ?? []).toString('hex')).toBe(hex);
  });
});

describe('keys', () => {
  beforeEach(async () => {
    await storage.setItems(['top', 'a:b', 'a:c:d', 'a:c:e', 'ab:c'].map((key) => ({ key, value: 'x' })));
  });

  test('are listed below a base, and not those that only begin like it', async () => {
    expect((await storage.getKeys()).toSorted()).toEqual(['a:b', 'a:c:d', 'a:c:e', 'ab:c', 'top']);
    expect((await storage.getKeys('a')).toSorted()).toEqual(['a:b', 'a:c:d', 'a:c:e']);
    expect(await storage.getKeys('none')).toEqual([]);
  });

  test('are listed as deep as asked', async () => {
    expect(await storage.getKeys(undefined, { maxDepth: 0 })).toEqual(['top']);
    expect((await storage.getKeys('', { maxDepth: 1 })).toSorted()).toEqual(['a:b', 'ab:c', 'top']);
    expect(await storage.getKeys('', { maxDepth: 2 })).toHaveLength(5);
  });

  test('that unstorage cannot name are left out', async () => {
    await Promise.all(['x:y', 'x?y', 'x\\y', '/x', 'x/', 'x//y'].map((key) => halo.set(key, '')));
    expect(await storage.getKeys()).toHaveLength(5);
  });

  test('are cleared below a base, and all', async () => {
    // unstorage itself only ever clears whole mounts.
    await storage.getMount().driver.clear?.('a:', {});
    expect((await storage.getKeys()).toSorted()).toEqual(['ab:c', 'top']);
    await storage.clear();
    await storage.clear();
    expect(await storage.getKeys()).toEqual([]);
  });
});

describe('meta', () => {
  test('tells what Halo knows, and what was said', async () => {
    const before = Date.now();
    await storage.setItem('a', 'four');
    await storage.setItem('ab', 'another that begins like it');
    await storage.setMeta('a', { by: 'ada' });
    const meta = await storage.getMeta('a');
    expect(meta).toMatchObject({ size: 4, revision: 1, contentType: 'text/plain; charset=utf-8', by: 'ada' });
    expect(Number(meta.mtime)).toBeGreaterThan(before - 60_000);
    expect(meta.mtime).toBeInstanceOf(Date);
    expect(await storage.getKeys()).toEqual(['a', 'ab']);
    await storage.removeItem('a', { removeMeta: true });
    expect({ ...(await storage.getMeta('a')) }).toEqual({});
  });
});

describe('a base', () => {
  test('keeps drivers apart on one account', async () => {
    const [one, two] = ['app:one', '/app/two/'].map((base) =>
      createStorage({ driver: haloDriver({ halo, base }) }),
    );
    await one?.setItem('a', '1');
    await two?.setItem('a', '2');
    expect(await keysOfHalo()).toEqual(['app/one/a', 'app/two/a']);
    expect(await one?.getKeys()).toEqual(['a']);
    await one?.clear();
    expect(await two?.getItem('a')).toBe(2);
  });

  test('goes with mounts and prefixes', async () => {
    const mounted = createStorage().mount('halo', haloDriver({ halo, base: 'app' }));
    await prefixStorage(mounted, 'halo:in').setItem('a', '1');
    expect(await keysOfHalo()).toEqual(['app/in/a']);
    expect(await mounted.getKeys()).toEqual(['halo:in:a']);
  });

  test('goes with a token that reaches nothing else', async () => {
    const { token } = await halo.createToken({ name: 'app', access: 'write', prefix: 'app/' });
    const scoped = createStorage({ driver: haloDriver({ url: server.url, token, base: 'app' }) });
    await scoped.setItem('a', '1');
    expect(await scoped.getKeys()).toEqual(['a']);
    expect(await scoped.getMeta('a')).toMatchObject({ size: 1 });
    await scoped.clear();
    expect(await keysOfHalo()).toEqual([]);
  });
});

describe('watching', () => {
  test('tells of everybody’s changes below the base, until it is stopped', async () => {
    const driver = haloDriver({ halo, base: 'app' });
    const watched = createStorage({ driver });
    const told: string[] = [];
    const unwatch = await watched.watch((event, key) => told.push(`${event} ${key}`));
    await watched.setItem('a:b', '1');
    await halo.set('elsewhere', '');
    await halo.set('app/c', '');
    await watched.removeItem('a:b');
    await until('What was changed', () => told.length >= 3);
    expect(told).toEqual(['update a:b', 'update c', 'remove a:b']);
    await unwatch();
    const again: string[] = [];
    await watched.watch((event, key) => again.push(`${event} ${key}`));
    await watched.setItem('d', '');
    await until('What was changed after that', () => again.length > 0);
    expect(again).toEqual(['update d']);
    expect(told).toHaveLength(3);
    await watched.dispose();
  });

  test('that the server ends is told of', async () => {
    const errors: unknown[] = [];
    const { id, token } = await halo.createToken({ name: 'app', access: 'read' });
    const onWatchError = (error: unknown) => errors.push(error);
    const watched = createStorage({ driver: haloDriver({ url: server.url, token, onWatchError }) });
    await watched.watch(() => {});
    await halo.revokeToken(id);
    await until('The end', () => errors.length > 0);
    expect(errors).toEqual([expect.objectContaining({ name: 'HaloError', status: 401 })]);
  });
});
