import { limits, prefixEnd } from 'halo-contract';

/** A half-open range of keys in UTF-8 byte order, which is also code point order. */
export interface Bounds {
  /** Inclusive. */
  readonly lower: string;
  /** Exclusive. */
  readonly upper: string;
}

const lastPoint = 0x10ffff;

/** Greater than every key: one code point of the highest kind more than fits into a key. */
export const highest = String.fromCodePoint(lastPoint).repeat(limits.keyBytesMax / 4 + 1);

/** The keys that satisfy all of prefix, start (inclusive) and end (exclusive). */
export function boundsOf(prefix: string, start: string | undefined, end: string | undefined): Bounds {
  return {
    lower: start === undefined ? prefix : later(prefix, start),
    upper: earlier(prefixEnd(prefix) ?? highest, end ?? highest),
  };
}

/** The part of a page that is still to come after the key `last`. */
export function boundsAfter(bounds: Bounds, last: string, reverse: boolean): Bounds {
  // Nothing sorts between a key and itself followed by the lowest code point that keys may hold.
  return reverse
    ? { lower: bounds.lower, upper: earlier(bounds.upper, last) }
    : { lower: later(bounds.lower, `${last}\u{1}`), upper: bounds.upper };
}

/** The part of a range that is still to come after all keys that begin with `prefix`. */
export function boundsAfterPrefix(bounds: Bounds, prefix: string, reverse: boolean): Bounds {
  // All keys with the prefix are at or after it, so that going backwards it is itself the end of them.
  if (reverse) return { lower: bounds.lower, upper: earlier(bounds.upper, prefix) };
  return { lower: later(bounds.lower, prefixEnd(prefix) ?? highest), upper: bounds.upper };
}

function later(a: string, b: string): string {
  return compareKeys(a, b) < 0 ? b : a;
}

function earlier(a: string, b: string): string {
  return compareKeys(a, b) < 0 ? a : b;
}

/** Orders as PostgreSQL's "C" collation does. JavaScript's own order differs above U+FFFF. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
