/** How fast something goes, and how long it will still take. */
export interface Pace {
  /** Tells how much is done in all. */
  note(done: number, nowMs: number): void;
  /** Forgets how fast it was: after a pause, the time of which must not count. */
  reset(): void;
  /** A second; undefined until there is enough to tell by. */
  rate(): number | undefined;
  /** Milliseconds until `total` is done; undefined while that cannot be told. */
  leftMs(total: number): number | undefined;
}

/** Long enough to be calm, short enough to notice when it slows down. */
const windowMs = 10_000;
/** What is measured in less says nothing. */
const leastMs = 800;

/** Returns a pace over a sliding window. */
export function createPace(): Pace {
  let marks: { readonly done: number; readonly atMs: number }[] = [];
  const rate = () => {
    const first = marks[0];
    const last = marks.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < leastMs) return undefined;
    return ((last.done - first.done) / (last.atMs - first.atMs)) * 1_000;
  };
  return {
    note: (done, nowMs) => {
      marks.push({ done, atMs: nowMs });
      // The newest mark that is older than the window stays, to measure from.
      const keep = marks.findLastIndex(({ atMs }) => nowMs - atMs >= windowMs);
      if (keep > 0) marks = marks.slice(keep);
    },
    reset: () => {
      marks = [];
    },
    rate,
    leftMs: (total) => {
      const perSecond = rate();
      const last = marks.at(-1);
      if (perSecond === undefined || perSecond <= 0 || last === undefined) return undefined;
      return (Math.max(total - last.done, 0) / perSecond) * 1_000;
    },
  };
}
