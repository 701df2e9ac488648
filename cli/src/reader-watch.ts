import { close, constants, fstatSync, open } from 'node:fs';

/** Short beside a person's patience, long beside what a look costs. */
const lookEveryMs = 500;

/**
 * Calls `onGone` once nobody reads the pipe behind a file descriptor any more. Writing would tell too, but a command
 * that waits, such as `halo watch | head -n 1`, may have nothing to write for hours.
 *
 * It looks where Linux lets one: opening a pipe anew for writing, without waiting, fails with ENXIO when it has no
 * reader. Everything else, such as a file or a socket, and other systems, are left to the next write. It keeps no
 * process alive.
 */
export function watchReader(descriptor: number, onGone: () => void): void {
  if (process.platform !== 'linux' || !isPipe(descriptor)) return;
  const timer = setInterval(() => {
    open(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK, (error, opened) => {
      if (error === null) return close(opened);
      // Whatever else is wrong, such as a pipe of another user, will be no better at the next look.
      clearInterval(timer);
      if (error.code === 'ENXIO') onGone();
    });
  }, lookEveryMs);
  timer.unref();
}

function isPipe(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFIFO();
  } catch {
    return false;
  }
}
