import { setTimeout as delay } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Tables } from '../database/tables.js';
import { type Activity, pruneUsage } from './activity.js';
import { pruneAudit } from './audit.js';
import type { Throttle } from './throttle.js';

/** What accounts need done from time to time: counts written down, and what is over deleted. */
export interface Upkeep {
  start(): void;
  /** Writes down the last counts. Must come before the database closes. */
  stop(): Promise<void>;
  /** One round of everything, now. */
  once(): Promise<void>;
}

export interface UpkeepOptions {
  readonly database: Kysely<Tables>;
  readonly activity: Activity;
  readonly throttle: Pick<Throttle, 'forgetOld'>;
  /** How long security events are kept. */
  readonly auditDays: number;
  /** Told of what failed; the next round tries again. */
  readonly report: (what: string, error: unknown) => void;
}

const everyMs = 60_000;

export function createUpkeep({ database, activity, throttle, auditDays, report }: UpkeepOptions): Upkeep {
  const stopping = new AbortController();
  const attempt = (work: () => Promise<unknown>) =>
    work().catch((error: unknown) => report('The upkeep of accounts failed and will be tried again.', error));
  const once = async (): Promise<void> => {
    await attempt(activity.flush);
    await attempt(() => pruneUsage(database));
    await attempt(async () => {
      while (!stopping.signal.aborted && (await pruneAudit(database, auditDays)));
    });
    await attempt(async () => {
      while (!stopping.signal.aborted && (await throttle.forgetOld()) > 0);
    });
  };
  let running: Promise<void> | undefined;
  return {
    start: () => {
      running = repeat(once, stopping.signal);
    },
    stop: async () => {
      stopping.abort();
      await running;
      await attempt(activity.flush);
    },
    once,
  };
}

/** Jittered, so that servers do not do it in step. Unreferenced: a timer must not keep the process alive. */
async function repeat(once: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (;;) {
    await delay(everyMs * (0.5 + Math.random()), undefined, { ref: false, signal }).catch(() => {});
    if (signal.aborted) return;
    await once();
  }
}
