import { InfiniteQueryObserver, type QueryClient, useQueryClient } from '@tanstack/react-query';
import type { EntryList } from 'halo-contract';
import { useEffect, useEffectEvent, useLayoutEffect, useState, useSyncExternalStore } from 'react';
import { useEpoch } from '../../../session/use-session.js';
import type { ListPages } from '../list-pages.js';
import { expireLists, levelOf } from './list-cache.js';
import { listLevel } from './list-requests.js';

/** The list of one prefix as far as it is loaded, and how to load more. */
export type Level = ReturnType<LevelObserver['getCurrentResult']>;
type LevelObserver = ReturnType<typeof observeLevel>;

/** The lists that are shown, by prefix. */
export type Levels = ReadonlyMap<string, Level>;

/** Keeps the lists of these prefixes loaded and up to date; an empty delimiter makes no groups. */
export function useLevels(delimiter: string, prefixes: readonly string[]): Levels {
  const epoch = useEpoch();
  const client = useQueryClient();
  const [store] = useState(() => createLevelStore(client));
  const wanted = JSON.stringify([epoch, delimiter, prefixes]);
  const shown = useSyncExternalStore(store.watch, store.read);
  const expire = useEffectEvent(() => expireLists(client, epoch));
  useLayoutEffect(() => expire(), []);
  // Before the paint, so that a group that was open before shows its rows at once.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `wanted` stands for all that is passed on.
  useLayoutEffect(() => store.show(epoch, delimiter, prefixes), [store, wanted]);
  useEffect(() => () => store.show(0, '', []), [store]);
  return shown.get(`${epoch} ${delimiter}`) ?? noLevels;
}

const noLevels: Levels = new Map();

function observeLevel(client: QueryClient, epoch: number, delimiter: string, prefix: string) {
  return new InfiniteQueryObserver<
    EntryList,
    Error,
    ListPages,
    ReturnType<typeof levelOf>,
    string | undefined
  >(client, {
    queryKey: levelOf(epoch, delimiter, prefix),
    queryFn: ({ pageParam, signal }) => listLevel(delimiter, prefix, pageParam, signal),
    initialPageParam: undefined,
    getNextPageParam: (page) => page.cursor ?? undefined,
    // What changes is patched in; to fetch all that is loaded again would take as many requests.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** TanStack Query has a hook for one list with pages; this is the same for any number of them. */
function createLevelStore(client: QueryClient) {
  let place = '';
  let observers = new Map<string, { observer: LevelObserver; stop: () => void }>();
  let snapshot: ReadonlyMap<string, Levels> = new Map();
  const watchers = new Set<() => void>();

  function publish(): void {
    const levels = new Map(
      [...observers].map(([prefix, { observer }]) => [prefix, observer.getCurrentResult()]),
    );
    snapshot = new Map([[place, levels]]);
    for (const watcher of watchers) watcher();
  }

  return {
    read: () => snapshot,
    watch(watcher: () => void): () => void {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    show(epoch: number, delimiter: string, prefixes: readonly string[]): void {
      const next = `${epoch} ${delimiter}`;
      const kept = new Map<string, { observer: LevelObserver; stop: () => void }>();
      for (const prefix of epoch === 0 ? [] : prefixes) {
        const known = next === place ? observers.get(prefix) : undefined;
        if (known !== undefined) kept.set(prefix, known);
        else {
          const observer = observeLevel(client, epoch, delimiter, prefix);
          kept.set(prefix, { observer, stop: observer.subscribe(publish) });
        }
      }
      const before = observers;
      place = next;
      observers = kept;
      for (const [prefix, entry] of before) if (kept.get(prefix) !== entry) entry.stop();
      publish();
    },
  };
}
