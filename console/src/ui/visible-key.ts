/**
 * Returns a key for display, with control characters as their Unicode pictures and direction marks as
 * escapes: an invisible or text-reversing character must not make one key look like another.
 */
export function visibleKey(key: string): string {
  return key.replace(/[\p{Cc}\p{Bidi_Control}\u200b\u2060\ufeff]/gu, (character) => {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x20) return String.fromCodePoint(0x2400 + point);
    if (point === 0x7f) return '\u2421';
    return `\\u${point.toString(16).padStart(4, '0')}`;
  });
}
