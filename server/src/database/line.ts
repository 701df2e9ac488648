import type pg from 'pg';
import type { Wire, WireRows } from './wire.js';
import type { Bound } from './wire-messages.js';
import { open } from './wires.js';

/**
 * One wire on which runs follow each other in the order in which they were asked for: PostgreSQL begins one when it has
 * answered the one before, without having to wait until that answer has been read here. Opened when first needed, and
 * again when it broke.
 */
export interface Line {
  /**
   * Runs statements as one transaction; see `Wire`.
   *
   * @throws Refused also when there is no connection to be had: PostgreSQL was not even asked
   */
  run(statements: readonly Bound[]): Promise<WireRows>;
  /** How many connections are open: one at most, but for those that are done with after an error. */
  counts(): { readonly idle: number; readonly busy: number };
  /** Closes it as soon as what it runs is done. */
  close(): void;
}

/** @param onError told when the connection breaks while it is idle, of which nobody else would hear */
export function createLine(config: pg.ClientConfig, onError: (error: Error) => void): Line {
  /** The connection, or what will be it. */
  let wire: Wire | undefined;
  let opening: Promise<Wire> | undefined;
  let busy = 0;
  let closed = false;

  function reopen(): Promise<Wire> {
    opening ??= open(config, onError, closed)
      .then((opened) => {
        wire = opened;
        return opened;
      })
      .finally(() => {
        opening = undefined;
      });
    return opening;
  }

  return {
    async run(statements) {
      busy += 1;
      try {
        const its = wire?.isOpen === true ? wire : await reopen();
        return await its.run(statements);
      } finally {
        busy -= 1;
        if (closed && busy === 0) wire?.close();
      }
    },
    counts: () => ({ idle: wire?.isOpen === true && busy === 0 ? 1 : 0, busy: busy === 0 ? 0 : 1 }),
    close() {
      closed = true;
      if (busy === 0) wire?.close();
    },
  };
}
