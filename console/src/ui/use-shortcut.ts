import { useEffect, useEffectEvent } from 'react';
import { hasSingleKeys } from './preferences.js';

/**
 * Calls back when a single key such as `/`, `n` or `?` is pressed outside of anything one types in.
 * The produced character counts, not the place on the keyboard, because `/` and `?` move with the layout.
 * In a dialog nothing fires: what it would act on lies behind. Who has turned single keys off presses in vain
 * (WCAG 2.1.4).
 */
export function useKeyShortcut(key: string, onPress: () => void, enabled = true): void {
  const press = useEffectEvent(onPress);
  useEffect(() => {
    if (!enabled) return;
    const listener = (event: KeyboardEvent) => {
      const modified = event.ctrlKey || event.metaKey || event.altKey;
      if (event.key.toLowerCase() !== key || modified || event.defaultPrevented || event.repeat) return;
      if (isTyping(event.target) || !hasSingleKeys()) return;
      event.preventDefault();
      press();
    };
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, [key, enabled]);
}

/**
 * Calls back on Mod and a key such as `k` wherever the focus is, also in an editor, before whatever is focused
 * hears of it. In a dialog nothing fires.
 */
export function useModShortcut(key: string, onPress: () => void): void {
  const press = useEffectEvent(onPress);
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      const mod = isApple ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
      // On some layouts `/` is typed with Shift; `Mod+Shift+K` is another shortcut.
      const shifted = event.shiftKey && /[a-z]/.test(key);
      if (event.key.toLowerCase() !== key || !mod || shifted || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat && !isDialogOpen()) press();
    };
    window.addEventListener('keydown', listener, { capture: true });
    return () => window.removeEventListener('keydown', listener, { capture: true });
  }, [key]);
}

/** Calls back on Mod+S wherever the focus is, and keeps the browser from saving the page. */
export function useSaveShortcut(onSave: () => void, enabled: boolean): void {
  const save = useEffectEvent(onSave);
  useEffect(() => {
    if (!enabled) return;
    const listener = (event: KeyboardEvent) => {
      const mod = isApple ? event.metaKey : event.ctrlKey;
      if (event.key.toLowerCase() !== 's' || !mod || event.shiftKey || event.altKey) return;
      event.preventDefault();
      if (!event.repeat && !isInDialog(event.target)) save();
    };
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, [enabled]);
}

export const isApple = /mac|iphone|ipad/i.test(navigator.platform);

/** What the key that shortcuts begin with is called here. */
export const modName = isApple ? '⌘' : 'Ctrl';

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches('input, textarea, select') || isInDialog(target);
}

function isInDialog(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[role="dialog"], [role="menu"]') !== null;
}

/** The focus may be outside of an open dialog for a moment, such as while it fades in. */
function isDialogOpen(): boolean {
  return document.querySelector('[role="dialog"][aria-modal="true"]') !== null;
}
