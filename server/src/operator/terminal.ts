import { once } from 'node:events';

/** Where a command is run: what it reads, where it prints, and the settings it goes by. */
export interface Terminal {
  readonly environment: NodeJS.ProcessEnv;
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
  readonly errors: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

export type Cell = string | number | Date | null;

/**
 * Prints text, as fast as it is taken. What strangers chose, such as the name of their browser, is in it: characters
 * that would steer a terminal are written as escapes.
 */
export async function print({ output }: Terminal, text: string): Promise<void> {
  const line = `${safeText(text)}\n`;
  if (output.writable && !output.write(line))
    await Promise.race([once(output, 'drain'), once(output, 'close')]);
}

/** The text without what would steer a terminal. */
export function safeText(text: string): string {
  return text.replaceAll(steering, escapeCharacter);
}

export async function printJson(terminal: Terminal, value: unknown): Promise<void> {
  await print(terminal, JSON.stringify(value, undefined, 2));
}

/** Prints one JSON array of however many values, a line each, as they come. */
export async function printJsonArray(
  terminal: Terminal,
  pages: AsyncIterable<readonly unknown[]>,
): Promise<void> {
  let held: string | undefined;
  await print(terminal, '[');
  for await (const page of pages) {
    for (const value of page) {
      // Only the next one tells whether a comma follows.
      if (held !== undefined) await print(terminal, `${held},`);
      held = JSON.stringify(value);
    }
  }
  await print(terminal, held === undefined ? ']' : `${held}\n]`);
}

/** Prints rows below their headings, in columns as wide as their page asks for. */
export async function printTable(
  terminal: Terminal,
  headings: readonly string[],
  pages: AsyncIterable<readonly (readonly Cell[])[]>,
  ifEmpty: string,
): Promise<void> {
  let widths = headings.map(() => 0);
  let isFirst = true;
  for await (const page of pages) {
    if (page.length === 0) continue;
    const rows = page.map((row) => row.map(textOf));
    if (isFirst) rows.unshift([...headings]);
    isFirst = false;
    // Never narrower than before, so that later pages of a long list stay in line.
    widths = widths.map((width, column) =>
      Math.max(width, ...rows.map((row) => lengthOf(row[column] ?? ''))),
    );
    await print(terminal, rows.map((row) => lineOf(row, widths)).join('\n'));
  }
  if (isFirst) await print(terminal, ifEmpty);
}

/** Prints one thing's facts, a line each. */
export async function printFacts(
  terminal: Terminal,
  facts: readonly (readonly [string, Cell])[],
): Promise<void> {
  const width = Math.max(...facts.map(([name]) => name.length));
  await print(terminal, facts.map(([name, value]) => `${name.padEnd(width)}  ${textOf(value)}`).join('\n'));
}

export function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

const noValue = '-';

/** Control characters but the line feed, which separates our own lines, and those that turn or hide text. */
const steering = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

function escapeCharacter(character: string): string {
  if (character === '\n') return character;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function textOf(cell: Cell): string {
  if (cell === null) return noValue;
  // A line feed in a value would look like another row.
  return cell instanceof Date ? cell.toISOString() : String(cell).replaceAll('\n', '\\n');
}

function lineOf(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((text, column) => text + ' '.repeat((widths[column] ?? 0) - lengthOf(text)))
    .join('  ')
    .trimEnd();
}

function lengthOf(text: string): number {
  return [...text].length;
}
