import { useEffect, useEffectEvent, useSyncExternalStore } from 'react';
import { live } from './browser-live.js';
import type { CommitListener, LiveStatus } from './live-stream.js';

/** Has a component hear of every commit to the account while it is shown, whoever made it. */
export function useLiveCommits(listener: CommitListener): void {
  const hear = useEffectEvent(listener);
  useEffect(() => live.listen((commit) => hear(commit)), []);
}

/** Returns whether commits are heard of as they happen, and renders again when that changes. */
export function useLiveStatus(): LiveStatus {
  return useSyncExternalStore(live.watch, () => live.status);
}
