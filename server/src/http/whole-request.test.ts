import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { createHeads, createWholeRequestReader } from './whole-request.js';

const prefix = '/v1/keys/';
const read = (text: string, start = 0) =>
  createWholeRequestReader(prefix)(Buffer.from(text, 'latin1'), start);
const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`;
const get = lines('GET /v1/keys/a HTTP/1.1', 'Host: halo', 'Authorization: Bearer x');

interface Heard {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Node's own parser, as the rest of Halo meets it: what it hears in a connection's bytes. */
const heard: (Heard | 'refused')[] = [];
const server = createServer({ requireHostHeader: false }, async (request, response) => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const { method, url, headers } = request;
  heard.push({ method, url, headers: { ...headers }, body: Buffer.concat(pieces).toString('latin1') });
  response.end();
});
server.on('clientError', (_, socket) => {
  heard.push('refused');
  socket.destroy();
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
afterAll(() => server.close());

async function hearByNode(bytes: string): Promise<(Heard | 'refused')[]> {
  heard.length = 0;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  socket.end(Buffer.from(bytes, 'latin1'));
  await once(socket, 'close');
  return [...heard];
}

describe('the reader of whole requests', () => {
  test('reads a plain request, and where it ends', () => {
    const next = 'PUT /v1/keys/b%20c?ttl=5 HTTP/1.1\r\nHost: halo\r\nContent-Length: 3\r\n\r\nxyz';
    const bytes = `${get}${next}GET`;
    const first = read(bytes);
    expect(first).toMatchObject({ method: 'GET', url: '/v1/keys/a', end: get.length });
    expect(first?.headers).toEqual({ host: 'halo', authorization: 'Bearer x' });
    const second = read(bytes, first?.end);
    expect(second).toMatchObject({
      method: 'PUT',
      url: '/v1/keys/b%20c?ttl=5',
      end: get.length + next.length,
    });
    expect(second?.body.toString()).toBe('xyz');
  });

  test('does not take the headers of one request for those of another', () => {
    const readNext = createWholeRequestReader(prefix);
    for (const token of ['one', 'two', 'one', 'one', 'onetwo']) {
      const text = lines('GET /v1/keys/a HTTP/1.1', 'Host: halo', `Authorization: Bearer ${token}`);
      expect(readNext(Buffer.from(text), 0)?.headers.authorization).toBe(`Bearer ${token}`);
    }
    // The same headers with nothing after them are not whole, or not the same.
    expect(readNext(Buffer.from(get.slice(0, -2)), 0)).toBeUndefined();
  });

  test.each([
    ['another path', lines('GET /v1/keys HTTP/1.1', 'Host: halo')],
    ['another method', lines('POST /v1/keys/a HTTP/1.1', 'Host: halo')],
    ['another version', lines('GET /v1/keys/a HTTP/1.0', 'Host: halo')],
    ['no host', lines('GET /v1/keys/a HTTP/1.1', 'Accept: */*')],
    ['an empty host', lines('GET /v1/keys/a HTTP/1.1', 'Host:')],
    ['two hosts', lines('GET /v1/keys/a HTTP/1.1', 'Host: a', 'Host: b')],
    ['a repeated header', lines('GET /v1/keys/a HTTP/1.1', 'Host: a', 'X: 1', 'x: 2')],
    ['a folded line', lines('GET /v1/keys/a HTTP/1.1', 'Host: a', 'X: 1', ' 2')],
    ['a space before the colon', lines('GET /v1/keys/a HTTP/1.1', 'Host : a')],
    ['a bare line feed', lines('GET /v1/keys/a HTTP/1.1', 'Host: a\nX: 1')],
    ['a bare carriage return', lines('GET /v1/keys/a HTTP/1.1', 'Host: a\rX: 1')],
    ['a NUL', lines('GET /v1/keys/a HTTP/1.1', 'Host: a\0')],
    ['a byte beyond ASCII in the path', lines('GET /v1/keys/\xe9 HTTP/1.1', 'Host: a')],
    ['a space in the path', lines('GET /v1/keys/a b HTTP/1.1', 'Host: a')],
    ['a closing connection', lines('GET /v1/keys/a HTTP/1.1', 'Host: a', 'Connection: close')],
    ['an upgrade', lines('GET /v1/keys/a HTTP/1.1', 'Host: a', 'Upgrade: h2c')],
    [
      'an expectation',
      lines('PUT /v1/keys/a HTTP/1.1', 'Host: a', 'Content-Length: 0', 'Expect: 100-continue'),
    ],
    ['chunks', `${lines('PUT /v1/keys/a HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
    [
      'both lengths',
      lines('PUT /v1/keys/a HTTP/1.1', 'Host: a', 'Content-Length: 0', 'Transfer-Encoding: chunked'),
    ],
    ['no length', lines('PUT /v1/keys/a HTTP/1.1', 'Host: a')],
    ['a length that is none', lines('PUT /v1/keys/a HTTP/1.1', 'Host: a', 'Content-Length: +1')],
    ['a length with a nought', `${lines('PUT /v1/keys/a HTTP/1.1', 'Host: a', 'Content-Length: 01')}x`],
    ['a body that is not all there', `${lines('PUT /v1/keys/a HTTP/1.1', 'Host: a', 'Content-Length: 2')}x`],
    ['a GET with a body', `${lines('GET /v1/keys/a HTTP/1.1', 'Host: a', 'Content-Length: 1')}x`],
    ['a head that is too long', lines('GET /v1/keys/a HTTP/1.1', 'Host: a', `X: ${'x'.repeat(17_000)}`)],
    ['half a head', 'GET /v1/keys/a HTTP/1.1\r\nHost: a\r\n'],
    ['half a line', 'GET /v1/keys/a HT'],
  ])('leaves %s to Node', (_, text) => {
    expect(read(text)).toBeUndefined();
  });

  test('hears in whatever it takes the same as Node', async () => {
    const piece = fc.constantFrom(
      ...[
        'Host: halo',
        'Host:  h ',
        'host: x',
        'X-A: 1',
        'X-A:\t2\t',
        'x-b: é',
        'X-C:',
        'Accept: */*',
        'Cookie: a=b',
      ],
      ...[
        'Content-Length: 3',
        'Content-Length: 0',
        'Content-Length: 03',
        'Connection: keep-alive',
        'Connection: x',
      ],
      ...[
        'Transfer-Encoding: chunked',
        ' folded',
        'no colon',
        ': no name',
        'X-D: a\rb',
        'X-E: a\nHost: b',
        'If-Match: "1"',
      ],
    );
    const opening = fc.constantFrom(
      ...['GET /v1/keys/a HTTP/1.1', 'PUT /v1/keys/b?ttl=1 HTTP/1.1', 'DELETE /v1/keys/%00 HTTP/1.1'],
      ...['HEAD /v1/keys/c/d HTTP/1.1', 'GET  /v1/keys/a HTTP/1.1', 'GET /v1/keys/a HTTP/1.1 '],
    );
    const body = fc.constantFrom('', 'abc', 'abcd', '0\r\n\r\n');
    const requests = fc.tuple(opening, fc.array(piece, { maxLength: 5 }), body);
    let taken = 0;
    const same = async ([line, headers, rest]: [string, string[], string]) => {
      const bytes = lines(line, ...headers) + rest;
      const request = read(bytes);
      if (request === undefined) return;
      taken += 1;
      const { method, url, headers: read_, body: content } = request;
      const mine = { method, url, headers: { ...read_ }, body: content.toString('latin1') };
      expect(await hearByNode(bytes.slice(0, request.end))).toEqual([mine]);
    };
    await fc.assert(fc.asyncProperty(requests, same), { numRuns: 6_000 });
    expect(taken).toBeGreaterThan(50);
  }, 60_000);
});

test('connections share the headers they have read, but for long ones', () => {
  const heads = createHeads();
  const headersOf = (...all: string[]) =>
    createWholeRequestReader(prefix, heads)(Buffer.from(lines('GET /v1/keys/a HTTP/1.1', ...all)), 0)
      ?.headers;
  const ada = ['Host: halo', 'Authorization: Bearer ada'];
  const bo = ['Host: halo', 'Authorization: Bearer bo'];
  const first = headersOf(...ada);
  expect(headersOf(...bo)).toEqual({ host: 'halo', authorization: 'Bearer bo' });
  expect(headersOf(...ada)).toBe(first);
  const long = ['Host: halo', `X-Long: ${'x'.repeat(2_048)}`];
  expect(headersOf(...long)).toEqual(headersOf(...long));
  expect(headersOf('Host: halo', 'Host: two')).toBeUndefined();
  expect(heads.size).toBe(2);
});
