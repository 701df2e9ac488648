/**
 * How long to wait before trying again after so many failures, from 0: doubling, capped, and spread by chance over its
 * upper half, so that those whom one restart of a server has cut off do not come back together.
 */
export function backoffMs(failures: number, firstMs = 100, lastMs = 5_000): number {
  return Math.min(lastMs, firstMs * 2 ** failures) * (0.5 + Math.random() / 2);
}

/** Resolves after the time, or rejects with the signal's reason when that comes first. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
