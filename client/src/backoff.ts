const firstMs = 100;
const lastMs = 5_000;

/** How long to wait before trying again after so many failures: doubling, capped, and spread by chance. */
export function backoffMs(failures: number): number {
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
