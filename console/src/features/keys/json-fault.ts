export interface JsonFault {
  /** The offset in UTF-16 units, as editors count. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  readonly message: string;
}

const whitespace = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const literal = /true|false|null/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 8259 forbids exactly these in a string.
const stringBody = /(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;

type Expectation = 'value' | 'first-element' | 'first-member' | 'member' | 'after-value';

/**
 * Returns where a text stops being JSON (RFC 8259), or undefined when all of it is.
 *
 * It reads the text itself rather than asking `JSON.parse`, whose messages differ between browsers, name
 * no line, and whose result would tempt someone to write it back. Nesting costs memory, not stack.
 */
export function jsonFault(text: string): JsonFault | undefined {
  const open: ('[' | '{')[] = [];
  let expect: Expectation = 'value';
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const matched = pattern.test(text);
    if (matched) at = pattern.lastIndex;
    return matched;
  };
  const fault = (message: string) => locate(text, at, message);

  for (;;) {
    skip(whitespace);
    const character = text[at];
    if (expect === 'after-value') {
      const inside = open.at(-1);
      if (inside === undefined) return character === undefined ? undefined : fault('expected the end');
      if (character === ',') {
        at += 1;
        expect = inside === '{' ? 'member' : 'value';
      } else if (character === (inside === '{' ? '}' : ']')) {
        at += 1;
        open.pop();
      } else return fault(`expected a comma or ${inside === '{' ? '}' : ']'}`);
    } else if (expect === 'first-member' && character === '}') {
      at += 1;
      open.pop();
      expect = 'after-value';
    } else if (expect === 'first-member' || expect === 'member') {
      if (character !== '"') return fault('expected a name in double quotes');
      const message = skipString();
      if (message !== undefined) return fault(message);
      skip(whitespace);
      if (text[at] !== ':') return fault('expected a colon');
      at += 1;
      expect = 'value';
    } else if (expect === 'first-element' && character === ']') {
      at += 1;
      open.pop();
      expect = 'after-value';
    } else if (character === '{' || character === '[') {
      at += 1;
      open.push(character);
      expect = character === '{' ? 'first-member' : 'first-element';
    } else {
      const message = character === '"' ? skipString() : skipScalar();
      if (message !== undefined) return fault(message);
      expect = 'after-value';
    }
  }

  function skipString(): string | undefined {
    at += 1;
    skip(stringBody);
    if (text[at] === '"') {
      at += 1;
      return undefined;
    }
    if (at >= text.length || text[at] === '\n' || text[at] === '\r') return 'the string is not closed';
    return text[at] === '\\' ? 'unknown escape in the string' : 'control character in the string';
  }

  function skipScalar(): string | undefined {
    if (skip(literal) || skip(number)) return undefined;
    return at >= text.length ? 'expected a value, found the end' : 'expected a value';
  }
}

function locate(text: string, offset: number, message: string): JsonFault {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { offset, line: before.split('\n').length, column: offset - lineStart + 1, message };
}
