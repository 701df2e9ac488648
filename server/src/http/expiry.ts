import { limits } from 'halo-contract';
import { HaloError } from '../errors.js';

/** When a value is to expire, as the request puts it; the engine's clock decides what that means. */
export type Expiry = 'never' | 'keep' | { readonly ttlMs: number } | { readonly atMs: number };

/** Seconds, to the millisecond. */
const seconds = /^\d{1,12}(\.\d{1,3})?$/;
/** RFC 3339 section 5.6, with up to millisecond precision. */
const instant = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/i;

/**
 * Reads `ttl` and `expires_at`, of which at most one may be given.
 *
 * @throws HaloError `invalid-request`
 */
export function expiryOf(ttl: string | undefined, expiresAt: string | undefined): Expiry {
  if (ttl !== undefined && expiresAt !== undefined) {
    throw refusal('/ttl', 'Give ttl or expires_at, not both.');
  }
  if (ttl !== undefined) return ttl === 'keep' ? 'keep' : ttlOf(seconds.test(ttl) ? Number(ttl) : Number.NaN);
  return expiresAt === undefined ? 'never' : { atMs: parseInstant(expiresAt) };
}

/** @throws HaloError `invalid-request` unless the seconds are a millisecond at least and end within what RFC 3339 can write */
export function ttlOf(ttlS: number): { readonly ttlMs: number } {
  const ttlMs = Math.round(ttlS * 1_000);
  if (ttlMs > 0 && Date.now() + ttlMs <= limits.expiresAtMsMax) return { ttlMs };
  throw refusal('/ttl', 'ttl is a number of seconds above 0, with up to three decimals, or keep.');
}

/** @throws HaloError `invalid-request` unless the text is an RFC 3339 time */
export function parseInstant(text: string): number {
  const ms = instant.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse rolls 30 February over to March; writing the day back shows it.
  if (!Number.isNaN(ms) && ms <= limits.expiresAtMsMax && isRealDay(text)) return ms;
  throw refusal('/expires_at', 'expires_at is an RFC 3339 time such as 2026-01-31T09:30:00Z.');
}

function isRealDay(text: string): boolean {
  const day = text.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

function refusal(pointer: string, detail: string): HaloError {
  return new HaloError('invalid-request', detail, { extra: { pointer } });
}
