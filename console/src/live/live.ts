import type { CommitEvent } from 'halo-contract';

/** What is told of each commit, whoever made it. */
export type CommitListener = (commit: CommitEvent) => void;

/** Has a component hear of every commit to the account while it is shown. */
export function useLiveCommits(_listener: CommitListener): void {}
