import type { Measurement, Subject } from './measurement.js';

/** One subject's requests a second in terms of another's, measured just before and after it. */
export interface Comparison {
  readonly title: string;
  readonly subject: Subject;
  readonly baseline: Subject;
  /** What Halo is to reach. */
  readonly goal?: number;
}

export interface Ratio {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export const comparisons: readonly Comparison[] = [
  { title: 'GET / bare Fastify', subject: 'get', baseline: 'fastify', goal: 0.8 },
  { title: 'PUT / pgbench upsert', subject: 'put', baseline: 'pgbenchUpsert', goal: 1.6 },
  { title: 'PUT at many connections / pgbench upsert', subject: 'putWide', baseline: 'pgbenchUpsert' },
  { title: 'GET / webdis GET', subject: 'get', baseline: 'webdisGet', goal: 1 },
  { title: 'PUT / webdis SET', subject: 'put', baseline: 'webdisSet', goal: 1 },
  { title: 'GET / pgbench GET', subject: 'get', baseline: 'pgbenchGet' },
  { title: 'bare Fastify / bare node:http', subject: 'fastify', baseline: 'http' },
];

/**
 * Compares each measurement of the subject with the mean of its neighbours in time: the nearest of the
 * baseline before and after it in the same round. A machine that slows down in the course of a run slows both.
 *
 * @param measurements in the order in which they were made
 * @returns undefined if there is nothing to compare
 */
export function compare(
  measurements: readonly Measurement[],
  { subject, baseline }: Pick<Comparison, 'subject' | 'baseline'>,
): Ratio | undefined {
  const ratios: number[] = [];
  for (const [index, measured] of measurements.entries()) {
    if (measured.subject !== subject) continue;
    const isNeighbour = (other: Measurement) => other.subject === baseline && other.round === measured.round;
    const before = measurements.slice(0, index).findLast(isNeighbour);
    const after = measurements.slice(index + 1).find(isNeighbour);
    const neighbours = [before, after].filter((other) => other !== undefined).map(perSecond);
    if (neighbours.length > 0) {
      const mean = neighbours.reduce((sum, rate) => sum + rate, 0) / neighbours.length;
      ratios.push(perSecond(measured) / mean);
    }
  }
  return ratios.length === 0 ? undefined : spread(ratios);
}

export function perSecond({ operations, seconds }: Pick<Measurement, 'operations' | 'seconds'>): number {
  return operations / seconds;
}

/** @returns the middle value, the mean of the middle two of an even number, and the extremes */
export function spread(numbers: readonly number[]): Ratio {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return { median: (low + high) / 2, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** What the median says of the goal; a limit counts as reached when it is met exactly. */
export function verdict(ratio: Ratio | undefined, { goal }: Pick<Comparison, 'goal'>): string {
  if (goal === undefined) return '';
  if (ratio === undefined) return 'not measured';
  return `goal ≥ ${goal} ${ratio.median >= goal ? 'reached' : 'NOT reached'}`;
}
