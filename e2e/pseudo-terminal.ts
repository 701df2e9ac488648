import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { until } from './until.js';

/** A program that runs on a terminal of its own, as a person sees it. */
export interface PseudoTerminal {
  /** Types, control characters too: `\u0003` is Ctrl-C. */
  type(text: string): void;
  /** Everything that was written to the terminal, escape sequences and all. */
  written(): string;
  /** The lines that can be seen, without the empty ones at the end. */
  screen(): string[];
  /** Waits until what can be seen matches. */
  sees(pattern: RegExp): Promise<void>;
  /** Waits for the end of the program and returns what it exited with. */
  ended(): Promise<number | null>;
}

export const columns = 100;
const rows = 40;

/** Starting Node and answering take a second; a busy machine may take many times as long. */
const waitMsMax = 60_000;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Runs a line of shell on a pseudo-terminal of 100 columns, which util-linux's `script` makes: it is part of every
 * Debian. The program of the same name of macOS and BSD is another one.
 */
export function openTerminal(
  line: string,
  parts: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): PseudoTerminal {
  demandScript();
  const sized = `stty rows ${rows} cols ${columns}; ${line}`;
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', sized, '/dev/null'], {
    ...parts,
    env: { ...parts.env, TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running.add(child);
  let [written, isClosed] = ['', false];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    written += chunk;
  });
  child.once('close', () => {
    running.delete(child);
    isClosed = true;
  });
  child.stdin.on('error', () => {});
  const screen = () => screenOf(written);
  return {
    type: (text) => child.stdin.write(text),
    written: () => written,
    screen,
    sees: async (pattern) => {
      await until(
        `${pattern} on the terminal`,
        () => pattern.test(screen().join('\n')) || isClosed,
        waitMsMax,
      ).catch((error: Error) => {
        throw new Error(`${error.message} It showed:\n${screen().join('\n')}`);
      });
      if (!pattern.test(screen().join('\n')))
        throw new Error(`The program ended without ${pattern}. It showed:\n${screen().join('\n')}`);
    },
    ended: async () => {
      try {
        await until(`The end of ${line}`, () => isClosed, waitMsMax);
      } catch (error) {
        throw new Error(`${(error as Error).message} It showed:\n${screen().join('\n')}`);
      } finally {
        child.kill('SIGKILL');
      }
      return child.exitCode;
    },
  };
}

function demandScript(): void {
  const { stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' });
  if (!/util-linux/.test(stdout ?? ''))
    throw new Error('There is no "script" of util-linux to make a terminal with. Debian has it in bsdutils.');
}

const [esc, bell] = ['\u001b', '\u0007'];
/** A sequence that steers (with what may move or clear in a group), one that sets a title or a mode, or a character. */
const pieces = new RegExp(
  `${esc}\\[([0-9;?>=]*[A-Za-z])|${esc}\\][^${bell}]*${bell}|${esc}[=>()][0AB]?|.`,
  'gsu',
);

/**
 * What a terminal shows after what was written to it, as far as our programs and the shells go: a cursor that moves
 * and lines that are cleared. Colours and modes are left out. Nothing scrolls: the screen is as long as it takes.
 */
export function screenOf(written: string): string[] {
  const lines: string[][] = [[]];
  let [row, column] = [0, 0];
  const lineAt = (at: number): string[] => {
    while (lines.length <= at) lines.push([]);
    return lines[at] ?? [];
  };
  const control = (sequence: string): void => {
    const number = Number(/\d+/.exec(sequence)?.[0] ?? '');
    const distance = number === 0 ? 1 : number;
    const end = sequence.at(-1);
    if (end === 'A') row = Math.max(0, row - distance);
    else if (end === 'B') row += distance;
    else if (end === 'C') column += distance;
    else if (end === 'D') column = Math.max(0, column - distance);
    else if (end === 'G') column = distance - 1;
    else if (end === 'K' && number === 0) lineAt(row).length = Math.min(lineAt(row).length, column);
    else if (end === 'K') lineAt(row).length = 0;
    else if (end === 'J' && number === 0) {
      lineAt(row).length = Math.min(lineAt(row).length, column);
      lines.length = Math.min(lines.length, row + 1);
    }
  };
  for (const [part, sequence] of written.matchAll(pieces)) {
    if (sequence !== undefined) control(sequence);
    else if (part === '\n') row += 1;
    else if (part === '\r') column = 0;
    else if (part === '\b') column = Math.max(0, column - 1);
    else if (part >= ' ' && part !== '\u007f' && !part.startsWith(esc)) {
      const line = lineAt(row);
      while (line.length < column) line.push(' ');
      line[column] = part;
      column += 1;
    }
  }
  const texts = lines.map((line) => line.join('').trimEnd());
  while (texts.at(-1) === '') texts.pop();
  return texts;
}
