import { useEffect, useRef, useState } from 'react';
import { useLiveCommits } from '../../../live/live.js';

/** Told this late, one's own change has been answered by then, and does not flash as somebody else's. */
const settleMs = 600;

export interface Elsewhere {
  readonly revision: number;
  /** The key is no longer there. */
  readonly gone: boolean;
}

/** Returns the newest change to a key that the live stream has told of, whoever made it. */
export function useElsewhere(key: string): Elsewhere | undefined {
  const [latest, setLatest] = useState<Elsewhere>();
  const timers = useRef(new Set<ReturnType<typeof setTimeout>>());
  useEffect(() => {
    const pending = timers.current;
    return () => pending.forEach(clearTimeout);
  }, []);

  useLiveCommits(({ changes }) => {
    const change = changes.find((each) => each.key === key);
    if (change === undefined) return;
    const { revision, kind } = change;
    const timer = setTimeout(() => {
      timers.current.delete(timer);
      setLatest((before) =>
        before !== undefined && before.revision > revision ? before : { revision, gone: kind !== 'set' },
      );
    }, settleMs);
    timers.current.add(timer);
  });
  return latest;
}
