import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createSha256 } from './sha256.js';

const noise = Uint8Array.from({ length: 1_000 }, (_, index) => (index * 31 + (index >> 3)) % 256);

describe('SHA-256', () => {
  test.each([0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1_000])('digests %d bytes', (length) => {
    const bytes = noise.subarray(0, length);
    const hash = createSha256();
    hash.update(bytes);
    expect(hash.digest()).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test.each([1, 3, 63, 64, 65, 100])('does not care that the bytes come in pieces of %d', (size) => {
    const hash = createSha256();
    for (let start = 0; start < noise.length; start += size) hash.update(noise.subarray(start, start + size));
    expect(hash.digest()).toBe(createHash('sha256').update(noise).digest('hex'));
  });
});
