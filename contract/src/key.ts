import { limits } from './limits.js';

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
