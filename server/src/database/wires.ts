import type pg from 'pg';
import { Refused } from './failure.js';
import { connectWire, type Wire, type WireRows } from './wire.js';
import type { Bound } from './wire-messages.js';

/**
 * Wires, opened when first needed and kept: as many as there are runs at once, which is for the callers to bound. One
 * that broke is not used again.
 */
export interface Wires {
  /**
   * Runs statements as one transaction; see `Wire`.
   *
   * @throws Refused also when there is no connection to be had: PostgreSQL was not even asked
   */
  run(statements: readonly Bound[]): Promise<WireRows>;
  /** How many are open. */
  counts(): { readonly idle: number; readonly busy: number };
  /** Closes those that are idle, and those at work as soon as they are done. */
  close(): void;
}

/** @param onError told of idle connections that broke, which nobody else would hear of */
export function createWires(config: pg.ClientConfig, onError: (error: Error) => void): Wires {
  const idle: Wire[] = [];
  let busy = 0;
  let closed = false;

  function takeIdle(): Wire | undefined {
    for (;;) {
      const wire = idle.pop();
      if (wire === undefined || wire.isOpen) return wire;
    }
  }

  return {
    async run(statements) {
      const wire = takeIdle() ?? (await open(config, onError, closed));
      busy += 1;
      try {
        return await wire.run(statements);
      } finally {
        busy -= 1;
        if (closed) wire.close();
        else if (wire.isOpen) idle.push(wire);
      }
    },
    counts: () => ({ idle: idle.filter(({ isOpen }) => isOpen).length, busy }),
    close() {
      closed = true;
      for (const wire of idle.splice(0)) wire.close();
    },
  };
}

/** @throws Refused, told apart from a run that broke, of which nobody knows what became */
export async function open(
  config: pg.ClientConfig,
  onError: (error: Error) => void,
  isClosed: boolean,
): Promise<Wire> {
  try {
    if (isClosed) throw new Error('Connection terminated: the database is closed.');
    return await connectWire(config, onError);
  } catch (cause) {
    throw new Refused('There is no connection.', { cause });
  }
}
