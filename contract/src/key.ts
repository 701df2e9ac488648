import { limits } from './limits.js';

const lastPoint = 0x10ffff;
const firstSurrogate = 0xd800;
const lastSurrogate = 0xdfff;

/**
 * Says why a string cannot be a key, or returns undefined when it can: 1 to 1,024 bytes of UTF-8, no NUL
 * (PostgreSQL cannot store it), no lone surrogates (two different ones would become the same key).
 */
export function keyFault(key: string): string | undefined {
  if (key.length === 0) return 'A key has at least one byte.';
  if (key.includes('\0')) return 'A key may not contain NUL.';
  // Every UTF-16 unit is at most three bytes, so that most keys need no counting.
  if (key.length * 3 > limits.keyBytesMax && utf8Bytes(key) > limits.keyBytesMax) {
    return `A key has at most ${limits.keyBytesMax} bytes of UTF-8.`;
  }
  if (!key.isWellFormed()) return 'A key may not contain lone surrogates.';
  return undefined;
}

/** Writes a key for use in a path: `/` stays, everything else that URLs treat specially is escaped. */
export function keyToPath(key: string): string {
  const path = encodeURIComponent(key).replaceAll('%2F', '/');
  // URL parsers remove the segments . and .., escaped or not, but not where an escaped slash joins them to others.
  return /(?:^|\/)\.\.?(?:\/|$)/.test(path) ? encodeURIComponent(key) : path;
}

/** The length of a string in bytes of UTF-8. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** The first string after all that begin with `prefix`, or undefined when nothing comes after them. */
export function prefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === lastPoint) continue;
    const next = last + 1 === firstSurrogate ? lastSurrogate + 1 : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return undefined;
}
