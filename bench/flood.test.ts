import { expect, test } from 'vitest';
import { createStatusReader } from './flood.js';

test.each([1, 2, 5, 13, 1_000])('every status is found once, in pieces of %i bytes', (size) => {
  const found: number[] = [];
  const read = createStatusReader((status) => found.push(status));
  const text = [200, 201, 503, 503].map((status) => `HTTP/1.1 ${status} X\r\nA: HTTP\r\n\r\nHTTP/1`).join('');
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size) read(bytes.subarray(start, start + size));
  expect(found).toEqual([200, 201, 503, 503]);
});
