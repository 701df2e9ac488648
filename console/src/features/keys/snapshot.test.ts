import { expect, test } from 'vitest';
import { readSnapshot, shownBytesMax } from './snapshot.js';

const headers = { 'Halo-Revision': '7', 'Content-Type': 'text/plain', 'Halo-Metadata': '{"a": 1}' };

test('keeps bytes and metadata as they came', async () => {
  const snapshot = await readSnapshot('k', new Response(new Uint8Array([0xef, 0xbb, 0xbf, 0]), { headers }));
  expect(snapshot).toMatchObject({ key: 'k', revision: 7, size: 4, metadata: '{"a": 1}' });
  expect(snapshot.body).toEqual(new Uint8Array([0xef, 0xbb, 0xbf, 0]));
  expect(snapshot.expiresAt).toBeUndefined();
});

test('shows a value of exactly the limit, and stops reading one byte beyond it', async () => {
  const exact = await readSnapshot('k', new Response(new Uint8Array(shownBytesMax), { headers }));
  expect(exact.body?.length).toBe(shownBytesMax);
  const beyond = await readSnapshot('k', new Response(new Uint8Array(shownBytesMax + 1), { headers }));
  expect(beyond.body).toBeUndefined();
});

test('does not begin to read what says it is too long, and knows its size', async () => {
  let cancelled = false;
  const stream = new ReadableStream({
    cancel: () => {
      cancelled = true;
    },
  });
  const long = new Response(stream, { headers: { ...headers, 'Content-Length': '26214400' } });
  expect(await readSnapshot('k', long)).toMatchObject({ body: undefined, size: 26_214_400 });
  expect(cancelled).toBe(true);
});

test('an empty value is a value', async () => {
  expect((await readSnapshot('k', new Response(null, { headers }))).body).toEqual(new Uint8Array());
});
