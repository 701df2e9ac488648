/** How numbers are written on the page of results and in the terminal. */

/** Two decimals, cut: a ratio of 0.499 is not to be read as one that reached 0.5. */
export function cut(ratio: number): string {
  return (Math.floor(ratio * 100) / 100).toFixed(2);
}

export function count(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

/** Milliseconds, without the unit. */
export function ms(number: number): string {
  return number.toFixed(number < 10 ? 2 : 0);
}

/** Microseconds, without the unit. */
export function us(number: number): string {
  return Number.isNaN(number) ? '' : number.toFixed(1);
}

/** The value below which that share of the numbers lies. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
