/** The wait before the second try; each further one doubles it. */
const firstMs = 1_000;

/** However long a server is away, it is asked again at least this often. */
const longestMs = 30_000;

/**
 * Returns how long to wait before trying to connect again, in milliseconds, after so many failures in a row.
 * The random half spreads the returns of all whom one restart of the server has cut off.
 *
 * @param random from 0 to 1
 */
export function reconnectDelayMs(failures: number, random: number): number {
  const whole = Math.min(longestMs, firstMs * 2 ** Math.max(0, failures - 1));
  return Math.round(whole / 2 + (whole / 2) * random);
}
