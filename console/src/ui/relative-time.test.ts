import { describe, expect, test } from 'vitest';
import { formatAgo, formatDuration } from './relative-time.js';

const hour = 3_600_000;

describe('formatDuration', () => {
  test.each([
    [0, 'under 1 s'],
    [999, 'under 1 s'],
    [1_000, '1 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [90_500, '1 min 30 s'],
    [2 * hour + 5 * 60_000, '2 h 5 min'],
    [52 * hour, '2 d 4 h'],
    [48 * hour + 59_000, '2 d'],
    [366 * 24 * hour, '1 y 1 d'],
  ])('writes %d ms as %s, rounding down', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('formatAgo', () => {
  test('says just now for the last seconds, and for a clock that runs behind', () => {
    expect(formatAgo(9_000)).toBe('just now');
    expect(formatAgo(-5_000)).toBe('just now');
  });

  test('keeps the largest unit only', () => {
    expect(formatAgo(90_500)).toBe('1 min ago');
    expect(formatAgo(52 * hour)).toBe('2 d ago');
  });
});
