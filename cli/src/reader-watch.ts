import { spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';
import { OutputClosed } from './terminal.js';

export interface ReaderWatch {
  /** Aborts with OutputClosed once nobody reads. */
  readonly gone: AbortSignal;
  stop(): void;
}

/**
 * Watches whether anybody reads the pipe that is written to. Writing would tell too, but a command that waits, such as
 * `halo watch | head -n 1`, may have nothing to write for hours.
 *
 * Node cannot ask a pipe without writing to it; GNU's `tail -f` can, so that one stands beside us, with our output
 * as its own and nothing to say. It ends when the reader has gone, and when this process has. Where there is no such
 * `tail`, and for everything but pipes, it is found out at the next write.
 */
export function watchReader(output: NodeJS.WritableStream & { readonly fd?: number }): ReaderWatch {
  const leaving = new AbortController();
  const { fd } = output;
  if (process.platform !== 'linux' || fd === undefined || !isPipe(fd))
    return { gone: leaving.signal, stop: () => {} };
  const tail = spawn('tail', ['-f', `--pid=${process.pid}`, '/dev/null'], {
    stdio: ['ignore', fd, 'ignore'],
  });
  // There is none: then it is not found out early.
  tail.on('error', () => {});
  tail.on('exit', (_code, signal) => {
    if (signal === 'SIGPIPE') leaving.abort(new OutputClosed());
  });
  tail.unref();
  return { gone: leaving.signal, stop: () => tail.kill() };
}

function isPipe(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFIFO();
  } catch {
    return false;
  }
}
