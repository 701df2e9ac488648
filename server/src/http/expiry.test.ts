import fc from 'fast-check';
import { limits } from 'halo-contract';
import { describe, expect, test } from 'vitest';
import { expiryOf } from './expiry.js';

const refusalAt = (pointer: string) =>
  expect.objectContaining({ code: 'invalid-request', extra: { pointer } });
const dayMs = 86_400_000;
const minuteMs = 60_000;

describe('ttl', () => {
  test('is read to the millisecond, with and without its fraction', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), fc.integer({ min: 0, max: 999 }), (s, ms) => {
        fc.pre(s + ms > 0);
        const fraction = String(ms).padStart(3, '0');
        expect(expiryOf(`${s}.${fraction}`, undefined)).toEqual({ ttlMs: s * 1_000 + ms });
        if (ms === 0) expect(expiryOf(String(s), undefined)).toEqual({ ttlMs: s * 1_000 });
      }),
    );
  });

  test('may keep the present expiry', () => {
    expect(expiryOf('keep', undefined)).toBe('keep');
  });

  test.each([
    '',
    ' ',
    '0',
    '0.000',
    '-1',
    '+1',
    '1e3',
    '0x10',
    'Infinity',
    'NaN',
    '1.',
    '.5',
    '1.0005',
    '1,5',
    ' 1',
    '1 ',
    'Keep',
    'KEEP',
    '٣',
    '9999999999999',
    'null',
    '1s',
  ])('refuses %j and names the parameter', (ttl) => {
    expect(() => expiryOf(ttl, undefined)).toThrow(refusalAt('/ttl'));
  });

  test('may not reach past the year 9999, which RFC 3339 cannot write', () => {
    const left = Math.floor((limits.expiresAtMsMax - Date.now()) / 1_000);
    expect(expiryOf(String(left - 60), undefined)).toEqual({ ttlMs: (left - 60) * 1_000 });
    expect(() => expiryOf(String(left + 60), undefined)).toThrow(refusalAt('/ttl'));
  });
});

describe('expires_at', () => {
  test('is any instant of RFC 3339, at any offset', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: limits.expiresAtMsMax - dayMs }),
        fc.integer({ min: -(24 * 60 - 1), max: 24 * 60 - 1 }),
        (atMs, offsetMinutes) => {
          fc.pre(atMs + offsetMinutes * minuteMs >= 0);
          expect(expiryOf(undefined, new Date(atMs).toISOString())).toEqual({ atMs });
          const local = new Date(atMs + offsetMinutes * minuteMs).toISOString().slice(0, -1);
          const [hours, minutes] = [Math.floor(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60];
          const sign = offsetMinutes < 0 ? '-' : '+';
          const offset = `${sign}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
          expect(expiryOf(undefined, local + offset)).toEqual({ atMs });
        },
      ),
    );
  });

  test.each([
    ['2026-01-31T09:30:00Z', Date.UTC(2026, 0, 31, 9, 30)],
    ['2026-01-31t09:30:00z', Date.UTC(2026, 0, 31, 9, 30)],
    ['2026-01-31T09:30:00.5Z', Date.UTC(2026, 0, 31, 9, 30, 0, 500)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
    ['2024-02-29T23:30:00-01:00', Date.UTC(2024, 2, 1, 0, 30)],
    ['9999-12-31T23:59:59.999Z', limits.expiresAtMsMax],
  ])('%s is understood', (text, atMs) => {
    expect(expiryOf(undefined, text)).toEqual({ atMs });
  });

  test.each([
    ['a day that February lacks', '2026-02-29T00:00:00Z'],
    ['a leap day of 1900', '1900-02-29T00:00:00Z'],
    ['a leap day of 2100', '2100-02-29T00:00:00Z'],
    ['30 February in small letters', '2024-02-30t00:00:00z'],
    ['31 April', '2026-04-31T12:00:00+02:00'],
    ['day 0', '2026-01-00T00:00:00Z'],
    ['day 32', '2026-01-32T00:00:00Z'],
    ['month 0', '2026-00-01T00:00:00Z'],
    ['month 13', '2026-13-01T00:00:00Z'],
    ['hour 24, which RFC 3339 lacks', '2026-01-31T24:00:00Z'],
    ['hour 25', '2026-01-31T25:00:00Z'],
    ['minute 60', '2026-01-31T09:60:00Z'],
    ['second 61', '2026-01-31T09:30:61Z'],
    ['an offset of 24 hours', '2026-01-31T09:30:00+24:00'],
    ['an offset of 60 minutes', '2026-01-31T09:30:00+00:60'],
    ['an offset without a colon', '2026-01-31T09:30:00+0100'],
    ['no offset', '2026-01-31T09:30:00'],
    ['a date alone', '2026-01-31'],
    ['a space for the T', '2026-01-31 09:30:00Z'],
    ['microseconds', '2026-01-31T09:30:00.123456Z'],
    ['a fraction without digits', '2026-01-31T09:30:00.Z'],
    ['no seconds', '2026-01-31T09:30Z'],
    ['a year of five digits', '10000-01-01T00:00:00Z'],
    ['an expanded year', '+002026-01-31T09:30:00Z'],
    ['an instant past the last, by its offset', '9999-12-31T23:59:59.999-00:01'],
    ['a time with a line end', '2026-01-31T09:30:00Z\n'],
    ['seconds since 1970', '1769851800'],
    ['words', 'tomorrow'],
    ['nothing', ''],
  ])('refuses %s', (_what, text) => {
    expect(() => expiryOf(undefined, text)).toThrow(refusalAt('/expires_at'));
  });
});

test('a value without ttl and expires_at never expires', () => {
  expect(expiryOf(undefined, undefined)).toBe('never');
});

test('ttl and expires_at together are refused, even when they could agree', () => {
  expect(() => expiryOf('keep', '2026-01-31T09:30:00Z')).toThrow(refusalAt('/ttl'));
});
