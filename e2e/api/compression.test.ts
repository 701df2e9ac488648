import { type IncomingHttpHeaders, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Asks as a browser does, but leaves what comes as it came. */
function ask(method: 'GET' | 'HEAD', path: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(new URL(path, server.url), { method, headers }, (response) => {
      buffer(response).then(
        (body) => resolve({ status: response.statusCode, headers: response.headers, body }),
        reject,
      );
    })
      .once('error', reject)
      .end();
  });
}

const page = (await ask('GET', '/home', {})).body.toString();
const pathIn = (pattern: RegExp) => pattern.exec(page)?.[1] ?? 'not in the page';
const forEver = 'public, max-age=31536000, immutable';
const html = 'text/html; charset=utf-8';
const pages = ['/home', '/home/keys?key=a'];
const files = [
  { path: pathIn(/src="(\/home\/assets\/[^"]+\.js)"/), type: 'application/javascript; charset=utf-8' },
  { path: pathIn(/href="(\/home\/assets\/index-[^"]+\.css)"/), type: 'text/css; charset=utf-8' },
];

const encodings = [
  { accepted: 'gzip, deflate, br, zstd', sent: 'br', decode: brotliDecompressSync },
  { accepted: 'gzip, deflate', sent: 'gzip', decode: gunzipSync },
  { accepted: 'identity', sent: undefined, decode: (bytes: Buffer) => bytes },
];

test.for(files)('$path is sent compressed as the client can read it', async ({ path, type }) => {
  const plain = await ask('GET', path, {});
  const tags: unknown[] = [];
  for (const { accepted, sent, decode } of encodings) {
    const headers = { 'accept-encoding': accepted };
    const answer = await ask('GET', path, headers);
    expect(answer.status).toBe(200);
    expect(decode(answer.body).equals(plain.body)).toBe(true);
    expect(answer.headers).toMatchObject({
      'content-type': type,
      'content-length': String(answer.body.length),
      'cache-control': forEver,
      vary: 'Accept-Encoding',
    });
    expect(answer.headers['content-encoding']).toBe(sent);
    if (sent !== undefined) expect(answer.body.length).toBeLessThan(plain.body.length / 2);

    const head = await ask('HEAD', path, headers);
    expect([head.status, head.body.length]).toEqual([200, 0]);
    for (const name of ['content-length', 'content-encoding', 'content-type', 'etag', 'vary']) {
      expect([name, head.headers[name]]).toEqual([name, answer.headers[name]]);
    }

    const { etag = '' } = answer.headers;
    const again = await ask('GET', path, { ...headers, 'if-none-match': etag });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    expect(again.headers).toMatchObject({ etag, vary: 'Accept-Encoding', 'cache-control': forEver });
    tags.push(etag);
  }
  // The tag of one encoding must not pass for another's.
  expect(new Set(tags).size).toBe(encodings.length);
});

test('what is too small or compressed in itself comes as it is', async () => {
  const css = await ask('GET', files[1]?.path ?? '', {});
  const font = /url\((\/home\/assets\/geist-latin-wght[^)]+\.woff2)\)/.exec(css.body.toString())?.[1] ?? '';
  for (const [path, type] of [
    ['/home/scheme.js', 'application/javascript; charset=utf-8'],
    ['/home/favicon.svg', 'image/svg+xml'],
    [font, 'font/woff2'],
    ...pages.map((path) => [path, html] as const),
  ] as const) {
    const { status, headers } = await ask('GET', path, { 'accept-encoding': 'br, gzip' });
    expect([path, status, headers['content-type'], headers['content-encoding']]).toEqual([
      path,
      200,
      type,
      undefined,
    ]);
  }
  const missing = await ask('GET', '/home/assets/none.js', { 'accept-encoding': 'br, gzip' });
  expect([missing.status, missing.headers['content-encoding']]).toEqual([404, undefined]);
});

test.for(pages)('%s is asked for each time, and sent again only when it has changed', async (path) => {
  const { headers } = await ask('GET', path, {});
  expect(headers).toMatchObject({ 'content-type': html, 'cache-control': 'no-cache' });
  const again = await ask('GET', path, { 'if-none-match': headers.etag ?? '' });
  expect([again.status, again.body.length, again.headers.etag]).toEqual([304, 0, headers.etag]);
  const other = await ask('GET', path, { 'if-none-match': '"another"' });
  expect([other.status, other.body.length > 0]).toEqual([200, true]);
});
