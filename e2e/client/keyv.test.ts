import { keyvIteratorTests, default as keyvTestSuite } from '@keyv/test-suite';
import { createHalo } from 'halo-client';
import { HaloKeyv } from 'halo-client/keyv';
import Keyv from 'keyv';
import * as vitest from 'vitest';
import { allOf } from '../all-of.js';
import { goodPassword, newName } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { until } from '../until.js';

const { afterAll, beforeEach, describe, expect, test } = vitest;

const server = await startHalo();
afterAll(() => server.stop());

async function newHalo() {
  const halo = createHalo({ url: server.url });
  await halo.signUp({ name: newName(), password: goodPassword });
  return halo;
}

const shared = await newHalo();

describe('the suite of Keyv 5', () => {
  keyvTestSuite(vitest, Keyv, () => new HaloKeyv(shared));
});

describe('the iterator suite of Keyv 5', () => {
  keyvIteratorTests(vitest, Keyv, () => new HaloKeyv(shared));
});

describe('Keyv 5 that leaves prefixes to the adapter', () => {
  test('stores keys as namespace:key', async () => {
    const halo = await newHalo();
    const keyv = new Keyv({ store: new HaloKeyv(halo), namespace: 'cache', useKeyPrefix: false });
    expect(await keyv.set('greeting', { text: 'hello' })).toBe(true);
    expect((await allOf(halo.list())).map(({ key }) => key)).toEqual(['cache:greeting']);
    expect(await keyv.get('greeting')).toEqual({ text: 'hello' });
    const iterator = keyv.iterator?.(undefined);
    expect((await iterator?.next())?.value).toEqual(['greeting', { text: 'hello' }]);
  });

  test('answers for many keys what it answers for one', async () => {
    const keyv = new Keyv({ store: new HaloKeyv(await newHalo()), useKeyPrefix: false });
    const entries = Array.from({ length: 5 }, (_, n) => ({ key: `key ${n}`, value: { n } }));
    expect(await keyv.setMany(entries)).toEqual(entries.map(() => true));
    expect(await keyv.getMany(['key 0', 'none', 'key 4'])).toEqual([{ n: 0 }, undefined, { n: 4 }]);
    expect(await keyv.hasMany(['key 1', 'none'])).toEqual([true, false]);
    expect(await keyv.deleteMany(['key 1', 'none'])).toBe(false);
    expect(await keyv.hasMany(['key 1', 'key 2'])).toEqual([false, true]);
    expect(await keyv.deleteMany(['key 2', 'key 3'])).toBe(true);
  });

  test('tells of a get that failed, instead of taking it for a key that is not there', async () => {
    const halo = await newHalo();
    const keyv = new Keyv({ store: new HaloKeyv(halo) });
    const errors: unknown[] = [];
    keyv.on('error', (error) => errors.push(error));
    await halo.logOut();
    await keyv.get('key');
    expect(errors).toEqual([expect.objectContaining({ name: 'HaloError', status: 401 })]);
  });
});

/** What Keyv 6 asks of a store that takes times to live: it hands over keys without their namespace. */
describe('the contract of Keyv 6', () => {
  let halo: Awaited<ReturnType<typeof newHalo>>;
  let store: HaloKeyv;

  beforeEach(async () => {
    halo = await newHalo();
    store = new HaloKeyv(halo, { namespace: 'one' });
  });

  test('is one of methods that all are asynchronous, with a namespace', () => {
    for (const name of [
      'get',
      'has',
      'hasMany',
      'set',
      'setMany',
      'delete',
      'deleteMany',
      'clear',
    ] as const) {
      expect(store[name].constructor.name, name).toBe('AsyncFunction');
    }
    expect('namespace' in new HaloKeyv(halo)).toBe(true);
    expect('capabilities' in store).toBe(false);
  });

  test('get answers the text that was set, and undefined for what was not', async () => {
    expect(await store.set('key', '{"value":"ü"}')).toBe(true);
    expect(await store.get('key')).toBe('{"value":"ü"}');
    expect(await store.get('none')).toBeUndefined();
  });

  test.each([{ value: { value: 1, expires: 2 } }, { value: [null, 'text'] }, { value: 0 }, { value: false }])(
    'what Keyv does not serialise comes back: $value',
    async ({ value }) => {
      await store.set('key', value);
      expect(await store.get('key')).toEqual(value);
    },
  );

  test('bytes come back as bytes', async () => {
    await store.set('key', new Uint8Array([0, 255, 1]));
    expect(await store.get('key')).toEqual(new Uint8Array([0, 255, 1]));
  });

  test('a time to live is Halo’s own, in milliseconds', async () => {
    await store.set('soon', 'gone', 300);
    await store.setMany([
      { key: 'later', value: 'here', ttl: 600_000 },
      { key: 'always', value: 'here' },
    ]);
    expect((await halo.get('one:always'))?.expiresAt).toBeUndefined();
    const left = Number((await halo.get('one:later'))?.expiresAt) - Date.now();
    expect(left).toBeGreaterThan(590_000);
    expect(left).toBeLessThan(610_000);
    await until('The end of the key', async () => !(await store.has('soon')));
    expect(await store.getMany(['soon', 'later'])).toEqual([undefined, 'here']);
  });

  test('what has expired when it is set is not there', async () => {
    await store.set('key', 'old');
    expect(await store.set('key', 'new', 0)).toBe(true);
    expect(await store.has('key')).toBe(false);
    await store.set('key', 'old');
    expect(await store.setMany([{ key: 'key', value: 'new', ttl: -1 }])).toEqual([true]);
    expect(await store.has('key')).toBe(false);
  });

  test('namespaces keep apart, also where a key looks like one of the other’s', async () => {
    const two = new HaloKeyv(halo, { namespace: 'two' });
    await store.set('key', '1');
    await store.set('one:key', '2');
    await two.set('key', '3');
    expect(await store.getMany(['key', 'one:key'])).toEqual(['1', '2']);
    await store.clear();
    expect(await store.hasMany(['key', 'one:key'])).toEqual([false, false]);
    expect(await two.get('key')).toBe('3');
  });

  test('without a namespace everything is meant', async () => {
    await store.set('key', '1');
    const all = new HaloKeyv(halo);
    expect(await all.get('one:key')).toBe('1');
    await all.clear();
    expect(await store.has('key')).toBe(false);
  });

  test('many keys, and large ones, are more than one request, and in order', async () => {
    const entries = Array.from({ length: 1_205 }, (_, n) => ({ key: `many/${n}`, value: String(n) }));
    expect(await store.setMany(entries)).toHaveLength(1_205);
    expect(await store.getMany(entries.map(({ key }) => key))).toEqual(entries.map(({ value }) => value));
    const large = Array.from({ length: 3 }, (_, n) => ({ key: `large/${n}`, value: String(n).repeat(3e6) }));
    await store.setMany(large);
    expect((await store.getMany(['large/0', 'large/2'])).map((value) => String(value).length)).toEqual([
      3e6, 3e6,
    ]);
    const iterated = await allOf(store.iterator<string>());
    expect(iterated).toHaveLength(1_208);
    expect(iterated.find(([key]) => key === 'many/77')).toEqual(['many/77', '77']);
    expect(await store.deleteMany(entries.map(({ key }) => key))).toBe(true);
    await store.clear();
    expect(await allOf(store.iterator())).toEqual([]);
  });

  test('refusals are rejections', async () => {
    await halo.logOut();
    await expect(store.set('key', '1')).rejects.toMatchObject({ name: 'HaloError', status: 401 });
    await expect(store.clear()).rejects.toMatchObject({ status: 401 });
  });

  test('events are told to who listens, until it stops', async () => {
    let told = 0;
    const listener = () => {
      told += 1;
    };
    store.on('disconnect', listener);
    await store.disconnect();
    store.off('disconnect', listener);
    await store.disconnect();
    expect(told).toBe(1);
  });
});
