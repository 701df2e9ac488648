import { createHash, randomBytes } from 'node:crypto';
import { limits } from 'halo-contract';
import { expect, test } from 'vitest';
import { type Body, haloAt } from '../halo.js';
import { expectProblem } from '../problem.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

const values: readonly (readonly [what: string, value: Body])[] = [
  ['an empty value', ''],
  ['every byte there is', everyByte],
  ['a single NUL', new Uint8Array(1)],
  ['bytes that are not UTF-8', Uint8Array.of(0xc0, 0xaf, 0xff, 0xfe, 0xed, 0xa0, 0x80)],
  ['text with a byte order mark and mixed line ends', '\ufeffa\r\nb\nc\r\u2028'],
  ['JSON that a parser would change', '{"a":9007199254740993,"a":1 , "__proto__":{},"é":1e999}'],
  ['JSON that is broken', '{"a":'],
  ['JSON 5,000 levels deep', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
  ['what looks like a bytea literal', '\\x00ff'],
  ['1 MiB of noise', Uint8Array.from(randomBytes(1024 * 1024))],
];

test.for(values)('%s comes back byte for byte', async ([, value]) => {
  const person = await halo.signUp();
  const sent = Buffer.from(value);
  await halo.set(person, 'key', value, { headers: { 'content-type': 'application/json' } });
  const response = await halo.get(person, 'key');
  const received = Buffer.from(await response.arrayBuffer());
  expect(response.headers.get('content-length')).toBe(String(sent.length));
  expect(received.equals(sent)).toBe(true);
  expect((await halo.page(person)).keys[0]).toMatchObject({ key: 'key', size: sent.length });
});

test('a value of exactly 25 MiB is kept, and one byte more is refused without a trace', async () => {
  const person = await halo.signUp();
  const largest = Uint8Array.from(randomBytes(limits.valueBytesMax));
  await halo.set(person, 'largest', largest);
  const received = await halo.read(person, 'largest');
  expect(received.length).toBe(limits.valueBytesMax);
  expect(sha256(received)).toBe(sha256(largest));
  const tooLarge = new Uint8Array(limits.valueBytesMax + 1);
  await expectProblem(await halo.put(person, 'too large', tooLarge), 'too-large');
  await expectProblem(await halo.get(person, 'too large'), 'not-found');
  expect(await halo.account(person)).toMatchObject({ revision: 1, usage: { keys: 1 } });
});

test('a client that sends too much gets to read why, each time', async () => {
  const person = await halo.signUp();
  const tooLarge = new Uint8Array(limits.valueBytesMax + 1);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    // A server that closes while the client still sends may destroy its own answer with a reset.
    await expectProblem(await halo.put(person, 'too large', tooLarge), 'too-large');
  }
});

test('a replaced value leaves nothing of the one before', async () => {
  const person = await halo.signUp();
  const metadata = { 'halo-metadata': '{"a":1}', 'content-type': 'text/plain' };
  await halo.set(person, 'key', 'a long first value', { headers: metadata, query: 'ttl=3600' });
  await halo.set(person, 'key', 'short');
  const response = await halo.get(person, 'key');
  expect(await response.text()).toBe('short');
  expect(response.headers.get('halo-metadata')).toBeNull();
  expect(response.headers.get('halo-expires-at')).toBeNull();
  expect(response.headers.get('content-type')).toBe('application/octet-stream');
});

const contentTypes = [
  'text/plain',
  'text/html; charset=utf-8',
  'TEXT/Plain;Charset="UTF-8"',
  'application/json',
  'application/vnd.example+json; profile="a;b \\"c\\"" ; v=1',
  'image/svg+xml',
  'multipart/form-data; boundary=----x',
  'application/x-www-form-urlencoded',
  `text/plain; p=${'x'.repeat(limits.contentTypeBytesMax - 'text/plain; p='.length)}`,
];

test.for(contentTypes)('the content type %s is answered as it was sent', async (contentType) => {
  const person = await halo.signUp();
  await halo.set(person, 'key', '<p>', { headers: { 'content-type': contentType } });
  const got = await halo.get(person, 'key');
  expect(got.headers.get('content-type')).toBe(contentType);
  expect(await got.text()).toBe('<p>');
  expect((await halo.page(person)).keys[0]?.content_type).toBe(contentType);
});

test('a value without a content type is an octet stream', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', everyByte);
  expect((await halo.get(person, 'key')).headers.get('content-type')).toBe('application/octet-stream');
});

const malformedTypes = [
  'text',
  'text/',
  '/plain',
  'text/plain; =x',
  'text/pl ain',
  'text/plain, text/html',
  'application/json\ta',
  'text/plain; p="open',
  'text/pläin',
  `text/plain; p=${'x'.repeat(limits.contentTypeBytesMax)}`,
];

test.for(malformedTypes)('the content type %j is refused', async (contentType) => {
  const person = await halo.signUp();
  const response = await halo.put(person, 'key', 'value', { headers: { 'content-type': contentType } });
  await expectProblem(response, 'unsupported-media-type');
  expect(await halo.account(person)).toMatchObject({ revision: 0 });
});

test('a compressed value is refused rather than stored under a false description', async () => {
  const person = await halo.signUp();
  for (const encoding of ['gzip', 'br', 'deflate', 'gzip, identity']) {
    const response = await halo.put(person, 'key', 'value', { headers: { 'content-encoding': encoding } });
    await expectProblem(response, 'unsupported-media-type');
  }
  await expectProblem(await halo.get(person, 'key'), 'not-found');
});

test('a value never becomes a page of our origin, and is never kept by a shared cache', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'page', '<script>1</script>', { headers: { 'content-type': 'text/html' } });
  const { headers } = await halo.get(person, 'page');
  expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
  expect(headers.get('cache-control')).toBe('private, no-cache');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
