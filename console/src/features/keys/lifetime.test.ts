import { expect, test } from 'vitest';
import { lifetimeSeconds } from './lifetime.js';

test.each([
  ['', 'days', undefined],
  ['  ', 'days', undefined],
  ['2', 'days', 172_800],
  ['1.5', 'hours', 5_400],
  ['1,5', 'minutes', 90],
  ['0.0015', 'seconds', 0.002],
  ['0', 'seconds', null],
  ['-1', 'seconds', null],
  ['1e3', 'seconds', null],
  ['soon', 'hours', null],
  ['99999999999999999', 'days', null],
] as const)('%j %s are %s seconds', (amount, unit, seconds) => {
  expect(lifetimeSeconds(amount, unit)).toBe(seconds);
});
