import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { neutralEnvironment } from './halo-server.js';
import { until } from './until.js';

/** What one of the operator's commands did. */
export interface CommandRun {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export type Admin = (words: readonly string[], parts?: CommandParts) => Promise<CommandRun>;

export interface CommandParts {
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads from standard input, which is a pipe. */
  readonly input?: string;
}

const program = fileURLToPath(new URL('../server/bundle/admin.js', import.meta.url));

/** A command that finds no PostgreSQL starts one and stops it. */
const commandMsMax = 60_000;

/** Runs the operator's commands with these settings, each in a process of its own, until it has ended. */
export function adminWith(settings: Readonly<Record<string, string>>): Admin {
  return async (words, { env = {}, input = '' } = {}) => {
    const child = spawn(process.execPath, [program, ...words], {
      env: { ...neutralEnvironment(), ...settings, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let [output, errors, isClosed] = ['', '', false];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors += chunk;
    });
    child.once('close', () => {
      isClosed = true;
    });
    // A command that does not read its input may end before it is written.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    try {
      await until(`The end of "${words.join(' ')}"`, () => isClosed, commandMsMax);
    } finally {
      child.kill('SIGKILL');
    }
    return { code: child.exitCode, output, errors };
  };
}

/** Runs a command that must be done, and returns what it printed as JSON. */
export async function jsonOf<Content>(
  admin: Admin,
  words: readonly string[],
  parts?: CommandParts,
): Promise<Content> {
  const { code, output, errors } = await admin([...words, '--json'], parts);
  if (code !== 0 || errors !== '') throw new Error(`"${words.join(' ')}" ended with ${code}: ${errors}`);
  return JSON.parse(output) as Content;
}
