import type { ToldCommit } from '../consistency/feed-faults.js';
import type { Operation } from '../consistency/store-history.js';

/**
 * What clients sent and heard, from their side of the wire. Times are of `performance.now()`. It is filled while the
 * load runs, and read when all is quiet.
 */
export interface Recording {
  /** Every request of every client, in the order in which they ended. */
  readonly attempts: Attempt[];
  readonly writes: Write[];
  /** What readers were told, as the checker of histories reads it. */
  readonly reads: Operation[];
  /** What the live feed told, over all its connections. */
  readonly told: ToldCommit[];
}

/** One request. */
export interface Attempt {
  readonly client: string;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly outcome: Outcome;
  /** What was said when it failed. */
  readonly detail: string;
}

export type Outcome =
  | 'done'
  /** A check failed. */
  | 'refused'
  /** A clean 503 or a connection that was never made: for certain, nothing was changed. */
  | 'unavailable'
  /** The server says that it does not know what became of COMMIT. */
  | 'outcome-unknown'
  /** The connection broke before there was an answer. */
  | 'no-answer'
  /** There was no answer for so long that the client gave up. */
  | 'hung'
  /** An answer that a fault excuses no more than anything else would. */
  | 'unexpected';

/** A commit that a client wanted once, in as many requests as that took. */
export interface Write {
  /** Its idempotency key, and a value that it sets, which nobody else does. */
  readonly id: string;
  /** The keys that it sets, to `id` all of them. */
  readonly keys: readonly string[];
  /** A number that it counts up by one. */
  readonly counter: string | undefined;
  readonly startedMs: number;
  readonly outcomes: readonly Outcome[];
  readonly told: WriteTold | undefined;
  /** The revisions answered when it was sent again after it had been acknowledged. */
  readonly replays: readonly number[];
}

export type WriteTold =
  | {
      readonly kind: 'acknowledged';
      readonly revision: number;
      readonly count: string;
      readonly endedMs: number;
    }
  | { readonly kind: 'refused'; readonly key: string; readonly checked: number; readonly current: number };

/** Those that leave open whether anything was changed. */
export function isOpen(outcome: Outcome): boolean {
  return outcome === 'outcome-unknown' || outcome === 'no-answer' || outcome === 'hung';
}

export function isAnswered(outcome: Outcome): boolean {
  return outcome === 'done' || outcome === 'refused';
}
