/**
 * Where a page of changes ends. Pure decisions, whose promise is that a commit is never split: whoever follows
 * the pages sees each commit whole, once, and in order.
 */
interface Changed {
  readonly revision: number;
}

interface Sized extends Changed {
  /** Bytes of the value; null when there is none. */
  readonly size: number | null;
}

/** What a look at the log after `since` found. */
export interface Look<Change extends Changed> {
  readonly since: number;
  /** In revision order, and at most one more than fits on a page. */
  readonly changes: readonly Change[];
  /** Where the look stopped before the end of the log; later versions of that very commit may be missing. */
  readonly stoppedAt: number | undefined;
  /** The account's revision: where the log ends. */
  readonly revision: number;
}

/** The page goes up to `to`. With `isPartial`, what is on it is one commit that has to be read whole. */
export interface Cut<Change extends Changed> {
  readonly changes: readonly Change[];
  readonly to: number;
  readonly isPartial: boolean;
}

/**
 * Takes as many whole commits as fit. A commit that alone exceeds `limit`, or alone is more than one look takes
 * in, becomes a page by itself.
 */
export function cutAtCommit<Change extends Changed>(look: Look<Change>, limit: number): Cut<Change> {
  const { since, changes, stoppedAt, revision } = look;
  const excess = changes[limit]?.revision;
  const broken = excess ?? stoppedAt;
  if (broken === undefined) return { changes, to: revision, isPartial: false };
  const whole = changes.filter((change) => change.revision < broken);
  // A look that stopped has at least passed the commits before; an excess without any is a commit too long.
  const hasPassed = excess === undefined && broken - 1 > since;
  if (whole.length > 0 || hasPassed) return { changes: whole, to: broken - 1, isPartial: false };
  return { changes: [], to: broken, isPartial: true };
}

export interface Fit<Change extends Changed> {
  readonly changes: readonly Change[];
  /** Those of them whose values come along. */
  readonly valued: readonly Change[];
  /** Up to where the page now goes; undefined: nothing was cut off. */
  readonly to: number | undefined;
}

/**
 * Takes as many whole commits as have values of at most `bytesMax` together. A commit that alone has more comes
 * alone, with those of its values, in key order, that fit.
 */
export function fitValues<Change extends Sized>(
  changes: readonly Change[],
  isWanted: (change: Change) => boolean,
  bytesMax: number,
): Fit<Change> {
  const valued: Change[] = [];
  let bytes = 0;
  let start = 0;
  while (start < changes.length) {
    const commit = commitAt(changes, start);
    const wanted = commit.filter((change) => change.size !== null && isWanted(change));
    const commitBytes = wanted.reduce((sum, { size }) => sum + (size ?? 0), 0);
    const [{ revision } = { revision: 0 }] = commit;
    if (bytes + commitBytes > bytesMax) {
      if (start > 0) return { changes: changes.slice(0, start), valued, to: revision - 1 };
      const to = commit.length < changes.length ? revision : undefined;
      return { changes: commit, valued: thoseThatFit(wanted, bytesMax), to };
    }
    valued.push(...wanted);
    bytes += commitBytes;
    start += commit.length;
  }
  return { changes, valued, to: undefined };
}

function commitAt<Change extends Changed>(changes: readonly Change[], start: number): readonly Change[] {
  const revision = changes[start]?.revision;
  let end = start;
  while (changes[end]?.revision === revision && end < changes.length) end += 1;
  return changes.slice(start, end);
}

function thoseThatFit<Change extends Sized>(changes: readonly Change[], bytesMax: number): Change[] {
  let bytes = 0;
  return changes.filter(({ size }) => {
    if (bytes + (size ?? 0) > bytesMax) return false;
    bytes += size ?? 0;
    return true;
  });
}

/** One commit with those of its changes that somebody may and wants to see. */
export interface CommitChanges<Change extends Changed> {
  readonly revision: number;
  readonly changes: readonly Change[];
}

export function groupByCommit<Change extends Changed>(changes: readonly Change[]): CommitChanges<Change>[] {
  const commits: CommitChanges<Change>[] = [];
  for (let start = 0; start < changes.length; ) {
    const commit = commitAt(changes, start);
    commits.push({ revision: commit[0]?.revision ?? 0, changes: commit });
    start += commit.length;
  }
  return commits;
}
