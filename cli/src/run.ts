import { describeFailure, exitCodes } from './failure.js';
import { createProgram } from './program.js';
import { say, type Terminal } from './terminal.js';

/** Runs one command and returns the code to exit with. Failures are one line on standard error. */
export async function runHalo(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const program = await createProgram(terminal, words);
    await program.parseAsync(words, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    const { message, exitCode } = describeFailure(error) ?? (await describeServerFailure(error));
    if (message !== '') await say(terminal, message);
    return exitCode;
  }
}

/** Loaded only now: the server's room takes longer to load than most commands to run. */
async function describeServerFailure(error: unknown): Promise<{ message: string; exitCode: number }> {
  const server = await import('halo-server/operator/run');
  return server.describeFailure(error);
}
