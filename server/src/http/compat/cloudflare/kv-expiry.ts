import { limits } from 'halo-contract';
import { HaloError } from '../../../errors.js';

/** Workers KV takes nothing shorter. */
const secondsMin = 60;

/**
 * When a value is to end. `ttl` takes precedence, as in Workers KV.
 *
 * @param expiration seconds since 1970
 * @param ttl seconds from now
 * @throws HaloError `invalid-request` for less than 60 seconds from now
 */
export function expiryOf(
  expiration: number | undefined,
  ttl: number | undefined,
): 'never' | { readonly ttlMs: number } | { readonly atMs: number } {
  const nowMs = Date.now();
  if (ttl !== undefined) {
    if (ttl < secondsMin) throw refusal('expiration_ttl', ttl, `be at least ${secondsMin}`);
    if (nowMs + ttl * 1_000 > limits.expiresAtMsMax)
      throw refusal('expiration_ttl', ttl, 'end by the year 9999');
    return { ttlMs: ttl * 1_000 };
  }
  if (expiration === undefined) return 'never';
  if (expiration * 1_000 < nowMs + secondsMin * 1_000) {
    throw refusal('expiration', expiration, `be at least ${secondsMin} seconds in the future`);
  }
  if (expiration * 1_000 > limits.expiresAtMsMax)
    throw refusal('expiration', expiration, 'be within the year 9999');
  return { atMs: expiration * 1_000 };
}

/** Seconds since 1970. */
export function expirationOf(expiresAtMs: number): number {
  return Math.floor(expiresAtMs / 1_000);
}

function refusal(name: string, value: number, must: string): HaloError {
  return new HaloError('invalid-request', `Invalid ${name} of ${value}: it must ${must}.`);
}
