import { describe, expect, test } from 'vitest';
import { expirationOf, expiryOf } from './kv-expiry.js';

const nowS = () => Math.floor(Date.now() / 1_000);

describe('expiryOf', () => {
  test('is never, at a time, or after a time, which takes precedence', () => {
    const soon = nowS() + 600;
    expect(expiryOf(undefined, undefined)).toBe('never');
    expect(expiryOf(soon, undefined)).toEqual({ atMs: soon * 1_000 });
    expect(expiryOf(undefined, 60)).toEqual({ ttlMs: 60_000 });
    expect(expiryOf(1, 60)).toEqual({ ttlMs: 60_000 });
  });

  test.each([
    [undefined, 59],
    [undefined, 0],
    [undefined, Number.MAX_SAFE_INTEGER],
    [0, undefined],
    [nowS(), undefined],
    [nowS() + 30, undefined],
    [253_402_300_800, undefined],
  ])('refuses expiration %s with ttl %s', (expiration, ttl) => {
    expect(() => expiryOf(expiration, ttl)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
  });

  test('is told in whole seconds', () => {
    expect(expirationOf(Date.parse('2026-01-31T09:30:00.000Z'))).toBe(1_769_851_800);
    expect(expirationOf(Date.parse('2026-01-31T09:30:00.999Z'))).toBe(1_769_851_800);
  });
});
