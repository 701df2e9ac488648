import { HaloError } from '../errors.js';

export interface GateLimits {
  /** How much work runs at a time. */
  readonly concurrency: number;
  /** How much may wait; what comes on top is refused. */
  readonly queueMax: number;
}

export type Gate = <Result>(work: () => Promise<Result>) => Promise<Result>;

/**
 * Lets a limited amount of work run at a time and a limited amount wait, first come first served. The rest
 * is refused with `overloaded` before anything was done for it.
 */
export function createGate({ concurrency, queueMax }: GateLimits): Gate {
  const waiting: Array<() => void> = [];
  let running = 0;

  return async (work) => {
    if (running < concurrency) {
      running += 1;
    } else {
      if (waiting.length >= queueMax) {
        throw new HaloError('overloaded', 'Too many passwords are being checked.', { retryAfterS: 1 });
      }
      // Whoever leaves hands over the place, so that `running` is not counted down and up again in between.
      await new Promise<void>((enter) => waiting.push(enter));
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

export type NamedGate = <Result>(name: string, work: () => Promise<Result>) => Promise<Result>;

/** A gate for each name, for as long as anybody is at it. */
export function createNamedGate(limits: GateLimits): NamedGate {
  const gates = new Map<string, { readonly enter: Gate; users: number }>();
  return async (name, work) => {
    const gate = gates.get(name) ?? { enter: createGate(limits), users: 0 };
    gates.set(name, gate);
    gate.users += 1;
    try {
      return await gate.enter(work);
    } finally {
      gate.users -= 1;
      if (gate.users === 0) gates.delete(name);
    }
  };
}
