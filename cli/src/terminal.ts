import { once } from 'node:events';
import { styleText } from 'node:util';
import { print, type Terminal as ServerTerminal, safeText } from 'halo-server/operator/terminal';

/** Where a command runs. */
export interface Terminal extends ServerTerminal {
  /** Aborts when nobody reads standard output any more. */
  readonly closed: AbortSignal;
}

/** What a command that only prints is stopped with when nobody reads on; it is no failure. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** Prints a line for people. Throws OutputClosed when nobody reads it. */
export async function printLine(terminal: Terminal, text: string): Promise<void> {
  demandReader(terminal);
  await print(terminal, text);
}

/** Prints a line with a word in colour, which is ours and not escaped as the rest is. */
export async function printMarked(
  terminal: Terminal,
  [before, colour, word, after]: readonly [string, Colour, string, string],
): Promise<void> {
  const mark = colourFor(terminal.output, terminal.environment)(colour, word);
  await printBytes(terminal, `${safeText(before)}${mark}${safeText(after)}\n`);
}

/** Prints a value as one line of JSON. Throws OutputClosed when nobody reads it. */
export async function printJsonLine(terminal: Terminal, value: unknown): Promise<void> {
  await printBytes(terminal, `${JSON.stringify(value)}\n`);
}

/** Writes exactly these bytes to standard output, as fast as they are taken. */
export async function printBytes(terminal: Terminal, bytes: Uint8Array | string): Promise<void> {
  demandReader(terminal);
  const { output } = terminal;
  if (output.write(bytes)) return;
  await Promise.race([once(output, 'drain'), once(output, 'close')]);
  demandReader(terminal);
}

/** Says something beside the result, on standard error. */
export async function say({ errors, ...rest }: Terminal, text: string): Promise<void> {
  await print({ ...rest, errors, output: errors }, text);
}

type Colour = 'green' | 'yellow' | 'red' | 'dim';

/** Colours text for a terminal, unless it is none or NO_COLOR asks for none. */
export function colourFor(
  stream: NodeJS.WritableStream & { readonly isTTY?: boolean },
  environment: NodeJS.ProcessEnv,
): (colour: Colour, text: string) => string {
  const { NO_COLOR, TERM } = environment;
  const wanted = stream.isTTY === true && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb';
  return (colour, text) => (wanted ? styleText(colour, text, { validateStream: false }) : text);
}

function demandReader({ closed }: Terminal): void {
  if (closed.aborted) throw new OutputClosed();
}
