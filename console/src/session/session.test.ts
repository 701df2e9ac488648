import { type Ask, HaloError } from 'halo-client';
import type { Grant } from 'halo-contract';
import { describe, expect, test } from 'vitest';
import { createSession, SessionEndedError } from './session.js';

const account = { id: 'a', name: 'ada', created_at: '2026-01-31T09:30:00.000Z' };

/** A server that knows one valid access token at a time. */
function fakeServer() {
  const server = {
    refreshes: 0,
    valid: 'none',
    cookie: true,
    account,
    now: 0,
    ends: 0,
    password: 'right',
    asks: [] as Ask[],
    async send(ask: Ask): Promise<Response> {
      await Promise.resolve();
      const token = ask.headers?.authorization?.replace('Bearer ', '');
      server.asks.push(ask);
      if (ask.path === '/v1/auth/refresh') server.refreshes += 1;
      else if (ask.path === '/v1/auth/log-in') server.cookie = true;
      else if (token !== server.valid) throw refusal();
      else if (isWrongPassword(ask.body, server.password)) throw refusal('/password');
      else return Response.json({ ok: true });
      if (!server.cookie) throw refusal();
      server.valid = `t${server.refreshes}-${server.asks.length}`;
      const grant: Grant = {
        account: server.account,
        access_token: server.valid,
        token_type: 'Bearer',
        expires_in: 900,
      };
      return Response.json(grant);
    },
  };
  const session = createSession({
    send: server.send,
    now: () => server.now,
    exclusively: (task) => task(),
    announceEnd: () => {
      server.ends += 1;
    },
  });
  return { server, session };
}

function refusal(pointer?: string): HaloError {
  const about = { type: '', title: '', status: 401, code: 'unauthenticated', detail: '', request_id: '' };
  const problem = pointer === undefined ? about : { ...about, pointer };
  return new HaloError('unauthenticated', '', { status: 401, problem });
}

function isWrongPassword(body: Ask['body'], password: string): boolean {
  return typeof body === 'object' && 'password' in body && body.password !== password;
}

const ask: Ask = { method: 'GET', path: '/v1/keys' };

describe('a session', () => {
  test('starts silently from the cookie, or without one', async () => {
    const { server, session } = fakeServer();
    await session.start();
    expect(session.state).toMatchObject({ status: 'active', account });
    server.cookie = false;
    const other = fakeServer();
    other.server.cookie = false;
    await other.session.start();
    expect(other.session.state).toEqual({ status: 'anonymous', reason: 'no-session' });
  });

  test('refreshes once, however many requests are refused together', async () => {
    const { server, session } = fakeServer();
    await session.start();
    server.valid = 'revoked';
    await Promise.all(Array.from({ length: 10 }, () => session.request(ask)));
    expect(server.refreshes).toBe(2);
  });

  test('refreshes shortly before the token expires, and not earlier', async () => {
    const { server, session } = fakeServer();
    await session.start();
    server.now = 869_000;
    await session.request(ask);
    expect(server.refreshes).toBe(1);
    server.now = 871_000;
    await session.request(ask);
    expect(server.refreshes).toBe(2);
  });

  test('that ended keeps its reason, however many hear of it', async () => {
    const { server, session } = fakeServer();
    await session.start();
    server.valid = 'revoked';
    server.cookie = false;
    await Promise.allSettled([session.request(ask), session.request(ask)]);
    session.end();
    expect(session.state).toEqual({ status: 'anonymous', reason: 'ended' });
  });

  test('forgets everything when the refresh is refused', async () => {
    const { server, session } = fakeServer();
    let cleaned = 0;
    session.onEnd(() => {
      cleaned += 1;
    });
    await session.start();
    server.valid = 'revoked';
    server.cookie = false;
    await expect(session.request(ask)).rejects.toBeInstanceOf(SessionEndedError);
    expect(session.state).toEqual({ status: 'anonymous', reason: 'ended' });
    expect(cleaned).toBe(1);
    const before = server.asks.length;
    await expect(session.request(ask)).rejects.toBeInstanceOf(SessionEndedError);
    expect(server.asks.length).toBe(before);
  });

  test('keeps a draft waiting and saves it after the log-in', async () => {
    const { server, session } = fakeServer();
    await session.start();
    session.holdDraft();
    server.valid = 'revoked';
    server.cookie = false;
    const saved = session.requestForDraft(ask);
    await expect.poll(() => session.state.status).toBe('interrupted');
    await session.logIn({ name: 'ada', password: 'x' });
    expect((await saved).ok).toBe(true);
    expect(session.state).toMatchObject({ status: 'active', epoch: 2 });
  });

  test('lets no one else take over a waiting draft', async () => {
    const { server, session } = fakeServer();
    await session.start();
    session.holdDraft();
    session.end();
    server.account = { ...account, id: 'b', name: 'bob' };
    await expect(session.logIn({ name: 'bob', password: 'x' })).rejects.toBeInstanceOf(SessionEndedError);
    expect(session.state).toMatchObject({ status: 'interrupted', account });
  });

  test('gives the waiting save up when the draft is abandoned', async () => {
    const { server, session } = fakeServer();
    await session.start();
    session.holdDraft();
    server.valid = 'revoked';
    server.cookie = false;
    const saved = session.requestForDraft(ask);
    const outcome = expect(saved).rejects.toBeInstanceOf(SessionEndedError);
    await expect.poll(() => session.state.status).toBe('interrupted');
    session.abandon();
    await outcome;
    expect(session.state).toEqual({ status: 'anonymous', reason: 'ended' });
  });

  test('tells the other tabs when it logs out', async () => {
    const { server, session } = fakeServer();
    await session.start();
    await session.logOut();
    expect(server.ends).toBe(1);
    expect(session.state).toEqual({ status: 'anonymous', reason: 'logged-out' });
  });

  test('takes a wrong password for no end of the session, and does not try it again', async () => {
    const { server, session } = fakeServer();
    await session.start();
    const wrong: Ask = { method: 'POST', path: '/v1/account/password', body: { password: 'wrong' } };
    await expect(session.request(wrong)).rejects.toMatchObject({ problem: { pointer: '/password' } });
    expect(server.refreshes).toBe(1);
    expect(server.asks.filter(({ path }) => path === wrong.path)).toHaveLength(1);
    expect(session.state).toMatchObject({ status: 'active', epoch: 1 });
  });

  test('sends a name and a password once, and with nobody’s token', async () => {
    const { server, session } = fakeServer();
    await session.start();
    await session.logIn({ name: 'ada', password: 'x' });
    expect(server.asks[0]).toMatchObject({ path: '/v1/auth/refresh', repeat: 'safe' });
    expect(server.asks[1]).toMatchObject({ path: '/v1/auth/log-in', repeat: 'never' });
    for (const { headers } of server.asks) expect(headers).toBeUndefined();
  });

  test('deletes the account, and tells the other tabs', async () => {
    const { server, session } = fakeServer();
    await session.start();
    await session.deleteAccount('right');
    expect(server.asks.at(-1)).toMatchObject({ method: 'DELETE', path: '/v1/account' });
    expect(server.ends).toBe(1);
    expect(session.state).toEqual({ status: 'anonymous', reason: 'deleted' });
  });

  test('goes on as it was when the account is not deleted', async () => {
    const { server, session } = fakeServer();
    await session.start();
    await expect(session.deleteAccount('wrong')).rejects.toBeInstanceOf(HaloError);
    expect(session.state.status).toBe('active');
    expect(session.hasDraft).toBe(false);
    expect(server.ends).toBe(0);
  });

  test('is not taken to have ended while it deletes its account', async () => {
    const { server } = fakeServer();
    const held: boolean[] = [];
    const watched = createSession({
      send: async (ask) => {
        if (ask.path === '/v1/account') held.push(watched.hasDraft);
        return server.send(ask);
      },
      now: () => 0,
      exclusively: (task) => task(),
      announceEnd: () => {},
    });
    await watched.start();
    await watched.deleteAccount('right');
    expect(held).toEqual([true]);
    expect(watched.hasDraft).toBe(false);
  });

  test('starts over when the cookie has become another account’s, and asks nothing of it', async () => {
    const { server, session } = fakeServer();
    let cleaned = 0;
    session.onEnd(() => {
      cleaned += 1;
    });
    await session.start();
    server.account = { ...account, id: 'b', name: 'bob' };
    server.valid = 'revoked';
    await expect(session.request(ask)).rejects.toBeInstanceOf(SessionEndedError);
    expect(server.asks.at(-1)?.path).toBe('/v1/auth/refresh');
    expect(session.state).toMatchObject({ status: 'active', epoch: 2, account: { id: 'b' } });
    expect(cleaned).toBe(1);
  });
});
