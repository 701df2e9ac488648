import { afterAll, describe, expect, test } from 'vitest';
import { haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { securityOf } from '../security.js';
import { mount, upstashAt } from './upstash.js';

const [server, limited] = await Promise.all([startHalo(), startHalo({ env: { HALO_RATE_LIMIT: '3/3600' } })]);
afterAll(() => Promise.all([server.stop(), limited.stop()]));
const halo = haloAt(server.url);
const upstash = upstashAt(server.url);
const me = await halo.signUp();

/** A request as it is given; every answer is checked for what all of them promise. */
async function ask(
  path: string,
  init: RequestInit & { readonly headers?: Record<string, string> } = {},
  person: Person = me,
) {
  const headers = { authorization: `Bearer ${person.accessToken}`, ...init.headers };
  const response = await fetch(`${server.url}${mount}${path}`, { ...init, headers });
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{6,}$/);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

const post = (body: unknown, path = '', headers: Record<string, string> = {}) =>
  ask(path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers });

describe('a command in the path', () => {
  test('is read from segments, body and query', async () => {
    expect((await ask('/set/p/a%2Fb%20c')).body).toEqual({ result: 'OK' });
    expect((await ask('/GET/p')).body).toEqual({ result: 'a/b c' });
    expect((await ask('/set/p/v/EXAT/4102444800')).body).toEqual({ result: 'OK' });
    expect((await ask('/expiretime/p')).body).toEqual({ result: 4_102_444_800 });
    const put = await ask('/set/p?EXAT=4102444801&XX', { method: 'PUT', body: 'a body' });
    expect(put.body).toEqual({ result: 'OK' });
    expect((await ask('/expiretime/p')).body).toEqual({ result: 4_102_444_801 });
    expect((await ask('/get/p')).body).toEqual({ result: 'a body' });
    expect((await ask('/set/p?NX=', { method: 'POST', body: 'other' })).body).toEqual({ result: null });
    expect((await ask('/set/empty/')).body).toEqual({ result: 'OK' });
    expect((await ask('/strlen/empty')).body).toEqual({ result: 0 });
    const head = await ask('/get/p', { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, undefined]);
  });

  test('takes any bytes as its body, which base64 gives back', async () => {
    const bytes = Buffer.from([0, 255, 128, 10, 0xc3]);
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await ask('/set/bytes', { method: 'POST', body: bytes, headers: type })).body).toEqual({
      result: 'OK',
    });
    expect(await halo.read(me, 'bytes')).toEqual(bytes);
    const stored = await halo.get(me, 'bytes');
    expect(stored.headers.get('content-type')).toBe('application/octet-stream');
    const encoded = { 'upstash-encoding': 'base64' };
    expect((await ask('/get/bytes', { headers: encoded })).body).toEqual({
      result: bytes.toString('base64'),
    });
    expect((await ask('/get/bytes')).body.result).toContain('\ufffd');
    expect(
      (await post([['MGET', 'bytes', 'no'], ['PING'], ['SET', 'k', 'v'], ['X']], '/pipeline', encoded)).body,
    ).toEqual([
      { result: [bytes.toString('base64'), null] },
      { result: 'UE9ORw==' },
      { result: 'OK' },
      { error: expect.stringMatching(/^ERR unknown command 'X'/) },
    ]);
  });
});

test('numbers are stored and answered as they are written', async () => {
  expect((await post('["SET","n",1.10]')).body).toEqual({ result: 'OK' });
  expect((await halo.read(me, 'n')).toString()).toBe('1.10');
  await post('["MSET", "n", 12345678901234567890123, "m", -0.50e+2, "q\\"1", "2"]');
  expect((await halo.read(me, 'n')).toString()).toBe('12345678901234567890123');
  expect((await halo.read(me, 'm')).toString()).toBe('-0.50e+2');
  expect((await halo.read(me, 'q"1')).toString()).toBe('2');
  await post(['SET', 'n', '9007199254740992']);
  const response = await upstash(me.accessToken, ['INCR', 'n']);
  expect(await response.text()).toBe('{"result":9007199254740993}');
});

describe('what is wrong', () => {
  const commands: readonly (readonly [unknown, RegExp])[] = [
    [['GET'], /^ERR wrong number of arguments for 'get' command$/],
    [['get', 'a', 'b'], /^ERR wrong number of arguments for 'get' command$/],
    [['MSET', 'a', 'b', 'c'], /^ERR wrong number of arguments for 'mset' command$/],
    [['HSET', 'h', 'f', 'v'], /^ERR unknown command 'HSET', with args beginning with: 'h' 'f' 'v' $/],
    [['__proto__', 'x'], /^ERR unknown command/],
    [['constructor'], /^ERR unknown command/],
    [[''], /^ERR unknown command ''/],
    [['SET', 'k', 'v', 'EX'], /^ERR syntax error$/],
    [['SET', 'k', 'v', 'EX', '1', 'PX', '1'], /^ERR syntax error$/],
    [['SET', 'k', 'v', 'NX', 'XX'], /^ERR syntax error$/],
    [['SET', 'k', 'v', 'EX', '1.5'], /^ERR value is not an integer or out of range$/],
    [['SET', 'k', 'v', 'EX', '0'], /^ERR invalid expire time in 'set' command$/],
    [['SETEX', 'k', -1, 'v'], /^ERR invalid expire time in 'setex' command$/],
    [['SET', 'k', 'v', 'PX', '9223372036854775807'], /^ERR invalid expire time in 'set' command$/],
    [['SET', 'k', 'v', 'PX', '253402300799999'], /^ERR invalid expire time in 'set' command$/],
    [['EXPIRE', 'k', '9223372036854775807'], /^ERR invalid expire time in 'expire' command$/],
    [
      ['EXPIRE', 'k', '1', 'NX', 'GT'],
      /^ERR NX and XX, GT or LT options at the same time are not compatible$/,
    ],
    [['EXPIRE', 'k', '1', 'GT', 'LT'], /^ERR GT and LT options at the same time are not compatible$/],
    [['EXPIRE', 'k', '1', 'YY'], /^ERR Unsupported option YY$/],
    [['INCRBY', 'k', '1e3'], /^ERR value is not an integer or out of range$/],
    [['DECRBY', 'k', '-9223372036854775808'], /^ERR decrement would overflow$/],
    [['INCRBYFLOAT', 'k', 'inf'], /^ERR value is not a valid float$/],
    [['SETRANGE', 'k', '-1', 'v'], /^ERR offset is out of range$/],
    [['SETRANGE', 'k', 26214400, 'v'], /^ERR string exceeds maximum allowed size/],
    [['COPY', 'a', 'a'], /^ERR source and destination objects are the same$/],
    [['RENAME', 'no such', 'x'], /^ERR no such key$/],
    [['SCAN', 'x'], /^ERR invalid cursor$/],
    [['SCAN', '12'], /^ERR invalid cursor$/],
    [['SCAN', '9'.repeat(3_000)], /^ERR invalid cursor$/],
    [['SCAN', '0', 'COUNT', '0'], /^ERR syntax error$/],
    [['KEYS', '*'.repeat(5_000)], /^ERR the pattern is too long$/],
    [['GET', ''], /^ERR invalid key: A key has at least one byte\.$/],
    [['GET', 'a\u0000b'], /^ERR invalid key/],
    [['SET', 'k'.repeat(1_025), 'v'], /^ERR invalid key/],
    [
      ['DEL', ...Array.from({ length: 1_001 }, (_, index) => `k${index}`)],
      /^ERR a command names at most 1000 keys$/,
    ],
    [['SET', 'k', 'x'.repeat(25 * 1_024 * 1_024 + 1)], /^ERR string exceeds maximum allowed size/],
    [['GET', null], /^ERR arguments are/],
    [['GET', ['k']], /^ERR arguments are/],
    [['GET', { k: 1 }], /^ERR arguments are/],
    [[], /^ERR empty command$/],
  ];
  test.each(commands)('%j', async (command, error) => {
    const { status, body } = await post(command);
    expect([status, body]).toEqual([400, { error: expect.stringMatching(error) }]);
  });

  test.each([
    ['', /not JSON/],
    ['{', /not JSON/],
    ['{}', /must be a JSON array/],
    ['"GET"', /must be a JSON array/],
    ['12', /must be a JSON array/],
    ['null', /must be a JSON array/],
    ['["GET","\\ud800"]', /invalid key/],
    ['["SET","k","\\udc00"]', /lone surrogates/],
    [`${'['.repeat(70)}${']'.repeat(70)}`, /nested deeper/],
    ['["GET",{"a":1,"a":2}]', /twice/],
  ])('the body %j', async (text, error) => {
    const { status, body } = await post(text);
    expect([status, body]).toEqual([400, { error: expect.stringMatching(error) }]);
  });

  test.each([
    ['/pipeline', []],
    ['/pipeline', ['GET', 'k']],
    ['/multi-exec', [['SET', 'k', 'v'], 'GET']],
    ['/pipeline', Array.from({ length: 1_001 }, () => ['PING'])],
    ['/pipeline', [['GET', null]]],
    ['/multi-exec', [['SET', 'k', 'v'], ['GET']]],
    [
      '/multi-exec',
      [
        ['SET', 'k', 'v'],
        ['SCAN', '0'],
      ],
    ],
    ['/multi-exec', Array.from({ length: 1_000 }, (_, index) => ['DEL', `a${index}`, `b${index}`])],
  ])('a body of %s', async (path, commands) => {
    const { status, body } = await post(commands, path);
    expect(Object.keys(body)).toEqual(['error']);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });

  test('bytes that are not text', async () => {
    const bytes = Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]);
    expect((await ask('', { method: 'POST', body: bytes })).status).toBe(400);
    expect((await ask('/get', { method: 'POST', body: Buffer.from([0xff]) })).status).toBe(400);
    expect((await ask('/get/%ff')).status).toBe(400);
    expect((await ask('/set/k/v?%ff')).status).toBe(400);
    expect((await ask('/get/a%00b')).status).toBe(400);
  });

  test('methods, paths and headers that are not of this protocol', async () => {
    for (const method of ['DELETE', 'PATCH', 'OPTIONS']) {
      const { status, headers, body } = await ask('/get/k', { method });
      expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, POST, PUT']);
      expect(body.error).toMatch(/^ERR /);
    }
    expect((await ask('')).body.error).toMatch(/^ERR send the command/);
    expect((await ask('/nothing/here')).body.error).toMatch(/^ERR unknown command 'nothing'/);
    expect((await ask('/get/k', { headers: { 'upstash-encoding': 'gzip' } })).status).toBe(400);
    expect((await ask('/get/k', { headers: { 'upstash-response-format': 'resp2' } })).status).toBe(400);
    expect((await fetch(`${server.url}/compat/upstashed`)).status).toBe(404);
  });

  test('credentials: none, wrong, in the URL', async () => {
    const missing = await fetch(`${server.url}${mount}/get/k`);
    expect([missing.status, missing.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="halo"']);
    expect(await missing.json()).toEqual({ error: expect.stringMatching(/^WRONGPASS /) });
    expect((await upstash('halo_wrong', ['PING'])).status).toBe(401);
    const inUrl = await fetch(`${server.url}${mount}/get/k?_token=${me.accessToken}`);
    expect([inUrl.status, await inUrl.json()]).toEqual([
      400,
      { error: expect.stringMatching(/Authorization: Bearer/) },
    ]);
  });

  test('a body over 32 MiB', async () => {
    const { status, body } = await post(`["SET","k","${'x'.repeat(32 * 1_024 * 1_024)}"]`);
    expect([status, Object.keys(body)]).toEqual([413, ['error']]);
  });
});

describe('what is large', () => {
  test('is read, moved and deleted whole, and refused when an answer would not fit', async () => {
    const person = await halo.signUp();
    const value = 'x'.repeat(20 * 1_024 * 1_024);
    const send = (body: unknown, path = '') =>
      ask(path, { method: 'POST', body: JSON.stringify(body) }, person).then(({ body: answer }) => answer);
    for (const key of ['a', 'b']) expect(await send(['SET', key, value])).toEqual({ result: 'OK' });
    expect((await send(['GET', 'a'])).result.length).toBe(value.length);
    expect(await send(['MGET', 'a', 'b'])).toEqual({ error: expect.stringMatching(/32 MiB/) });
    expect(
      await send(
        [
          ['GET', 'a'],
          ['GET', 'a'],
        ],
        '/multi-exec',
      ),
    ).toEqual({ error: expect.stringMatching(/32 MiB/) });
    const piped = await send(
      [
        ['GET', 'a'],
        ['GET', 'b'],
        ['SET', 'c', '1'],
      ],
      '/pipeline',
    );
    expect([piped[0].result.length, piped[1].result.length]).toEqual([value.length, value.length]);
    expect(piped[2].error).toMatch(/^ERR not executed: the answers are over 32 MiB/);
    expect(await send(['EXISTS', 'a', 'b', 'c'])).toEqual({ result: 2 });
    expect(await send(['RENAME', 'a', 'b'])).toEqual({ result: 'OK' });
    const appends = Array.from({ length: 1_000 }, () => ['APPEND', 'b', 'x']);
    expect(await send(appends, '/multi-exec')).toEqual({ error: expect.stringMatching(/^ERR /) });
    expect(await send(['STRLEN', 'b'])).toEqual({ result: value.length });
    expect(await send(['APPEND', 'b', 'x'.repeat(6 * 1_024 * 1_024)])).toEqual({
      error: expect.stringMatching(/^ERR string exceeds maximum allowed size/),
    });
    expect(await send(['DEL', 'a', 'b'])).toEqual({ result: 1 });
  });
});

test('the rate limit holds for API tokens here too, and is told in this shape', async () => {
  const other = haloAt(limited.url);
  const person = await other.signUp();
  const { token } = await securityOf(other).createToken(person);
  const send = upstashAt(limited.url);
  const answers = [];
  for (let index = 0; index < 4; index += 1) answers.push(await send(token, ['INCR', 'n']));
  const last = answers.at(-1);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429, 429]);
  expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await last?.json()).toEqual({ error: expect.stringMatching(/^ERR An account may make 3 requests/) });
});
