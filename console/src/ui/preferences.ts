import { useSyncExternalStore } from 'react';

/**
 * What a person has chosen for this browser. It is kept in this browser, tells nothing about them or their data,
 * and outlasts the session, as the colour scheme does.
 */
const singleKeysItem = 'halo-single-keys';

const watchers = new Set<() => void>();
let singleKeys = readItem(singleKeysItem) !== 'off';

/** Whether a single key such as `n` does something: people who speak to their computer need it not to. */
export function hasSingleKeys(): boolean {
  return singleKeys;
}

/** The same, rendering again when it changes. */
export function useSingleKeys(): boolean {
  return useSyncExternalStore(watch, hasSingleKeys);
}

export function setSingleKeys(on: boolean): void {
  writeItem(singleKeysItem, on ? undefined : 'off');
  become(on);
}

function become(on: boolean): void {
  singleKeys = on;
  for (const watcher of watchers) watcher();
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

// Another tab has changed it.
window.addEventListener('storage', ({ key, newValue }) => {
  if (key === singleKeysItem) become(newValue !== 'off');
});

function readItem(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
    return null;
  }
}

function writeItem(name: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // The same.
  }
}
