import { describe, expect, test } from 'vitest';
import { createHalo, type HaloOptions } from './halo.js';
import { HaloError } from './problem.js';
import { answerJson, breakOff, fetchThat, hang, refuse, refuseConnection } from './test-fetch.js';
import { type Ask, createSender, readJson } from './transport.js';

const put = answerJson({ key: 'a', revision: 1, created: true }, 201);
const text = () => new Response('text', { headers: { 'halo-revision': '1', 'content-type': 'text/plain' } });
const committed = answerJson({ revision: 2, results: [{ key: 'a', revision: 2 }] });
/** `Retry-After: 0` spares the tests the waiting. */
const now = { 'retry-after': '0' };

function haloWith(answers: Parameters<typeof fetchThat>, options: HaloOptions = {}) {
  const { fetch, asked } = fetchThat(...answers);
  return { halo: createHalo({ url: 'http://halo.test', token: 'halo_t', fetch, ...options }), asked };
}

describe('a read', () => {
  test.each([
    ['an unavailable server', refuse(503, 'unavailable', now)],
    ['a shedding server', refuse(503, 'overloaded', now)],
    ['a rate limit', refuse(429, 'rate-limited', now)],
    ['a proxy without a server', () => new Response('<html>', { status: 502, headers: now })],
    ['a broken connection', breakOff],
    ['nobody there', refuseConnection],
  ])('is tried again after %s', async (_, failure) => {
    const { halo, asked } = haloWith([failure, text]);
    expect(await halo.getText('a')).toBe('text');
    expect(asked.map(({ path }) => path)).toEqual(['/v1/keys/a', '/v1/keys/a']);
  });

  test.each([
    [400, 'invalid-key'],
    [403, 'insufficient-scope'],
    [410, 'pruned'],
    [500, 'internal'],
  ])('is not tried again after %i %s', async (status, code) => {
    const { halo, asked } = haloWith([refuse(status, code)]);
    await expect(halo.get('a')).rejects.toMatchObject({ name: 'HaloError', status, code, requestId: 'r-1' });
    expect(asked).toHaveLength(1);
  });

  test('is given up after as many repetitions as asked for', async () => {
    const { halo, asked } = haloWith([refuse(503, 'unavailable', now)], { retries: 2 });
    await expect(halo.get('a')).rejects.toMatchObject({ code: 'unavailable' });
    expect(asked).toHaveLength(3);
  });

  test('that nobody answers ends in time', async () => {
    const { halo, asked } = haloWith([hang], { timeoutMs: 20, retries: 1 });
    await expect(halo.get('a')).rejects.toMatchObject({ code: 'unreachable', status: 0 });
    expect(asked).toHaveLength(2);
  });

  test('of what is not there is undefined, and false', async () => {
    const { halo } = haloWith([refuse(404, 'not-found'), () => new Response(null, { status: 404 })]);
    expect(await halo.get('a')).toBeUndefined();
    expect(await halo.has('a')).toBe(false);
  });

  test('whose answer breaks off is a HaloError', async () => {
    const broken = () => new ReadableStream({ pull: (to) => to.error(new TypeError('terminated')) });
    const { halo } = haloWith([() => new Response(broken()), () => new Response('{"keys":')]);
    await expect(halo.get('a')).rejects.toMatchObject({ code: 'incomplete' });
    await expect(halo.page()).rejects.toMatchObject({ code: 'incomplete' });
  });
});

describe('a write', () => {
  test.each([
    ['an unavailable server', refuse(503, 'unavailable', now)],
    ['a rate limit', refuse(429, 'rate-limited', now)],
    ['nobody there', refuseConnection],
  ])('is tried again after %s, where nothing was done', async (_, failure) => {
    const { halo, asked } = haloWith([failure, put]);
    expect(await halo.set('a', 'text')).toEqual({ key: 'a', revision: 1, created: true });
    expect(asked).toHaveLength(2);
  });

  test.each([
    ['a broken connection', breakOff, 0],
    ['a commit whose outcome is unknown', refuse(503, 'outcome-unknown', now), 503],
  ])('is not tried again after %s, where it may have been done', async (_, failure, status) => {
    const { halo, asked } = haloWith([failure, put]);
    await expect(halo.set('a', 'text')).rejects.toMatchObject({ code: 'outcome-unknown', status });
    expect(asked).toHaveLength(1);
  });

  test.each([502, 504])(
    'is not tried again after a %i of a proxy, which does not say what was done',
    async (status) => {
      const { halo, asked } = haloWith([() => new Response('', { status }), put]);
      await expect(halo.set('a', 'text')).rejects.toMatchObject({ code: 'outcome-unknown', status });
      expect(asked).toHaveLength(1);
    },
  );

  test('that nobody answers in time may have been done', async () => {
    const { halo, asked } = haloWith([hang, put], { timeoutMs: 20 });
    await expect(halo.set('a', 'text')).rejects.toMatchObject({ code: 'outcome-unknown', status: 0 });
    expect(asked).toHaveLength(1);
  });

  test('that is a commit is tried again after everything, always under the same name', async () => {
    const { halo, asked } = haloWith([breakOff, refuse(503, 'outcome-unknown', now), committed]);
    expect(await halo.commit().add('a', 1).run()).toMatchObject({ revision: 2 });
    const names = asked.map(({ body }) => JSON.parse(String(body)).idempotency_key);
    expect(names).toHaveLength(3);
    expect(new Set(names).size).toBe(1);
    expect(names[0]).toMatch(/^[\w-]{36}$/);
  });

  test('that is an import is sent once, since a stream can be read once', async () => {
    const { halo, asked } = haloWith([refuse(503, 'unavailable', now)]);
    const failure = { code: 'unavailable' };
    await expect(halo.import(new Blob(['{}']).stream())).rejects.toMatchObject(failure);
    expect(asked).toHaveLength(1);
  });
});

describe('Retry-After', () => {
  test('is waited for', async () => {
    const { halo } = haloWith([refuse(429, 'rate-limited', { 'retry-after': '1' }), text]);
    const started = performance.now();
    await halo.get('a');
    expect(performance.now() - started).toBeGreaterThan(950);
  });

  test('of longer than half a minute is left to the caller', async () => {
    const { halo, asked } = haloWith([refuse(429, 'rate-limited', { 'retry-after': '31' })]);
    await expect(halo.get('a')).rejects.toMatchObject({ code: 'rate-limited', retryAfterMs: 31_000 });
    expect(asked).toHaveLength(1);
  });
});

describe('a signal', () => {
  const reason = new Error('No longer wanted.');

  const calls: [string, (halo: ReturnType<typeof createHalo>, signal: AbortSignal) => Promise<unknown>][] = [
    ['get', (halo, signal) => halo.get('a', { signal })],
    ['has', (halo, signal) => halo.has('a', { signal })],
    ['set', (halo, signal) => halo.set('a', '', { signal })],
    ['set of a key that cannot travel', (halo, signal) => halo.set('.', '', { signal })],
    ['delete', (halo, signal) => halo.delete('a', { signal })],
    ['list', (halo, signal) => halo.list({ signal }).next()],
    ['page', (halo, signal) => halo.page({ signal })],
    ['read', (halo, signal) => halo.read(['a'], { signal })],
    ['commit', (halo, signal) => halo.commit().delete('a').run({ signal })],
    ['undo', (halo, signal) => halo.undo(1, { signal })],
    ['history', (halo, signal) => halo.history('a', { signal }).next()],
    ['trash', (halo, signal) => halo.trash({ signal }).next()],
    ['purge', (halo, signal) => halo.purge('a', { signal })],
    ['changes', (halo, signal) => halo.changes({ signal })],
    ['watch', (halo, signal) => halo.watch({ signal }).next()],
    ['export', (halo, signal) => halo.export({ signal })],
    ['import', (halo, signal) => halo.import('', { signal })],
    ['signUp', (halo, signal) => halo.signUp({ name: 'a', password: 'b' }, { signal })],
    ['logIn', (halo, signal) => halo.logIn({ name: 'a', password: 'b' }, { signal })],
    ['logOut', (halo, signal) => halo.logOut({ signal })],
    ['whoAmI', (halo, signal) => halo.whoAmI({ signal })],
    ['usage', (halo, signal) => halo.usage({ signal })],
    ['changePassword', (halo, signal) => halo.changePassword({ current: 'a', next: 'b' }, { signal })],
    ['deleteAccount', (halo, signal) => halo.deleteAccount('a', { signal })],
    ['sessions', (halo, signal) => halo.sessions({ signal })],
    ['endSession', (halo, signal) => halo.endSession('a', { signal })],
    ['endOtherSessions', (halo, signal) => halo.endOtherSessions({ signal })],
    ['tokens', (halo, signal) => halo.tokens({ signal })],
    ['createToken', (halo, signal) => halo.createToken({ name: 'a', access: 'read' }, { signal })],
    ['revokeToken', (halo, signal) => halo.revokeToken('a', { signal })],
    ['audit', (halo, signal) => halo.audit({ signal })],
  ];

  test.each(calls)('ends %s with its reason, before and while it is under way', async (_, call) => {
    const { halo } = haloWith([hang]);
    await expect(call(halo, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const answer = call(halo, controller.signal);
    setImmediate(() => controller.abort(reason));
    await expect(answer).rejects.toBe(reason);
  });

  test('ends waiting for the next try', async () => {
    const { halo, asked } = haloWith([refuse(503, 'unavailable', { 'retry-after': '20' })]);
    const controller = new AbortController();
    const answer = halo.get('a', { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(answer).rejects.toBe(reason);
    expect(asked).toHaveLength(1);
  });

  test('is told of itself when the answer is being read', async () => {
    const { halo } = haloWith([
      ({ signal }) => {
        const body = new ReadableStream({
          start: (to) => signal?.addEventListener('abort', () => to.error(signal.reason)),
        });
        return new Response(body, { headers: { 'halo-revision': '1' } });
      },
    ]);
    const controller = new AbortController();
    const answer = halo.get('a', { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(answer).rejects.toBe(reason);
  });

  test('ends content that goes on for ever, and its connection, even where fetch has forgotten it', async () => {
    let cancelled: unknown;
    const endless = () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start: (to) => to.enqueue(new TextEncoder().encode('{"halo":1}\n')),
          cancel: (why) => {
            cancelled = why;
          },
        }),
      );
    const { halo } = haloWith([endless]);
    const controller = new AbortController();
    const reader = (await halo.export({ signal: controller.signal })).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('{"halo":1}\n');
    const more = reader.read();
    controller.abort(reason);
    await expect(more).rejects.toBe(reason);
    expect(cancelled).toBe(reason);
  });

  test('is let go of when the content has been read, or is no longer wanted', async () => {
    const { signal } = new AbortController();
    const listened: string[] = [];
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...parts: Parameters<typeof addEventListener>) => {
      listened.push('on');
      addEventListener.apply(signal, parts);
    };
    signal.removeEventListener = (...parts: Parameters<typeof removeEventListener>) => {
      listened.push('off');
      removeEventListener.apply(signal, parts);
    };
    const { halo } = haloWith([text]);
    const count = (what: string) => listened.filter((one) => one === what).length;
    await halo.get('a', { signal });
    await (await halo.export({ signal })).cancel();
    expect(count('on')).toBeGreaterThan(0);
    expect(count('off')).toBe(count('on'));
  });
});

describe('a request', () => {
  test('carries the token, and nothing that a browser would keep', async () => {
    const { halo, asked } = haloWith([text]);
    await halo.get('a/b c?ü', { revision: 3 });
    expect(asked[0]?.path).toBe('/v1/keys/a/b%20c%3F%C3%BC?revision=3');
    expect(asked[0]?.headers.get('authorization')).toBe('Bearer halo_t');
  });

  test('carries metadata as ASCII, whatever is in it', async () => {
    const { halo, asked } = haloWith([put]);
    const metadata = { grüße: '🙂\u007f' };
    await halo.set('a', 'text', { metadata });
    const header = asked[0]?.headers.get('halo-metadata') ?? '';
    expect(header).toMatch(/^[ -~]+$/);
    expect(JSON.parse(header)).toEqual(metadata);
  });

  test('of what JSON cannot hold is refused before it is sent', async () => {
    const { halo, asked } = haloWith([put]);
    await expect(halo.set('a', undefined as never)).rejects.toThrow(TypeError);
    expect(() => halo.commit().add('a', 0.5)).toThrow(RangeError);
    expect(asked).toHaveLength(0);
  });

  test('is refused with an error that has everything of the problem', async () => {
    const { halo } = haloWith([refuse(409, 'check-failed')]);
    const error = await halo
      .commit()
      .check('a', 1)
      .run()
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(HaloError);
    expect(error).toMatchObject({ code: 'check-failed', status: 409, message: 'It is check-failed.' });
  });
});

describe('a sender', () => {
  const keys = { keys: [], prefixes: [], cursor: null, revision: 0 };
  const put: Ask = { method: 'PUT', path: '/v1/keys/a', body: { a: 1 } };

  test('sends as it is told, and nothing to prove who asks but what the request itself has', async () => {
    const { fetch, asked } = fetchThat(answerJson(keys));
    const send = createSender({ url: 'http://halo.test/', fetch });
    const query = { prefix: 'a b', cursor: undefined, values: true };
    const list: Ask = { method: 'GET', path: '/v1/keys', query, headers: { authorization: 'Bearer t' } };
    expect(await readJson(await send(list))).toEqual(keys);
    expect(await readJson(await send({ ...list, headers: {} }))).toEqual(keys);
    expect(asked.map(({ path }) => path)).toEqual(Array(2).fill('/v1/keys?prefix=a+b&values=true'));
    expect(asked.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer t', null]);
  });

  test.each<[string, Ask, number, string]>([
    ['a GET is safe', { method: 'GET', path: '/v1/keys' }, 2, 'unreachable'],
    ['a HEAD is safe', { method: 'HEAD', path: '/v1/keys/a' }, 2, 'unreachable'],
    ['a PUT is a write', put, 1, 'outcome-unknown'],
    ['a POST that is said to be safe is so', { ...put, method: 'POST', repeat: 'safe' }, 2, 'unreachable'],
  ])('takes it that %s', async (_, ask, times, code) => {
    const { fetch, asked } = fetchThat(breakOff);
    const send = createSender({ url: 'http://halo.test', fetch, retries: 1 });
    await expect(send(ask)).rejects.toMatchObject({ code, status: 0 });
    expect(asked).toHaveLength(times);
  });

  test.each<[string, Ask, Parameters<typeof createSender>[0]]>([
    ['that is told never to', { ...put, repeat: 'never' }, {}],
    ['without retries', put, { retries: 0 }],
  ])('repeats nothing %s, and tells at once how long to wait', async (_, ask, options) => {
    const { fetch, asked } = fetchThat(refuse(429, 'rate-limited', { 'retry-after': '7' }));
    const send = createSender({ url: 'http://halo.test', fetch, ...options });
    await expect(send(ask)).rejects.toMatchObject({ code: 'rate-limited', retryAfterMs: 7_000 });
    expect(asked).toHaveLength(1);
  });

  test('gives a request the time that it has asked for', async () => {
    const { fetch, asked } = fetchThat(hang);
    const send = createSender({ url: 'http://halo.test', fetch, retries: 0, timeoutMs: 0 });
    const ask: Ask = { method: 'GET', path: '/v1/changes', timeoutMs: 20 };
    await expect(send(ask)).rejects.toMatchObject({ code: 'unreachable' });
    expect(asked).toHaveLength(1);
  });

  test('names the request also where something else answers in Halo’s place', async () => {
    const answers = [
      () => new Response('<html>', { status: 502, headers: { 'x-request-id': 'r-7' } }),
      refuse(410, 'pruned', { 'x-request-id': 'r-8' }),
    ];
    const { fetch } = fetchThat(...answers);
    const send = createSender({ url: 'http://halo.test', fetch, retries: 0 });
    await expect(send(put)).rejects.toMatchObject({
      code: 'outcome-unknown',
      status: 502,
      requestId: 'r-7',
    });
    await expect(send(put)).rejects.toMatchObject({ code: 'pruned', requestId: 'r-1' });
  });
});
