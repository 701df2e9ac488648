import { CommandError } from 'halo-server/operator/command-error';
import { exitCodes } from './failure.js';

/**
 * Runs work that Ctrl-C or SIGTERM ends in an orderly way: its signal aborts with a CommandError, whose sentence is
 * made then. A second Ctrl-C ends the process at once.
 */
export async function interruptible<Result>(
  sentence: () => string,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stopping = new AbortController();
  const stop = () => {
    forget();
    stopping.abort(new CommandError(sentence(), exitCodes.interrupted));
  };
  const forget = () => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await work(stopping.signal);
  } finally {
    forget();
  }
}
