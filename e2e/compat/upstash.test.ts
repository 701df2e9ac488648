import type { Redis } from '@upstash/redis';
import { afterAll, describe, expect, test } from 'vitest';
import { haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { securityOf } from '../security.js';
import { redisAt, upstashAt } from './upstash.js';

const server = await startHalo();
afterAll(() => server.stop());
const halo = haloAt(server.url);
const security = securityOf(halo);
const upstash = upstashAt(server.url);
const redisOf = (person: Person, options = {}) => redisAt(server.url, person.accessToken, options);
const newRedis = async (options = {}) => {
  const person = await halo.signUp();
  return { person, redis: redisOf(person, options) };
};

/** A minute goes by now and then on a busy machine. */
function expectAbout(seconds: number, wanted: number): void {
  expect(seconds).toBeLessThanOrEqual(wanted);
  expect(seconds).toBeGreaterThan(wanted - 60);
}

describe('the client of Upstash', () => {
  test('sets and gets under every option', async () => {
    const { redis } = await newRedis();
    expect(await redis.set('a', 'one')).toBe('OK');
    expect(await redis.get('a')).toBe('one');
    expect(await redis.get('absent')).toBeNull();
    expect(await redis.set('a', 'two', { nx: true })).toBeNull();
    expect(await redis.set('a', 'two', { xx: true, get: true })).toBe('one');
    expect(await redis.set('b', 'new', { nx: true, ex: 1_000 })).toBe('OK');
    expect(await redis.set('c', 'none', { xx: true })).toBeNull();
    expectAbout(await redis.ttl('b'), 1_000);
    expect(await redis.set('b', 'kept', { keepTtl: true })).toBe('OK');
    expectAbout(await redis.ttl('b'), 1_000);
    expect(await redis.set('b', 'plain')).toBe('OK');
    expect(await redis.ttl('b')).toBe(-1);
    await redis.set('px', '1', { px: 600_000 });
    expect(await redis.pttl('px')).toBeGreaterThan(500_000);
    const at = Math.floor(Date.now() / 1_000) + 5_000;
    await redis.set('at', '1', { exat: at });
    await redis.set('pat', '1', { pxat: at * 1_000 + 7 });
    expect(await redis.exec(['expiretime', 'at'])).toBe(at);
    expect(await redis.exec(['pexpiretime', 'pat'])).toBe(at * 1_000 + 7);
    expect(await redis.set('at', '2', { exat: 1 })).toBe('OK');
    expect(await redis.exists('at')).toBe(0);
    expect(await redis.setex('s', 500, 'v')).toBe('OK');
    expect(await redis.psetex('p', 500_000, 'v')).toBe('OK');
    expect(await redis.mget('s', 'p')).toEqual(['v', 'v']);
    expect(await redis.setnx('s', 'w')).toBe(0);
    expect(await redis.setnx('t', 'w')).toBe(1);
    expect(await redis.getset('t', 'x')).toBe('w');
    expect(await redis.getset('u', 'x')).toBeNull();
  });

  test('stores JSON, numbers, booleans and every character', async () => {
    const { person, redis } = await newRedis();
    const object = { a: [1, null, 'ü'], deep: { '😀': true } };
    await redis.set('object', object);
    expect(await redis.get('object')).toEqual(object);
    expect((await halo.read(person, 'object')).toString()).toBe(JSON.stringify(object));
    for (const value of [1, 1.5, 1e21, -0.1, true, false, '', 'OK', 'ünï😀\u0000\u0001"\\', ' "quoted" ']) {
      await redis.set('k', value);
      expect([value, (await halo.read(person, 'k')).toString()]).toEqual([value, String(value)]);
      if (value !== ' "quoted" ') expect(await redis.get('k')).toEqual(value);
    }
    const { headers } = await halo.get(person, 'k');
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await redis.set('odd key/?#%2F ü', 'v')).toBe('OK');
    expect((await halo.read(person, 'odd key/?#%2F ü')).toString()).toBe('v');
  });

  test('takes several keys at once, in one commit', async () => {
    const { person, redis } = await newRedis();
    expect(await redis.mset({ a: '1', b: '2', c: { d: 3 } })).toBe('OK');
    expect((await halo.page(person)).revision).toBe(1);
    expect(await redis.mget('c', 'nothing', 'a', 'a')).toEqual([{ d: 3 }, null, 1, 1]);
    expect(await redis.msetnx({ c: '1', d: '2' })).toBe(0);
    expect(await redis.msetnx({ d: '2', e: '3' })).toBe(1);
    expect(await redis.exists('a', 'a', 'd', 'nothing')).toBe(3);
    expect(await redis.touch('a', 'nothing')).toBe(1);
    expect(await redis.del('a', 'a', 'b', 'nothing')).toBe(2);
    expect(await redis.unlink('c', 'nothing')).toBe(1);
    expect(await redis.dbsize()).toBe(2);
    expect((await halo.page(person)).revision).toBe(4);
  });

  test('reads and writes parts of values', async () => {
    const { redis } = await newRedis();
    expect(await redis.append('k', 'hello')).toBe(5);
    expect(await redis.append('k', ' world')).toBe(11);
    expect(await redis.getrange('k', 0, 4)).toBe('hello');
    expect(await redis.getrange('k', -5, -1)).toBe('world');
    expect(await redis.exec(['SUBSTR', 'k', '9', '100'])).toBe('ld');
    expect(await redis.setrange('k', 6, 'halo!')).toBe(11);
    expect(await redis.setrange('z', 2, 'x')).toBe(3);
    expect(await redis.get('z')).toBe('\u0000\u0000x');
    expect(await redis.strlen('k')).toBe(11);
    expect(await redis.strlen('nothing')).toBe(0);
    expect(await redis.getdel('k')).toBe('hello halo!');
    expect(await redis.getdel('k')).toBeNull();
    await redis.set('k', 'v');
    expect(await redis.getex('k', { ex: 1_000 })).toBe('v');
    expectAbout(await redis.ttl('k'), 1_000);
    expect(await redis.getex('k')).toBe('v');
    expect(await redis.getex('k', { persist: true })).toBe('v');
    expect(await redis.ttl('k')).toBe(-1);
    expect(await redis.getex('k', { px: 700_000 })).toBe('v');
    expect(await redis.getex('k', { exat: Math.floor(Date.now() / 1_000) + 900 })).toBe('v');
    expect(await redis.getex('k', { pxat: 1 })).toBe('v');
    expect(await redis.get('k')).toBeNull();
  });

  test('counts, keeping the expiry', async () => {
    const { redis } = await newRedis();
    expect(await redis.incr('n')).toBe(1);
    await redis.expire('n', 1_000);
    expect(await redis.incrby('n', 9)).toBe(10);
    expect(await redis.decr('n')).toBe(9);
    expect(await redis.decrby('n', 4)).toBe(5);
    expectAbout(await redis.ttl('n'), 1_000);
    expect(await redis.incrbyfloat('n', 0.1)).toBe(5.1);
    expect(await redis.incrbyfloat('n', 0.2)).toBe(5.3);
    expectAbout(await redis.ttl('n'), 1_000);
    await expect(redis.incr('n')).rejects.toThrow('ERR value is not an integer or out of range');
    await redis.set('big', '9223372036854775806');
    await redis.incr('big');
    await expect(redis.incr('big')).rejects.toThrow('ERR increment or decrement would overflow');
    await redis.set('text', 'x');
    await expect(redis.incrbyfloat('text', 1)).rejects.toThrow('ERR value is not a valid float');
  });

  test('ends keys in time, under every flag', async () => {
    const { redis } = await newRedis();
    await redis.set('k', 'v');
    expect(await redis.expire('nothing', 10)).toBe(0);
    expect(await redis.expire('k', 1_000, 'XX')).toBe(0);
    expect(await redis.expire('k', 1_000, 'GT')).toBe(0);
    expect(await redis.expire('k', 1_000, 'NX')).toBe(1);
    expect(await redis.expire('k', 2_000, 'NX')).toBe(0);
    expect(await redis.expire('k', 500, 'GT')).toBe(0);
    expect(await redis.expire('k', 2_000, 'LT')).toBe(0);
    expect(await redis.pexpire('k', 30_000_000, 'GT')).toBe(1);
    expectAbout(await redis.ttl('k'), 30_000);
    const at = Math.floor(Date.now() / 1_000) + 4_000;
    expect(await redis.expireat('k', at, 'LT')).toBe(1);
    expect(await redis.pexpireat('k', at * 1_000 + 5)).toBe(1);
    expect(await redis.persist('k')).toBe(1);
    expect(await redis.persist('k')).toBe(0);
    expect(await redis.ttl('k')).toBe(-1);
    expect(await redis.pttl('nothing')).toBe(-2);
    expect(await redis.expire('k', -1)).toBe(1);
    expect(await redis.get('k')).toBeNull();
  });

  test('renames and copies with the expiry', async () => {
    const { redis } = await newRedis();
    await redis.mset({ a: 'A', b: 'B' });
    await redis.expire('a', 1_000);
    expect(await redis.renamenx('a', 'b')).toBe(0);
    expect(await redis.rename('a', 'c')).toBe('OK');
    expectAbout(await redis.ttl('c'), 1_000);
    expect(await redis.exists('a')).toBe(0);
    await expect(redis.rename('a', 'c')).rejects.toThrow('ERR no such key');
    expect(await redis.renamenx('c', 'd')).toBe(1);
    expect(await redis.copy('d', 'b')).toBe('NOT_COPIED');
    expect(await redis.copy('d', 'b', { replace: true })).toBe('COPIED');
    expect(await redis.mget('b', 'd')).toEqual(['A', 'A']);
    expectAbout(await redis.ttl('b'), 1_000);
    expect(await redis.rename('b', 'b')).toBe('OK');
    expect(await redis.type('b')).toBe('string');
    expect(await redis.type('nothing')).toBe('none');
  });

  test('looks through the keys', async () => {
    const { redis } = await newRedis();
    expect(await redis.randomkey()).toBeNull();
    const names = Array.from({ length: 250 }, (_, index) => `user:${index}`);
    await redis.mset(Object.fromEntries([...names, 'other', 'usér:*'].map((name) => [name, 'v'])));
    expect((await redis.keys('user:1?')).sort()).toEqual(names.slice(10, 20));
    expect(await redis.keys('us[a-é]r:\\*')).toEqual(['usér:*']);
    expect(await redis.keys('none*')).toEqual([]);
    for (const encoding of ['base64', false] as const) {
      const found: string[] = [];
      const client = redisAt(server.url, redisToken(redis), { responseEncoding: encoding });
      let cursor = '0';
      do {
        const [next, keys] = await client.scan(cursor, { match: 'user:*', count: 40 });
        expect(keys.length).toBeLessThanOrEqual(40);
        expect(String(next)).toMatch(/^\d+$/);
        found.push(...keys);
        cursor = String(next);
      } while (cursor !== '0');
      expect(found.sort()).toEqual([...names].sort());
    }
    expect(await redis.scan(0, { type: 'hash' })).toEqual(['0', []]);
    expect(await redis.scan('0', { match: 'other', withType: true })).toEqual([
      '0',
      [{ key: 'other', type: 'string' }],
    ]);
    expect(await redis.dbsize()).toBe(252);
    expect([...names, 'other', 'usér:*']).toContain(await redis.randomkey());
  });

  test('answers to ping and echo', async () => {
    const { redis } = await newRedis();
    expect(await redis.ping()).toBe('PONG');
    expect(await redis.ping(['hello'])).toBe('hello');
    expect(await redis.echo('ünï')).toBe('ünï');
  });

  test('pipelines: in order, each with its own error', async () => {
    const { person, redis } = await newRedis();
    const pipeline = redis.pipeline();
    pipeline.set('a', 'x').get('a').incr('a').get('a').strlen('a').hset('h', { f: 1 }).set('b', 2).incr('b');
    const outcomes = await pipeline.exec({ keepErrors: true });
    expect(outcomes.map(({ result, error }) => error ?? result)).toEqual([
      ...['OK', 'x', 'ERR value is not an integer or out of range', 'x', 1],
      expect.stringMatching(/^ERR unknown command 'hset'/),
      ...['OK', 3],
    ]);
    expect((await halo.page(person)).revision).toBe(3);
    const automatic = redisOf(person, { enableAutoPipelining: true });
    // It sends reads and writes apart, so that only each kind keeps its order.
    expect(await Promise.all([automatic.set('c', 'one'), automatic.append('c', '!')])).toEqual(['OK', 4]);
    const seen = await Promise.all([automatic.get('c'), automatic.strlen('c'), automatic.mget('c', 'no')]);
    expect(seen).toEqual(['one!', 4, ['one!', null]]);
    expect(await automatic.get('c')).toBe('one!');
  });

  test('transacts: all in one commit, with the results of Redis', async () => {
    const { person, redis } = await newRedis();
    await redis.set('old', 'v');
    const multi = redis.multi();
    multi.set('a', 'x').append('a', 'y').get('a').incr('n').incr('n').rename('old', 'new').del('n').get('n');
    expect(await multi.exec()).toEqual(['OK', 2, 'xy', 1, 2, 'OK', 1, null]);
    const { revision, keys } = await halo.page(person);
    expect(revision).toBe(2);
    expect(keys.map(({ key, revision }) => [key, revision])).toEqual([
      ['a', 2],
      ['new', 2],
    ]);
    const failing = redis.multi();
    failing.set('b', 'text').incr('b').set('c', 'after');
    const outcomes = await failing.exec({ keepErrors: true });
    expect(outcomes.map(({ result, error }) => error ?? result)).toEqual([
      ...['OK', 'ERR value is not an integer or out of range', 'OK'],
    ]);
    expect(await redis.get('c')).toBe('after');
    const discarded = redis.multi();
    discarded.set('d', '1').lpush('list', 'x');
    await expect(discarded.exec()).rejects.toThrow(/EXECABORT .*command 2: ERR unknown command 'lpush'/);
    expect(await redis.exists('d')).toBe(0);
    await expect(redis.multi().keys('*').exec()).rejects.toThrow('EXECABORT');
  });
});

function redisToken(redis: Redis): string {
  const { client } = redis as unknown as { client: { headers: { authorization: string } } };
  return client.headers.authorization.replace('Bearer ', '');
}

describe('what many do at once', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index);

  test('counts and appends lose nothing', async () => {
    const { redis } = await newRedis();
    const counted = await Promise.all(hundred.map(() => redis.incr('n')));
    expect(counted.sort((a, b) => a - b)).toEqual(hundred.map((index) => index + 1));
    const lengths = await Promise.all(hundred.map(() => redis.append('text', 'x')));
    expect(lengths.sort((a, b) => a - b)).toEqual(hundred.map((index) => index + 1));
    await Promise.all(hundred.map(() => redis.incrbyfloat('f', 0.1)));
    expect(await redis.get('f')).toBe(10);
  });

  test('exactly one of many creates, renames and takes', async () => {
    const { redis } = await newRedis();
    const set = await Promise.all(hundred.map((index) => redis.set('k', index, { nx: true })));
    expect(set.filter((answer) => answer === 'OK')).toHaveLength(1);
    expect(await redis.get('k')).toBe(set.indexOf('OK'));
    const taken = await Promise.all(hundred.map(() => redis.getdel('k')));
    expect(taken.filter((value) => value !== null)).toHaveLength(1);
    await redis.mset(Object.fromEntries(hundred.map((index) => [`from${index}`, index])));
    const renamed = await Promise.all(hundred.map((index) => redis.renamenx(`from${index}`, 'to')));
    expect(renamed.filter((answer) => answer === 1)).toHaveLength(1);
  });

  test('transactions never see each other half done', async () => {
    const { redis } = await newRedis();
    await redis.mset({ a: 0, b: 0 });
    const outcomes = await Promise.all(
      hundred.map((index) =>
        index % 2 === 0
          ? redis.multi().incr('a').incr('b').exec<[number, number]>()
          : redis.multi().get('a').get('b').exec<[number, number]>(),
      ),
    );
    for (const [a, b] of outcomes) expect(a).toBe(b);
    expect(await redis.mget('a', 'b')).toEqual([50, 50]);
  });
});

describe('whose data it is', () => {
  test('two accounts are apart', async () => {
    const [mine, theirs] = [await newRedis(), await newRedis()];
    await mine.redis.set('k', 'mine');
    expect(await theirs.redis.get('k')).toBeNull();
    expect(await theirs.redis.keys('*')).toEqual([]);
    await theirs.redis.set('k', 'theirs');
    expect(await mine.redis.get('k')).toBe('mine');
  });

  test('a reading token writes nothing, even where nothing would change', async () => {
    const { person, redis } = await newRedis();
    await redis.set('k', '1');
    const { token } = await security.createToken(person, { access: 'read' });
    const reader = redisAt(server.url, token);
    expect(await reader.get('k')).toBe(1);
    expect(await reader.pipeline().get('k').ttl('k').exec()).toEqual([1, -1]);
    const writes: (() => Promise<unknown>)[] = [
      () => reader.set('k', '2'),
      () => reader.set('k', '2', { nx: true }),
      () => reader.incr('k'),
      () => reader.del('nothing'),
      () => reader.expire('nothing', 1),
      () => reader.append('k', ''),
      () => reader.copy('nothing', 'k'),
      () => reader.multi().get('k').set('k', '2').exec(),
    ];
    for (const write of writes) await expect(write()).rejects.toThrow('NOPERM');
    expect((await upstash(token, ['SET', 'k', '2'])).status).toBe(403);
    const outcomes = await reader.pipeline().set('k', '2').get('k').exec({ keepErrors: true });
    expect(outcomes[0]?.error).toMatch(/^NOPERM /);
    expect(outcomes[1]?.result).toBe(1);
    expect(await redis.get('k')).toBe(1);
  });

  test('a token with a prefix sees its keys under their full names, and no others', async () => {
    const { person, redis } = await newRedis();
    await redis.mset({ 'in/a': 'x', out: 'y' });
    const { token } = await security.createToken(person, { prefix: 'in/' });
    const scoped = redisAt(server.url, token);
    expect(await scoped.get('in/a')).toBe('x');
    expect(await scoped.keys('*')).toEqual(['in/a']);
    expect(await scoped.dbsize()).toBe(1);
    expect(await scoped.randomkey()).toBe('in/a');
    expect(await scoped.set('in/b', 'z')).toBe('OK');
    for (const act of [
      () => scoped.get('out'),
      () => scoped.set('out', 'z'),
      () => scoped.rename('in/a', 'out'),
      () => scoped.mget('in/a', 'out'),
      () => scoped.exists('out', 'absent'),
    ]) {
      await expect(act()).rejects.toThrow('NOPERM');
    }
    const outcomes = await scoped.pipeline().get('in/a').get('out').get('in/b').exec({ keepErrors: true });
    expect(outcomes.map(({ error }) => error?.slice(0, 6))).toEqual([undefined, 'NOPERM', undefined]);
  });

  test('a write has a history and can be undone', async () => {
    const { person, redis } = await newRedis();
    await redis.set('k', 'first');
    await redis.append('k', ' second');
    const history = await halo.request('GET', '/v1/history/k', { token: person.accessToken });
    const { versions } = (await history.json()) as { versions: { revision: number; kind: string }[] };
    expect(versions.map(({ revision, kind }) => [revision, kind])).toEqual([
      [2, 'set'],
      [1, 'set'],
    ]);
    const undone = await halo.request('POST', '/v1/undo', {
      token: person.accessToken,
      headers: { 'content-type': 'application/json' },
      body: '{"revision":2}',
    });
    expect(undone.status).toBe(200);
    expect(await redis.get('k')).toBe('first');
  });

  test('logging out ends it at once, for commands that touch no key too', async () => {
    const { person, redis } = await newRedis();
    await redis.set('k', 'v');
    await halo.logOut(person);
    for (const act of [
      () => redis.get('k'),
      () => redis.ping(),
      () => redis.incr('n'),
      () => redis.keys('\u0000*'),
      () => redis.pipeline().ping().exec(),
      () => redis.multi().echo('x').exec(),
    ]) {
      await expect(act()).rejects.toThrow('WRONGPASS');
    }
  });
});
