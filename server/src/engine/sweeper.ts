import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../database/database.js';
import { type SweepTask, type SweepWatch, unwatchedSweeps } from '../observability/sweep-watch.js';
import { createEraser } from './eraser.js';
import { createPruner, type Retention } from './pruner.js';
import { type EndExpired, type Report, sweepExpired } from './sweep-expired.js';

/**
 * What Halo does without being asked: it ends keys whose time has come, keeps history within its bounds, and erases
 * what deleted accounts leave behind. It
 * runs in every server process. Its promises: any number may run at once without doing anything twice; none
 * overlaps itself; what fails is reported and tried again; and stopping waits for one batch at most.
 */
export interface Sweeper {
  start(): void;
  /** Resolves when nothing is under way any more. Must come before the engine and the database close. */
  stop(): Promise<void>;
  /** One pass of everything, now. It must not have been started. */
  sweepOnce(): Promise<void>;
}

export interface SweeperOptions {
  readonly database: Database;
  readonly end: EndExpired;
  readonly retention: Retention;
  readonly report: Report;
  /** Undefined: nobody counts. */
  readonly watch?: SweepWatch;
}

interface Task {
  readonly name: SweepTask;
  /** Answers whether there is more to do at once. */
  readonly run: (signal: AbortSignal) => Promise<boolean>;
  readonly intervalMs: number;
}

/** Readers see to it themselves that no dead key is shown; this is how late watchers hear of it. */
const expiryIntervalMs = 1_000;
const pruneIntervalMs = 60_000;
const eraseIntervalMs = 60_000;
/** Between passes while there is more to do: pruning may lag behind, and should not crowd out anybody. */
const backlogPauseMs = 1_000;
/** What fails is tried less and less often, up to this. */
const retryMsMax = 30_000;

export function createSweeper(options: SweeperOptions): Sweeper {
  const { database, end, retention, report, watch = unwatchedSweeps } = options;
  const stopping = new AbortController();
  const prune = createPruner(database.scanners, retention, report, watch.pruned);
  const expire = async (signal: AbortSignal): Promise<boolean> => {
    await sweepExpired(database.scanners, end, report, signal, watch.expired);
    return false;
  };
  const tasks: readonly Task[] = [
    { name: 'expire', run: expire, intervalMs: expiryIntervalMs },
    { name: 'prune', run: prune, intervalMs: pruneIntervalMs },
    { name: 'erase', run: createEraser(database.scanners).sweep, intervalMs: eraseIntervalMs },
  ];
  let loops: readonly Promise<void>[] = [];
  return {
    start: () => {
      loops = tasks.map((task) => repeat(task, { report, watch }, stopping.signal));
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
    },
    sweepOnce: async () => {
      for (const { run } of tasks) while (await run(stopping.signal));
    },
  };
}

/** One pass after another, each after a pause that is jittered, so that servers do not sweep in step. */
async function repeat(
  { name, run, intervalMs }: Task,
  { report, watch }: { readonly report: Report; readonly watch: SweepWatch },
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = intervalMs;
  let failures = 0;
  for (;;) {
    const jitteredMs = pauseMs * (0.5 + Math.random());
    // Unreferenced: a timer alone must not keep the process alive. Stopping ends the pause with a rejection.
    await delay(jitteredMs, undefined, { ref: false, signal }).catch(() => {});
    if (signal.aborted) return;
    try {
      const more = await run(signal);
      watch.ran(name, true);
      failures = 0;
      pauseMs = more ? Math.min(backlogPauseMs, intervalMs) : intervalMs;
    } catch (error) {
      watch.ran(name, false);
      report('Sweeping failed and will be tried again.', error);
      failures += 1;
      pauseMs = Math.max(intervalMs, Math.min(retryMsMax, expiryIntervalMs * 2 ** failures));
    }
  }
}
