import { expect, test } from 'vitest';
import { createPace } from './pace.js';

test('tells nothing until there is enough to tell by', () => {
  const pace = createPace();
  expect(pace.rate()).toBeUndefined();
  pace.note(0, 0);
  pace.note(100, 500);
  expect(pace.rate()).toBeUndefined();
  pace.note(200, 1_000);
  expect(pace.rate()).toBe(200);
  expect(pace.leftMs(1_200)).toBe(5_000);
  expect(pace.leftMs(100)).toBe(0);
});

test('goes by the last seconds, and starts over after a pause', () => {
  const pace = createPace();
  for (let second = 0; second <= 30; second += 1) pace.note(second * 1_000, second * 1_000);
  for (let second = 31; second <= 60; second += 1) pace.note(30_000 + (second - 30) * 10, second * 1_000);
  expect(pace.rate()).toBe(10);
  pace.reset();
  expect(pace.rate()).toBeUndefined();
});

test('what stands still has no end in sight', () => {
  const pace = createPace();
  pace.note(10, 0);
  pace.note(10, 5_000);
  expect(pace.rate()).toBe(0);
  expect(pace.leftMs(20)).toBeUndefined();
});
