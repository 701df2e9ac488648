import type { IncomingMessage } from 'node:http';
import { connect } from 'node:http2';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { buffer, text } from 'node:stream/consumers';
import type { Grant, SessionList } from 'halo-contract';
import { operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { goodPassword, newName, pathOf } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { until } from '../until.js';
import { startNginx } from './nginx.js';

const halo = await startHalo({
  env: {
    HOST: 'localhost',
    TRUST_PROXY: 'loopback',
    HALO_METRICS_TOKEN: 'a token of 32 characters or more'.replaceAll(' ', '-'),
  },
});
const nginx = await startNginx(new URL('../../deploy/nginx.conf', import.meta.url), halo.port);
const agent = new Agent({ ca: nginx.certificate, servername: 'halo.example', keepAlive: true });

afterAll(async () => {
  agent.destroy();
  await nginx.stop();
  await halo.stop();
});

interface Parts {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

async function ask(
  method: string,
  path: string,
  { token, headers, body }: Parts = {},
): Promise<IncomingMessage> {
  const options: RequestOptions = {
    ...{ agent, method, path, host: '127.0.0.1', port: nginx.port },
    headers: {
      host: 'halo.example',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
  };
  return new Promise((resolve, reject) => {
    httpsRequest(options, resolve).once('error', reject).end(body);
  });
}

async function signUp(headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const response = await ask('POST', operations.signUp.path, {
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ name: newName(), password: goodPassword }),
  });
  return (JSON.parse(await text(response)) as Grant).access_token;
}

test('values and awkward keys pass through nginx as they are, and every answer asks for TLS', async () => {
  const token = await signUp();
  const value = Buffer.alloc(20 * 1024 * 1024, 'some bytes');
  for (const key of ['a/b', '../c', 'a//b', 'per%2Fcent', '🙂 with space']) {
    const put = await ask('PUT', pathOf(key), { token, body: key });
    expect(put.statusCode, await text(put)).toBe(201);
    const found = await ask('GET', pathOf(key), { token });
    expect(await text(found)).toBe(key);
    expect(found.headers['strict-transport-security']).toContain('max-age=');
  }
  expect((await ask('PUT', pathOf('large'), { token, body: value })).statusCode).toBe(201);
  expect((await buffer(await ask('GET', pathOf('large'), { token }))).equals(value)).toBe(true);
});

test('changes arrive through nginx while the stream goes on', async () => {
  const token = await signUp();
  const stream = await ask('GET', operations.listChanges.path, {
    token,
    headers: { accept: 'text/event-stream' },
  });
  expect(stream.headers['content-type']).toMatch(/^text\/event-stream/);
  let seen = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    seen += chunk;
  });
  for (const key of ['one', 'two', 'three']) {
    (await ask('PUT', pathOf(key), { token, body: '' })).resume();
    // Before the next is written: nothing waits in a buffer for more to come.
    await until(`The event of ${key}`, () => seen.includes(`"${key}"`));
  }
  expect(stream.complete).toBe(false);
  stream.destroy();
});

test('who asks is the one that nginx saw, whatever a client claims', async () => {
  const token = await signUp({ 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'http' });
  const { sessions } = JSON.parse(
    await text(await ask('GET', operations.listSessions.path, { token })),
  ) as SessionList;
  expect(sessions.map(({ address }) => address)).toEqual(['127.0.0.1']);
  expect((await ask('GET', '/metrics')).statusCode).toBe(401);
});

test('HTTP/2 is served too', async () => {
  const client = connect(`https://127.0.0.1:${nginx.port}`, {
    ca: nginx.certificate,
    servername: 'halo.example',
  });
  try {
    const stream = client.request({ ':path': operations.ready.path, ':authority': 'halo.example' });
    expect(JSON.parse(await text(stream))).toEqual({ status: 'ready' });
  } finally {
    client.close();
  }
});
