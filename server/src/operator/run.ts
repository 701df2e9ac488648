import { CommanderError } from 'commander';
import { HaloError, StartError } from '../errors.js';
import { CommandError, exitCodes } from './command-error.js';
import { createAdminCommand } from './commands.js';
import type { Terminal } from './terminal.js';

/** Runs one command and returns the code to exit with. Failures are one sentence on standard error. */
export async function runAdmin(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await createAdminCommand(terminal).parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    const { message, exitCode } = describeFailure(error);
    if (message !== '') terminal.errors.write(`${message}\n`);
    return exitCode;
  }
}

/** What to print of a command's failure, if anything, and what to exit with. */
export function describeFailure(error: unknown): { readonly message: string; readonly exitCode: number } {
  if (error instanceof CommanderError) {
    // Help was asked for, or shown because a command was left out; it is printed already.
    if (error.exitCode === 0) return { message: '', exitCode: 0 };
    if (error.code === 'commander.help') return { message: '', exitCode: exitCodes.usage };
    return { message: sentence(error.message), exitCode: exitCodes.usage };
  }
  if (error instanceof CommandError) return { message: error.message, exitCode: error.exitCode };
  if (error instanceof StartError) return { message: error.message, exitCode: exitCodes.failed };
  // `internal` is a defect: its cause says more than "something went wrong", and the reader is the operator.
  if (error instanceof HaloError && error.code !== 'internal')
    return { message: error.message, exitCode: exitCodes.failed };
  const cause = error instanceof HaloError ? error.cause : error;
  const shown = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return { message: shown, exitCode: exitCodes.failed };
}

/** Commander writes "error: unknown option '--x'", with a suggestion on a line of its own. */
function sentence(message: string): string {
  const text = message
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .trim();
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.)]$/.test(capital) ? capital : `${capital}.`;
}
