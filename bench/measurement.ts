import { type Processes, readCpuTime } from './process-usage.js';
import type { Outcome } from './workload.js';

/** What is measured, in the order of the report. */
export const subjects = {
  http: 'bare node:http',
  fastify: 'bare Fastify',
  get: 'Halo GET',
  put: 'Halo PUT',
  putWide: 'Halo PUT, many connections',
  pgbenchGet: 'pgbench GET',
  pgbenchUpsert: 'pgbench upsert',
  webdisGet: 'webdis GET',
  webdisSet: 'webdis SET',
} as const;
export type Subject = keyof typeof subjects;

export interface Measured extends Outcome {
  /** CPU time for each operation; undefined where the system does not tell. */
  readonly cpu: { readonly serverUs: number; readonly postgresUs: number } | undefined;
}

export interface Measurement extends Measured {
  readonly subject: Subject;
  /** From 1. */
  readonly round: number;
  readonly connections: number;
}

/** Runs one load and adds what CPU time it took of the processes that served it. */
export async function measure<About extends object>(
  about: About,
  processes: Processes,
  run: () => Promise<Outcome>,
): Promise<About & Measured> {
  const before = await readCpuTime(processes);
  const outcome = await run();
  const after = await readCpuTime(processes);
  const cpu = before &&
    after && {
      serverUs: (after.serverUs - before.serverUs) / outcome.operations,
      postgresUs: (after.postgresUs - before.postgresUs) / outcome.operations,
    };
  return { ...about, ...outcome, cpu };
}
