import type { ProblemCode } from 'halo-contract';
import type { Credential } from '../database/live-session.js';
import type { ChangedCommit } from './changes.js';
import type { ListedEntry } from './listed-entry.js';

/** Somebody who follows an account's changes as they happen. */
export interface Subscriber {
  readonly credential: Credential;
  /** Only keys that begin with it: what was asked for within what the session may see. Undefined: none can. */
  readonly prefix: string | undefined;
  readonly values: boolean;
  readonly listener: Listener;
  /** Everything up to this revision has been told. */
  position: number;
}

/**
 * Where a subscriber's news goes. Nothing here may wait or throw: a listener that cannot keep up closes itself,
 * and forgets what it is told from then on.
 */
export interface Listener {
  /**
   * Commits in revision order; `revision` is how far the listener is now, also when none was left for it. Those
   * who hear the same get the same objects, so that what is made of them can be shared.
   */
  commits(commits: readonly ChangedCommit[], revision: number): void;
  /** A stretch of the keys as they were at one revision, in key order. */
  snapshot(part: SnapshotPart): void;
  /** Comes once a second or so, when there is no news: time to show that the stream is alive. */
  tick(): void;
  /** Resolves when there is room for more; with false when the listener has closed. */
  drained(): Promise<boolean>;
  /** Nothing comes after it. */
  end(code: ProblemCode): void;
}

export interface SnapshotPart {
  readonly revision: number;
  readonly entries: readonly ListedEntry[];
  /** Whether it is the last one. */
  readonly isComplete: boolean;
}

/** The prefix that satisfies both; undefined when no key can. */
export function narrowest(prefix: string, other: string): string | undefined {
  if (prefix.startsWith(other)) return prefix;
  return other.startsWith(prefix) ? other : undefined;
}
