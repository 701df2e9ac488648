import { Counter, Gauge, type Registry } from 'prom-client';

export type SweepTask = 'expire' | 'prune' | 'erase';

/** Counts what sweeping does. */
export interface SweepWatch {
  /** Keys whose time had come have been ended. */
  expired(keys: number): void;
  /** History was cut: by revisions that the horizon passed, or by versions beyond the number that is kept. */
  pruned(what: 'revisions' | 'versions', count: number): void;
  /** A pass is over. */
  ran(task: SweepTask, succeeded: boolean): void;
}

export const unwatchedSweeps: SweepWatch = { expired: () => {}, pruned: () => {}, ran: () => {} };

const tasks: readonly SweepTask[] = ['expire', 'prune', 'erase'];

export function createSweepWatch(registry: Registry): SweepWatch {
  const registers = [registry];
  const expired = new Counter({
    name: 'halo_sweeper_expired_keys_total',
    help: 'Keys ended because their time had come.',
    registers,
  });
  const revisions = new Counter({
    name: 'halo_sweeper_pruned_revisions_total',
    help: 'Revisions that history no longer reaches back to.',
    registers,
  });
  const versions = new Counter({
    name: 'halo_sweeper_emptied_versions_total',
    help: 'Versions that lost their value because their key had too many.',
    registers,
  });
  const passes = new Counter({
    name: 'halo_sweeper_passes_total',
    help: 'Passes of the sweeper by task and outcome.',
    labelNames: ['task', 'outcome'],
    registers,
  });
  const last = new Gauge({
    name: 'halo_sweeper_last_success_timestamp_seconds',
    help: 'When a task of the sweeper last succeeded, in seconds since 1970; before its first pass, when the server began.',
    labelNames: ['task'],
    registers,
    // Of several processes, the one that fell behind is the one to hear of.
    aggregator: 'min',
  });
  for (const task of tasks) {
    last.set({ task }, Date.now() / 1_000);
    for (const outcome of ['succeeded', 'failed']) passes.inc({ task, outcome }, 0);
  }
  return {
    expired: (keys) => expired.inc(keys),
    pruned: (what, count) => (what === 'revisions' ? revisions : versions).inc(count),
    ran: (task, succeeded) => {
      passes.inc({ task, outcome: succeeded ? 'succeeded' : 'failed' });
      if (succeeded) last.set({ task }, Date.now() / 1_000);
    },
  };
}
