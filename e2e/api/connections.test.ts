import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { commitsOf } from '../commits.js';
import { haloAt } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { requestLines, sendRaw } from '../raw-socket.js';
import { sharedHalo } from '../shared-halo.js';
import { until } from '../until.js';

/**
 * Connections that mix plain requests for keys, which Halo answers by itself, with all others, which it leaves to
 * Node's HTTP server: to a client there is no difference.
 */
const server = sharedHalo();
const halo = haloAt(server.url);
const person = await halo.signUp();
const authorization = `Authorization: Bearer ${person.accessToken}`;
const last = 'Connection: close';

const get = (key: string, ...lines: string[]) =>
  requestLines(`GET /v1/keys/${key} HTTP/1.1`, 'Host: halo', authorization, ...lines);
const put = (key: string, value: string, ...lines: string[]) =>
  requestLines(
    `PUT /v1/keys/${key} HTTP/1.1`,
    'Host: halo',
    authorization,
    'Content-Type: text/plain',
    `Content-Length: ${value.length}`,
    ...lines,
  ) + value;
const list = (...lines: string[]) =>
  requestLines('GET /v1/keys?prefix=mixed HTTP/1.1', 'Host: halo', authorization, ...lines);

test('requests sent at once are answered in order, whichever way each is served', async () => {
  const answers = await sendRaw(
    server.port,
    put('order', '1') + get('order') + put('order', '2') + get('order') + list() + get('order', last),
  );
  expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 200, 200, 200]);
  expect([1, 3, 5].map((index) => answers[index]?.body)).toEqual(['1', '2', '2']);
});

test('a hundred pipelined reads are answered in order', async () => {
  for (let n = 0; n < 10; n += 1) await halo.set(person, `pipe-${n}`, `value ${n}`);
  const asked = Array.from({ length: 100 }, (_, n) => n % 10);
  const answers = await sendRaw(
    server.port,
    `${asked.map((n) => get(`pipe-${n}`)).join('')}${get('pipe-0', last)}`,
  );
  expect(answers.map(({ body }) => body)).toEqual([...asked, 0].map((n) => `value ${n}`));
});

test('a request in pieces is served like one that comes whole', async () => {
  await halo.set(person, 'pieces', 'whole');
  const bytes = put('pieces', 'in pieces') + get('pieces') + get('pieces', last);
  for (const size of [1, 7, 100, 333]) {
    const answers = await sendRaw(server.port, bytes, { pieceBytes: size });
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers[2]?.body).toMatch(/^(in pieces|whole)$/);
    expect((await halo.read(person, 'pieces')).toString()).toBe('in pieces');
  }
});

test('what is asked before the client ends its side is answered', async () => {
  await halo.set(person, 'end', 'answered');
  const answers = await sendRaw(server.port, get('end'), { end: true });
  expect(answers.map(({ status, body }) => [status, body])).toEqual([[200, 'answered']]);
});

test('what follows a plain request is judged like any, although the client has ended its side', async () => {
  await halo.set(person, 'end', 'answered');
  for (const rest of ['GARBAGE\r\n\r\n', 'GET /v1/keys/end HTT', list()]) {
    const [first] = await sendRaw(server.port, get('end') + rest, { end: true });
    expect([first?.status, first?.body]).toEqual([200, 'answered']);
    expect((await halo.read(person, 'end')).toString()).toBe('answered');
  }
});

test('answers carry the same headers, whichever way they are served', async () => {
  await halo.set(person, 'same', 'value');
  for (const request of [get, (key: string, ...more: string[]) => put(key, 'value', ...more)]) {
    const [direct] = await sendRaw(server.port, request('same'), { end: true });
    const [byNode] = await sendRaw(server.port, request('same', last));
    const names = (answer: typeof direct) =>
      [...(answer?.headers.keys() ?? [])].filter((name) => name !== 'keep-alive').sort();
    expect(names(direct)).toEqual(names(byNode));
  }
  const [missing] = await sendRaw(server.port, get('missing'), { end: true });
  expect(missing?.headers.get('content-type')).toBe('application/problem+json');
  expect(missing?.status).toBe(404);
});

test('metadata that no header can carry as it is comes escaped, whichever way it is served', async () => {
  const metadata = { text: 'a\u007fb' };
  await commitsOf(halo).commit(person, { set: { key: 'delete', value: 'x', metadata } });
  // Node's server does not answer who has ended their side.
  for (const [request, end] of [
    [get('delete'), true],
    [get('delete', last), false],
  ] as const) {
    const [answer] = await sendRaw(server.port, request, { end });
    expect(answer?.status).toBe(200);
    expect(JSON.parse(answer?.headers.get('halo-metadata') ?? '{}')).toEqual(metadata);
  }
});

test('a HEAD has no body, and the next answer follows', async () => {
  await halo.set(person, 'head', 'not sent');
  const head = get('head').replace('GET', 'HEAD');
  const received = Buffer.concat(await all(head + get('head', last))).toString('latin1');
  expect(received.match(/^content-length: 8/gim)).toHaveLength(2);
  expect(received.match(/not sent/g)).toHaveLength(1);
});

test('large values come whole to a client that reads slowly', async () => {
  const large = 'halo'.repeat(2_000_000);
  await halo.set(person, 'large', large);
  const socket = connect(server.port, 'localhost');
  socket.write(get('large') + get('large'));
  let bytes = 0;
  for await (const piece of socket) {
    bytes += (piece as Buffer).length;
    if (bytes > 2 * large.length) break;
  }
  expect(bytes).toBeGreaterThan(2 * large.length);
  socket.destroy();
});

test('a server that stops answers what was asked, closes idle connections, and takes no more', async () => {
  const own = await startHalo();
  try {
    const ada = await haloAt(own.url).signUp();
    const idle = connect(own.port, 'localhost');
    const silent = connect(own.port, 'localhost');
    idle.write(
      requestLines('GET /v1/keys/a HTTP/1.1', 'Host: halo', `Authorization: Bearer ${ada.accessToken}`),
    );
    await until('An answer', async () => idle.bytesRead > 0);
    const closed = [idle, silent].map(
      (socket) => new Promise((resolve) => socket.resume().once('close', resolve)),
    );
    expect(await own.terminate()).toBe(0);
    await Promise.all(closed);
  } finally {
    await own.stop();
  }
});

/** All that comes back until the server closes. */
async function all(bytes: string): Promise<Buffer[]> {
  const socket = connect(server.port, 'localhost');
  socket.write(bytes);
  return (await socket.toArray()) as Buffer[];
}
