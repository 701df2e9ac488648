import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import type { CommitEvent, TrashPage } from 'halo-contract';
import { useEffect, useRef } from 'react';
import { useLiveCommits } from '../../live/live.js';
import { useEpoch } from '../../session/use-session.js';
import { listTrash } from './requests.js';

/** A burst of commits is met with one look at the trash, at most this often. */
const refreshMs = 500;

/** The trash, page by page, kept up with what happens elsewhere. */
export function useTrash(prefix: string) {
  const epoch = useEpoch();
  const trash = useInfiniteQuery({
    queryKey: [epoch, 'trash', prefix],
    queryFn: ({ pageParam, signal }) => listTrash(prefix, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.cursor ?? undefined,
    enabled: epoch > 0,
    staleTime: 0,
  });
  useTrashUpdates(prefix);
  return trash;
}

function useTrashUpdates(prefix: string): void {
  const client = useQueryClient();
  const epoch = useEpoch();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useLiveCommits((commit) => {
    const queryKey = [epoch, 'trash'];
    client.setQueriesData<InfiniteData<TrashPage>>({ queryKey }, (pages) => withoutLiving(pages, commit));
    // What has gone has a size and a place in the order that only the server knows.
    const adds = commit.changes.some(({ kind, key }) => kind !== 'set' && key.startsWith(prefix));
    if (!adds || timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      void client.invalidateQueries({ queryKey });
    }, refreshMs);
  });
}

/** Returns how to take keys off the list that are no longer in the trash. */
export function useTrashCache() {
  const client = useQueryClient();
  const epoch = useEpoch();
  const queryKey = [epoch, 'trash'];
  return {
    removed: (keys: ReadonlySet<string>) =>
      client.setQueriesData<InfiniteData<TrashPage>>({ queryKey }, (pages) => without(pages, keys)),
    reload: () => client.invalidateQueries({ queryKey }),
  };
}

function withoutLiving(pages: InfiniteData<TrashPage> | undefined, { changes }: CommitEvent) {
  return without(pages, new Set(changes.flatMap(({ kind, key }) => (kind === 'set' ? [key] : []))));
}

function without(data: InfiniteData<TrashPage> | undefined, keys: ReadonlySet<string>) {
  const present = data?.pages.some(({ entries }) => entries.some(({ key }) => keys.has(key)));
  if (data === undefined || !present) return data;
  const pages = data.pages.map((page) => ({
    ...page,
    entries: page.entries.filter(({ key }) => !keys.has(key)),
  }));
  return { ...data, pages };
}
