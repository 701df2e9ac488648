import { useEffect, useEffectEvent } from 'react';

/**
 * Calls back on Escape, unless something nearer has used it: a dialog, a menu, the editor's search.
 * `isWriting` tells whether the focus is in the editor.
 */
export function useEscape(onEscape: (isWriting: boolean) => void): void {
  const leave = useEffectEvent(onEscape);
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      const { key, target } = event;
      if (key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
      const element = target instanceof HTMLElement ? target : undefined;
      if (element?.closest('[role="dialog"], [role="menu"]') || element?.ariaExpanded === 'true') return;
      leave(element?.isContentEditable ?? false);
    };
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, []);
}
