/** A commit as a watcher was told of it, or as the log has it. */
export interface ToldCommit {
  readonly revision: number;
  readonly keys: readonly string[];
}

export interface FeedFaults {
  /** In the log, and never told. */
  readonly missed: readonly number[];
  /** Told more than once. */
  readonly duplicated: readonly number[];
  /** Told after a later one. */
  readonly reordered: readonly number[];
  /** Told otherwise than the log has it, or not in the log at all. */
  readonly altered: readonly number[];
}

/** Compares what a watcher was told, over all its connections, with the log from where it began. */
export function feedFaults(told: readonly ToldCommit[], log: readonly ToldCommit[]): FeedFaults {
  const revisions = told.map(({ revision }) => revision);
  const known = new Set(revisions);
  const keysOf = new Map(log.map(({ revision, keys }) => [revision, keys.join('\n')]));
  let highest = 0;
  const reordered: number[] = [];
  for (const revision of revisions) {
    if (revision < highest) reordered.push(revision);
    highest = Math.max(highest, revision);
  }
  return {
    missed: [...keysOf.keys()].filter((revision) => !known.has(revision)),
    duplicated: revisions.filter((revision, index) => revisions.indexOf(revision) !== index),
    reordered,
    altered: told.flatMap(({ revision, keys }) =>
      keysOf.get(revision) === keys.join('\n') ? [] : [revision],
    ),
  };
}
