import { useRouterState } from '@tanstack/react-router';
import { type RefObject, useEffect, useRef } from 'react';

/**
 * Moves the focus to the heading of a screen when one arrives at it, so that a screen reader says where one is and
 * Tab goes on from there. What the screen itself has focused keeps it; so does a dialog.
 */
export function useScreenFocus(main: RefObject<HTMLElement | null>): void {
  const arrived = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const before = useRef(arrived);
  useEffect(() => {
    if (arrived === before.current) return;
    const first = before.current === undefined;
    before.current = arrived;
    const focused = document.activeElement;
    const taken = main.current?.contains(focused) || focused?.closest('[role="dialog"]') != null;
    if (first || (taken && focused?.id !== 'main')) return;
    const heading = main.current?.querySelector('h1');
    heading?.setAttribute('tabindex', '-1');
    (heading ?? main.current)?.focus();
  }, [arrived, main]);
}
