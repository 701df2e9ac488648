import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Workload } from './workload.js';

/** A server that answers a constant: what HTTP alone costs. */
export interface Baseline {
  readonly origin: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const startMsMax = 10_000;

/**
 * Starts a bare server in a process of its own, so that it shares no event loop with the load generator. It
 * ends by itself when this process does.
 */
export async function startBaseline(
  kind: 'http' | 'fastify' | 'values',
  signal: AbortSignal,
): Promise<Baseline> {
  const child = fork(fileURLToPath(new URL(`./baseline-${kind}.js`, import.meta.url)), { detached: true });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.connected) child.disconnect();
    await exited;
  };
  try {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(startMsMax)]);
    const died = exited.then(() => {
      throw new Error(`The bare ${kind} server ended instead of starting.`);
    });
    const [port] = await Promise.race([once(child, 'message', { signal: patience }), died]);
    return { origin: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Asks for the constant. */
export function constantWorkload({ origin }: Baseline): Workload {
  return { origin, method: 'GET', path: '/', keys: 0, headers: {}, body: undefined };
}
