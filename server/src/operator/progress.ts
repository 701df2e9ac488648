import type { Terminal } from './terminal.js';

/** A line on a terminal that says how far something is; nothing where there is no terminal. */
export interface Progress {
  /** Says what is being done now. */
  step(what: string): void;
  /** Counts bytes, which are shown behind it. */
  bytes(more: number): void;
  /** Takes the line away. */
  end(): void;
}

/** Often enough to look alive. */
const everyMs = 200;
const eraseLine = '\r\x1b[K';

export function createProgress({ errors }: Terminal): Progress {
  let [what, bytes, shownMs] = ['', 0, 0];
  const show = (): void => {
    if (errors.isTTY !== true || performance.now() - shownMs < everyMs) return;
    shownMs = performance.now();
    errors.write(`${eraseLine}${what}: ${sizeOf(bytes)}`);
  };
  return {
    step: (next) => {
      what = next;
      show();
    },
    bytes: (more) => {
      bytes += more;
      show();
    },
    end: () => {
      if (errors.isTTY === true) errors.write(eraseLine);
      bytes = 0;
    },
  };
}

const units = ['KiB', 'MiB', 'GiB', 'TiB'];

/** A number of bytes for people, such as `12.3 MiB`. */
export function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}
