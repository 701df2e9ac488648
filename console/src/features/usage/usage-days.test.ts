import { expect, test } from 'vitest';
import { percentText, warningOf } from './quota-share.js';
import { chartSummary, shortDay, totalsOf } from './usage-days.js';

const days = [
  { day: '2026-01-30', reads: 1_000, writes: 5 },
  { day: '2026-01-31', reads: 2_000, writes: 7 },
  { day: '2026-02-01', reads: 0, writes: 0 },
];

test('sums days up and finds the busiest', () => {
  expect(totalsOf(days)).toEqual({ reads: 3_000, writes: 12, busiest: days[1] });
  expect(totalsOf([{ day: '2026-02-01', reads: 0, writes: 0 }]).busiest).toBeUndefined();
});

test('says what the chart shows', () => {
  expect(chartSummary(days)).toContain('3,000 reads and 12 writes in all');
  expect(chartSummary(days)).toContain(`the most on ${shortDay('2026-01-31')} with 2,000 reads`);
  expect(chartSummary([])).toBe('No reads or writes.');
});

test('days are those of UTC, wherever one is', () => {
  expect(shortDay('2026-01-31')).toMatch(/31/);
});

test('something is never nothing, and not quite all never all', () => {
  expect([0, 0.00001, 0.0123, 0.5, 0.9999, 1].map(percentText)).toEqual([
    '0%',
    'under 0.1%',
    '1.2%',
    '50%',
    '99%',
    '100%',
  ]);
});

test('warns when little or nothing is left, and not before', () => {
  const limits = { keys: 1_000, bytes: 1_024 };
  expect(warningOf({ keys: 899, bytes: 0 }, limits)).toBeUndefined();
  expect(warningOf({ keys: 900, bytes: 0 }, limits)).toBe('There is room for 100 more keys.');
  expect(warningOf({ keys: 1_000, bytes: 0 }, limits)).toMatch(/new keys are refused/);
  expect(warningOf({ keys: 0, bytes: 1_000 }, limits)).toBe('24 B of storage are left.');
  expect(warningOf({ keys: 0, bytes: 1_024 }, limits)).toMatch(/storage is full/);
});
