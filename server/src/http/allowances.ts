import { createMemo } from '../auth/memo.js';

export interface Quota {
  readonly requests: number;
  readonly seconds: number;
}

/** What is left of a quota. */
export interface Allowance {
  /** Requests that may follow at once. */
  readonly remaining: number;
  /** Whole seconds, rounded up, after which there is one more. */
  readonly nextS: number;
}

export interface Allowances {
  /** Takes a request from an account's quota. False: it is used up, and nothing was taken. */
  take(accountId: string): boolean;
  /** Takes a request that cannot be refused any more. */
  charge(accountId: string): void;
  /** Puts back what was taken. */
  refund(accountId: string): void;
  allowanceOf(accountId: string): Allowance;
}

/** What has been used, of which time gives back steadily. */
interface Usage {
  used: number;
  atMs: number;
}

/** Some 100 bytes each: 10 MB at the most. Who has not been seen for longest is forgotten, and begins anew. */
const accountsMax = 100_000;
/** Below what the sums of fractions may be wrong by, and far below a request. */
const epsilon = 1e-6;
/** What could not be refused is paid for afterwards, but not for longer than another window. */
const debtMax = 2;

/**
 * Quotas by account, in memory. The generic cell rate algorithm, as a bucket that leaks: the whole quota at once
 * after a pause, and its average for ever, without the edge of a window where twice as many fit.
 *
 * @param nowMs a clock that is never set back
 */
export function createAllowances(
  { requests, seconds }: Quota,
  nowMs: () => number = () => performance.now(),
): Allowances {
  const usages = createMemo<Usage>(accountsMax);
  const perMs = requests / (seconds * 1_000);

  const usageOf = (accountId: string): Usage => {
    const now = nowMs();
    const usage = usages.get(accountId);
    if (usage === undefined) return { used: 0, atMs: now };
    usage.used = Math.max(0, usage.used - (now - usage.atMs) * perMs);
    usage.atMs = now;
    return usage;
  };
  const use = (accountId: string, usage: Usage): void => {
    usage.used = Math.min(usage.used + 1, requests * debtMax);
    usages.set(accountId, usage);
  };

  return {
    take: (accountId) => {
      const usage = usageOf(accountId);
      if (usage.used + 1 > requests + epsilon) return false;
      use(accountId, usage);
      return true;
    },
    charge: (accountId) => use(accountId, usageOf(accountId)),
    refund: (accountId) => {
      const usage = usageOf(accountId);
      usage.used = Math.max(0, usage.used - 1);
    },
    allowanceOf: (accountId) => {
      const { used } = usageOf(accountId);
      const remaining = Math.max(0, Math.floor(requests - used + epsilon));
      const missing = used - (requests - remaining - 1);
      return { remaining, nextS: Math.max(1, Math.ceil(missing / perMs / 1_000 - epsilon)) };
    },
  };
}
