import type { Change, CommitEvent } from 'halo-contract';

/** The commits of a stretch of revisions, the newest first. */
export interface CommitPage {
  readonly commits: readonly CommitEvent[];
  /** The revision after which the stretch begins. */
  readonly since: number;
  /** The revision up to which it goes. */
  readonly end: number;
  /** Whether what was before it is no longer kept. */
  readonly pruned: boolean;
}

/** Returns changes in revision order as commits, the newest first, up to a revision. */
export function commitsOf(changes: readonly Change[], end: number): CommitEvent[] {
  const commits = new Map<number, Change[]>();
  for (const change of changes) {
    if (change.revision > end) continue;
    const found = commits.get(change.revision);
    if (found === undefined) commits.set(change.revision, [change]);
    else found.push(change);
  }
  return [...commits].map(([revision, changes]) => ({ revision, changes })).reverse();
}

/**
 * Returns everything that is known, the newest first: what was heard since the pages were read, then the pages. What
 * both have counts once.
 */
export function mergeCommits(heard: readonly CommitEvent[], pages: readonly CommitPage[]): CommitEvent[] {
  const end = pages[0]?.end ?? 0;
  const fresh = new Map(heard.filter(({ revision }) => revision > end).map((one) => [one.revision, one]));
  const newestFirst = [...fresh.values()].sort((one, other) => other.revision - one.revision);
  return [...newestFirst, ...pages.flatMap(({ commits }) => commits)];
}
