import { describe, expect, test } from 'vitest';
import { createHalo } from './halo.js';
import type { HaloSession } from './session.js';
import { answerJson, breakOff, fetchThat, hang, refuse } from './test-fetch.js';

const account = { id: '1', name: 'ada', created_at: '2026-01-01T00:00:00Z' };
const grant = (n: number) =>
  answerJson({
    account,
    access_token: `access-${n}`,
    token_type: 'Bearer',
    expires_in: 900,
    refresh_token: `refresh-${n}`,
  });
const session = (expiresInMs: number): HaloSession => ({
  accessToken: 'access-0',
  refreshToken: 'refresh-0',
  expiresAtMs: Date.now() + expiresInMs,
  account: { id: '1', name: 'ada' },
});
const page = answerJson({ keys: [], prefixes: [], cursor: null, revision: 1 });

/** A server that honours one access token. */
function serverWith(refresh: ReturnType<typeof grant>, honoured: string) {
  const { fetch, asked } = fetchThat((request) => {
    if (request.path === '/v1/auth/refresh') return refresh(request);
    if (request.headers.get('authorization') === `Bearer ${honoured}`) return page(request);
    return refuse(401, 'unauthenticated')(request);
  });
  const told: (HaloSession | undefined)[] = [];
  return {
    asked,
    told,
    refreshes: () => asked.filter(({ path }) => path === '/v1/auth/refresh').length,
    halo: (kept: HaloSession | undefined) => {
      const onSession = (next: HaloSession | undefined) => told.push(next);
      const options = kept === undefined ? {} : { session: kept };
      return createHalo({ url: 'http://halo.test', fetch, onSession, retries: 0, ...options });
    },
  };
}

/** A promise that is resolved from outside. */
function signalled() {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: () => resolve() };
}

describe('a session', () => {
  test('that is about to expire is renewed once, however many calls wait', async () => {
    const server = serverWith(grant(1), 'access-1');
    const halo = server.halo(session(5_000));
    await Promise.all(Array.from({ length: 20 }, () => halo.page()));
    expect(server.refreshes()).toBe(1);
    expect(server.asked).toHaveLength(21);
    expect(server.told).toEqual([
      expect.objectContaining({ accessToken: 'access-1', refreshToken: 'refresh-1' }),
    ]);
  });

  test('whose token is refused is renewed once, however many calls were refused', async () => {
    const server = serverWith(grant(1), 'access-1');
    const halo = server.halo(session(900_000));
    await Promise.all(Array.from({ length: 20 }, () => halo.page()));
    expect(server.refreshes()).toBe(1);
    expect(halo.session?.accessToken).toBe('access-1');
  });

  test('whose new token is refused as well is a failure, not a loop', async () => {
    const server = serverWith(grant(1), 'access-9');
    await expect(server.halo(session(900_000)).page()).rejects.toMatchObject({ status: 401 });
    expect(server.refreshes()).toBe(1);
  });

  test('that the server ended is gone, and told of', async () => {
    const server = serverWith(refuse(401, 'session-ended'), 'access-9');
    const halo = server.halo(session(900_000));
    await expect(halo.page()).rejects.toMatchObject({ status: 401 });
    expect(halo.session).toBeUndefined();
    expect(server.told).toEqual([undefined]);
  });

  test('outlives a server that cannot be reached', async () => {
    const server = serverWith(breakOff, 'access-9');
    const halo = server.halo(session(5_000));
    await expect(halo.page()).rejects.toMatchObject({ code: 'unreachable' });
    expect(halo.session?.refreshToken).toBe('refresh-0');
  });

  test('that is logged out while it is being renewed does not come back', async () => {
    const renewing = signalled();
    const renewed = signalled();
    const { fetch } = fetchThat(async (request) => {
      if (request.path === '/v1/auth/log-out') return new Response(null, { status: 204 });
      if (request.path !== '/v1/auth/refresh') return refuse(401, 'unauthenticated')(request);
      renewing.resolve();
      await renewed.promise;
      return grant(1)(request);
    });
    const told: unknown[] = [];
    const onSession = (next: unknown) => told.push(next);
    const halo = createHalo({ url: 'http://halo.test', fetch, onSession, session: session(900_000) });
    const refused = halo.page().catch((error: unknown) => error);
    await renewing.promise;
    await halo.logOut();
    renewed.resolve();
    expect(await refused).toMatchObject({ status: 401 });
    expect(halo.session).toBeUndefined();
    expect(told).toEqual([undefined]);
  });

  test('is waited for no longer than a call’s own signal wants', async () => {
    const server = serverWith(hang, 'access-1');
    const reason = new Error('No longer wanted.');
    const controller = new AbortController();
    const answer = server.halo(session(5_000)).page({ signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(answer).rejects.toBe(reason);
  });

  test('in a cookie is renewed without a refresh token to send', async () => {
    const { fetch, asked } = fetchThat(grant(1));
    const halo = createHalo({ url: 'http://halo.test', fetch, cookie: true });
    await halo.refresh();
    expect(JSON.parse(String(asked[0]?.body))).toEqual({ cookie: true });
  });

  test('is not what an API token has', async () => {
    const { fetch, asked } = fetchThat(refuse(401, 'unauthenticated'));
    const halo = createHalo({ url: 'http://halo.test', fetch, token: 'halo_t' });
    await expect(halo.page()).rejects.toMatchObject({ status: 401 });
    await expect(halo.refresh()).rejects.toMatchObject({ code: 'insufficient-scope' });
    expect(asked).toHaveLength(1);
  });
});

test('a wrong password is not taken for a session that has ended', async () => {
  const problem = { code: 'unauthenticated', detail: 'Wrong.', pointer: '/current_password' };
  const { fetch, asked } = fetchThat(answerJson(problem, 401));
  const halo = createHalo({ url: 'http://halo.test', fetch, session: session(900_000) });
  await expect(halo.changePassword({ current: 'a', next: 'b' })).rejects.toMatchObject({ message: 'Wrong.' });
  expect(asked).toHaveLength(1);
  expect(halo.session).toBeDefined();
});
