import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What is kept of a command's output. The programs run here print a page or two. */
const outputCharactersMax = 1_000_000;

/**
 * Runs a program to its end and returns what it printed to standard output.
 *
 * @throws Error with what it printed to standard error when it cannot be run, fails or is aborted
 */
export function runCommand(
  command: string,
  parameters: readonly string[],
  options: { readonly signal?: AbortSignal; readonly directory?: string } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.signal && { signal: options.signal }),
      ...(options.directory && { cwd: options.directory }),
    });
    let output = '';
    let complaints = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-outputCharactersMax);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints = (complaints + text).slice(-outputCharactersMax);
    });
    child.once('error', (error) => reject(options.signal?.aborted ? options.signal.reason : error));
    child.once('close', (code, killedBy) => {
      if (code === 0) resolve(output);
      else
        reject(new Error(`${command} ended with ${code ?? killedBy}: ${complaints.trim() || output.trim()}`));
    });
  });
}

/** Whether there is a file of that name on the path, for programs that would start serving when asked. */
export function isOnPath(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => existsSync(join(directory, command)));
}

/** Whether a program can be run here, asked by having it do next to nothing. */
export function isInstalled(command: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, ['--version'], { stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('spawn', () => resolve(true));
  });
}
