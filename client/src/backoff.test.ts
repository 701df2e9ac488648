import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs, pause } from './backoff.js';

test('waiting doubles from a tenth of a second, up to five seconds, spread over its upper half', () => {
  fc.assert(
    fc.property(fc.nat(2_000), (failures) => {
      const whole = Math.min(5_000, 100 * 2 ** failures);
      const ms = backoffMs(failures);
      expect(ms).toBeGreaterThanOrEqual(whole / 2);
      expect(ms).toBeLessThanOrEqual(whole);
    }),
  );
});

test('clients that failed together do not come back together', () => {
  expect(new Set(Array.from({ length: 20 }, () => backoffMs(3))).size).toBeGreaterThan(1);
});

test('a pause ends by itself', async () => {
  await expect(pause(1)).resolves.toBeUndefined();
});

test('a pause ends with the reason of an abort, before and meanwhile', async () => {
  const reason = new Error('No longer wanted.');
  await expect(pause(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  const controller = new AbortController();
  const paused = pause(60_000, controller.signal);
  controller.abort(reason);
  await expect(paused).rejects.toBe(reason);
});
