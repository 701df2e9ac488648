import { useIsFetching } from '@tanstack/react-query';
import { useRouterState } from '@tanstack/react-router';
import { useEffect, useEffectEvent } from 'react';

/** How long nothing may have been asked of the server: longer than a screen takes from its code to its first request. */
const quietMs = 300;

/**
 * Fetches code that will be wanted before long, once, as soon as the screen has what it shows: it takes nothing
 * from the first load, and waits for nothing when it is wanted. A failure is left to whoever then wants it.
 */
export function usePreload(load: () => Promise<unknown>): void {
  const isFetching = useIsFetching() > 0;
  const isPending = useRouterState({ select: ({ status }) => status === 'pending' });
  const isQuiet = !isFetching && !isPending;
  const preload = useEffectEvent(() => void load().catch(() => {}));
  useEffect(() => {
    if (!isQuiet) return;
    const timer = setTimeout(() => preload(), quietMs);
    return () => clearTimeout(timer);
  }, [isQuiet]);
}
