import { pick } from './fuzz-values.js';
import type { Random } from './random.js';

/** What to send over a connection of its own. */
export interface FuzzBytes {
  readonly bytes: Buffer;
  /** In how many writes. */
  readonly parts: number;
  /** Whether our side then ends, while the other may still answer. */
  readonly ends: boolean;
}

/** Draws bytes that no HTTP client would send. One character of a text stands for one byte. */
export function drawBytes(random: Random, token: string): FuzzBytes {
  const text = pick(kinds, random)(random, token);
  const bytes = Buffer.from(text, 'latin1');
  return { bytes, parts: random(4) === 0 ? 1 + random(20) : 1, ends: random(3) === 0 };
}

type Kind = (random: Random, token: string) => string;

const methods = [
  'GET',
  'PUT',
  'POST',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'get',
  'G\0T',
  'PRI',
  '',
];
const targets = [
  '/v1/keys/a',
  '*',
  'http://x/v1/keys/a',
  '//',
  '/%',
  '/%ff',
  '/v1/keys/%c0%80',
  '/\xff\xfe',
  '',
  '/..',
  '?',
  '/v1/keys/%00',
];
const versions = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', 'HTTP/2', 'http/1.1', '', 'HTTP/1.1 x', 'ICE/1.0'];
const ends = ['\r\n', '\n', '\r', '\r\r\n', '\0\r\n'];
const lengths = ['-1', '+5', '0x5', '5, 5', '5, 6', '99999999999999999999', '', ' ', '1e3', '5\t', '4'];
const codings = [
  'chunked',
  'Chunked',
  'xchunked',
  'chunked, identity',
  'identity',
  'gzip, chunked',
  'chunked\0',
  ' chunked',
  'chunked, chunked',
];
const sizes = [
  '5',
  '0',
  '-5',
  'FFFFFFFFFFFFFFFFF',
  '7fffffff',
  'zz',
  '',
  '5;a=b',
  `5;${'x'.repeat(20_000)}`,
  '0005',
  ' 5',
  '5 ',
];
const oddHeaders = [
  'no colon',
  ': no name',
  'a b: c',
  'x\0y: z',
  'x: \0',
  ' folded',
  'x:\r\n y',
  '\xff: \xff',
  'Host: b',
  'Content-Length: 3',
  'Expect: 100-continue',
  'Expect: the unexpected',
  'Connection: upgrade\r\nUpgrade: websocket',
  'Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA',
  'Connection: close, keep-alive',
  'Transfer-Encoding: chunked',
  'TE: trailers',
  'Trailer: x',
  'Authorization: Bearer \xff',
  'Range: bytes=0-',
  'If-None-Match: "',
  'Halo-Metadata: {"a":"\xff"}',
  'Cookie: halo_refresh=x; =; ;;',
];

const kinds: readonly Kind[] = [
  (random) => Array.from({ length: random(2_000) }, () => String.fromCharCode(random(256))).join(''),
  (random, token) =>
    `${pick(methods, random)} ${pick(targets, random)} ${pick(versions, random)}${pick(ends, random)}${head(token)}\r\n`,
  (random, token) =>
    request(
      'GET',
      token,
      Array.from({ length: 1 + random(4) }, () => pick(oddHeaders, random)),
    ),
  (random, token) =>
    request(
      'GET',
      token,
      Array.from({ length: random(4_000) }, (_, n) => `x-${n}: ${n}`),
    ),
  (random, token) => request('GET', token, [`x: ${'y'.repeat(random(40_000))}`]),
  (random, token) => `${request('PUT', token, [`Content-Length: ${pick(lengths, random)}`])}hello`,
  (random, token) =>
    `${request('PUT', token, [`Transfer-Encoding: ${pick(codings, random)}`])}${chunks(random)}`,
  (random, token) =>
    `${request('PUT', token, ['Transfer-Encoding: chunked', `Content-Length: ${pick(lengths, random)}`])}${chunks(random)}`,
  (random, token) =>
    `${request('PUT', token, ['Content-Length: 5'])}hello${request('GET', token, [])}`.repeat(1 + random(15)),
  (random, token) =>
    `${request('GET', token, []).repeat(1 + random(30))}${pick(['', 'GARBAGE\r\n\r\n', '\0', 'GET /'], random)}`,
  (random, token) =>
    `${request('POST', token, ['Content-Length: 100', 'Expect: 100-continue'], '/v1/commit')}${'{'.repeat(random(101))}`,
  (random, token) => spoil(request('GET', token, ['Accept: */*']), random),
  (random, token) => spoil(commit(token), random),
  (random, token) => commit(token).slice(0, random(400)),
  () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
  () => '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
  (random) => ends.join('').repeat(random(200)),
];

function head(token: string): string {
  return `Host: halo\r\nAuthorization: Bearer ${token}\r\n`;
}

function request(method: string, token: string, headers: readonly string[], target = '/v1/keys/a'): string {
  return `${method} ${target} HTTP/1.1\r\n${head(token)}${headers.map((line) => `${line}\r\n`).join('')}\r\n`;
}

function commit(token: string): string {
  const body = '{"mutations":[{"set":{"key":"a","value":"fuzzed"}},{"add":{"key":"n","by":"1"}}]}';
  const headers = ['Content-Type: application/json', `Content-Length: ${body.length}`];
  return request('POST', token, headers, '/v1/commit') + body;
}

function chunks(random: Random): string {
  const some = Array.from(
    { length: random(4) },
    () => `${pick(sizes, random)}${pick(ends, random)}hello\r\n`,
  );
  return `${some.join('')}${pick(['0\r\n\r\n', '0\r\nx: y\r\n\r\n', '0\r\n', '', '0\r\n\0\r\n\r\n'], random)}`;
}

/** Changes, removes or doubles a few bytes anywhere. */
function spoil(text: string, random: Random): string {
  let spoiled = text;
  for (let n = 0; n < 1 + random(4); n += 1) {
    const at = random(spoiled.length);
    const middle = pick(['', String.fromCharCode(random(256)), spoiled.slice(at, at + 2).repeat(2)], random);
    spoiled = spoiled.slice(0, at) + middle + spoiled.slice(at + 1);
  }
  return spoiled;
}
