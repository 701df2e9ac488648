import { runAutocannon } from './autocannon.js';
import { isInstalled } from './command.js';
import type { Outcome, Pressure, Workload } from './workload.js';
import { runWrk } from './wrk.js';

export type LoadGenerator = 'wrk' | 'autocannon';

/** wrk where it is installed: autocannon takes a core of its own to send half as much. */
export async function chooseGenerator(): Promise<LoadGenerator> {
  return (await isInstalled('wrk')) ? 'wrk' : 'autocannon';
}

/** Keeps every connection busy with one request at a time, and says what came of it. */
export function runLoad(generator: LoadGenerator, workload: Workload, pressure: Pressure): Promise<Outcome> {
  return generator === 'wrk' ? runWrk(workload, pressure) : runAutocannon(workload, pressure);
}
