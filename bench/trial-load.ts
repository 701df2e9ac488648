import { count, ms, us } from './figures.js';
import { runLoad } from './load.js';
import { type Measured, measure } from './measurement.js';
import type { Processes } from './process-usage.js';
import { perSecond } from './ratios.js';
import type { TrialStage } from './trial.js';
import type { Workload } from './workload.js';

/** One load of a trial. */
export function load(
  stage: TrialStage,
  workload: Workload,
  connections: number,
  processes: Processes,
): Promise<Measured> {
  const { generator, seconds, signal } = stage;
  return measure({}, processes, () => runLoad(generator, workload, { connections, seconds, signal }));
}

export interface Turns {
  /** The subject's operations a second in terms of the baseline's. */
  readonly ratio: number;
  readonly baseline: Measured;
  readonly subject: Measured;
}

/**
 * Measures the baseline, the subject, and the baseline again, so that a machine that slows down slows both.
 *
 * @throws Error when requests failed: that is no result
 */
export async function takeTurns(
  { twice }: TrialStage,
  baseline: () => Promise<Measured>,
  subject: () => Promise<Measured>,
): Promise<Turns> {
  const before = await baseline();
  const between = await subject();
  const around = twice ? [before, await baseline()] : [before];
  for (const { errors } of [...around, between]) refuseErrors(errors);
  const mean = around.reduce((sum, measured) => sum + perSecond(measured), 0) / around.length;
  return { ratio: perSecond(between) / mean, baseline: before, subject: between };
}

/** @throws Error if there were any */
export function refuseErrors(errors: number): void {
  if (errors > 0) throw new Error(`${errors} requests failed: these are no results.`);
}

/** One measurement in words. */
export function describeLoad(measured: Measured): string {
  const { p50Ms, p99Ms, cpu, errors } = measured;
  const time = cpu && `, CPU ${us(cpu.serverUs)} + ${us(cpu.postgresUs)} µs`;
  const failed = errors > 0 ? `, ${errors} failed` : '';
  return `${count(perSecond(measured))}/s, p50 ${ms(p50Ms)} ms, p99 ${ms(p99Ms)} ms${time ?? ''}${failed}`;
}
