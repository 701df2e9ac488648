import { setTimeout as delay } from 'node:timers/promises';

/** Short beside anything that is waited for, long beside a look at it. */
const pollMs = 10;

/**
 * Waits until a condition holds and returns what it yielded. The wait is bounded, so that what never comes is
 * a failure that says what was missing.
 *
 * @param what completes the sentence "… did not come about"
 * @param condition yields undefined or false as long as it does not hold
 */
export async function until<Found>(
  what: string,
  condition: () => Promise<Found | undefined | false> | Found | undefined | false,
  withinMs = 15_000,
): Promise<Found> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await condition();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`${what} did not come about within ${withinMs} ms.`);
    await delay(pollMs);
  }
}
