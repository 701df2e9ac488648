/**
 * Returns a text as one word for bash and zsh. What holds control characters is written with their escapes:
 * pasted as they are, a terminal would act on them.
 */
export function shellQuote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  // A line end is harmless between quotes, and keeps a text of many lines readable.
  if (/(?!\n)\p{Cc}/u.test(text)) {
    const escaped = text.replace(/[\\'\p{Cc}]/gu, (character) => {
      if (character === '\n') return '\\n';
      if (character === '\t') return '\\t';
      if (character === '\r') return '\\r';
      const point = character.codePointAt(0) ?? 0;
      // Above ASCII a byte escape would be half of a character.
      return character === '\\' || character === "'" ? `\\${character}` : escapeOf(point);
    });
    return `$'${escaped}'`;
  }
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function escapeOf(point: number): string {
  const hex = (byte: number) => `\\x${byte.toString(16).padStart(2, '0')}`;
  return [...new TextEncoder().encode(String.fromCodePoint(point))].map(hex).join('');
}
