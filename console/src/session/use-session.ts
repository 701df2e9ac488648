import { useEffect, useSyncExternalStore } from 'react';
import { session } from './browser-session.js';
import type { SessionState } from './session.js';

/** Returns the state of the session, and renders again when it changes. */
export function useSession(): SessionState {
  return useSyncExternalStore(session.watch, () => session.state);
}

/** Returns the number of the current log-in, or 0 while there is none; part of every query's key. */
export function useEpoch(): number {
  const state = useSession();
  return state.status === 'active' ? state.epoch : 0;
}

/** Keeps an open draft through the end of the session for as long as `held`. */
export function useDraftHold(held: boolean): void {
  useEffect(() => (held ? session.holdDraft() : undefined), [held]);
}
