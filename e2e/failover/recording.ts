import type { Change } from 'halo-contract';
import type { Operation } from '../consistency/store-history.js';

/** What clients did and were told while PostgreSQL failed over. Times are of one clock, in milliseconds. */
export interface Recording {
  readonly writes: readonly Write[];
  readonly reads: readonly Operation[];
  readonly answers: readonly Answer[];
  /** What each follower of the change feed was told, over all its connections. */
  readonly told: readonly (readonly Told[])[];
}

export interface Write {
  /** No other write has it. */
  readonly value: string;
  readonly keys: readonly string[];
  /** Whether it was asked for again, with the same idempotency key, until it was answered. */
  readonly persistent: boolean;
  /** When it was first asked for. */
  readonly startedMs: number;
  /** When it was acknowledged. */
  endedMs: number | undefined;
  /** Undefined: it never was acknowledged. */
  revision: number | undefined;
  /** How many of its requests had an unknown outcome. */
  unknown: number;
}

export interface Answer {
  /** `ok`, the code of the problem, or why there was no answer. */
  readonly code: string;
  readonly startedMs: number;
  readonly endedMs: number;
}

export interface Told {
  readonly revision: number;
  readonly changes: readonly Change[];
}
