const indentUnit = '  ';

/**
 * Returns a JSON text with its tokens on lines of their own, indented by two spaces. Nothing but white space
 * between tokens changes: numbers keep their digits, strings their escapes, members their order and their
 * duplicates. Line ends stay what they were, and so does whether the last line ends.
 *
 * The text must be valid JSON; of any other it keeps the tokens, too, but the shape means nothing.
 */
export function formatJson(text: string): string {
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const out: string[] = [];
  let depth = 0;
  const newLine = () => out.push(lineEnd, indentUnit.repeat(depth));
  let before = '';
  for (const token of jsonTokens(text)) {
    if (token === '}' || token === ']') {
      depth = Math.max(0, depth - 1);
      // An empty object or array stays on its line.
      if (before !== '{' && before !== '[') newLine();
    } else if (before === '{' || before === '[' || before === ',') newLine();
    else if (before === ':') out.push(' ');
    if (token === '{' || token === '[') depth += 1;
    out.push(token);
    before = token;
  }
  if (/\n[ \t\r\n]*$/.test(text)) out.push(lineEnd);
  return out.join('');
}

/** Yields the tokens of a JSON text as they are written, and no white space between them. */
export function* jsonTokens(text: string): Generator<string> {
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (isWhitespace(character)) at += 1;
    else {
      const end = tokenEnd(text, at, character);
      yield text.slice(at, end);
      at = end;
    }
  }
}

function tokenEnd(text: string, start: number, first: string): number {
  if (isMark(first)) return start + 1;
  if (first === '"') return stringEnd(text, start);
  let end = start + 1;
  while (end < text.length) {
    const character = text[end] ?? '';
    if (isWhitespace(character) || isMark(character) || character === '"') break;
    end += 1;
  }
  return end;
}

/** A loop rather than a pattern: a string of megabytes would overflow the stack of a backtracking one. */
function stringEnd(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === '"') return index + 1;
  }
  return text.length;
}

function isMark(character: string): boolean {
  return '{}[]:,'.includes(character);
}

function isWhitespace(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\r' || character === '\t';
}
