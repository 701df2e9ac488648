import { describe, expect, test } from 'vitest';
import { formatBytes } from './bytes.js';

describe('formatBytes', () => {
  test.each([
    [0, '0 B'],
    [194, '194 B'],
    [999, '999 B'],
    [1_000, '0.98 KB'],
    [1_024, '1 KB'],
    [1_536, '1.5 KB'],
    [262_144, '256 KB'],
    [1_048_576, '1 MB'],
    [26_214_400, '25 MB'],
    [10 * 1024 ** 3, '10 GB'],
    [5_000 * 1024 ** 4, '5000 TB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
