import { type QueryClient, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Entry } from 'halo-contract';
import { session } from '../../session/browser-session.js';
import { useEpoch } from '../../session/use-session.js';
import { type ListPages, withEntry, withoutKey } from './list-pages.js';
import { getSnapshot, listKeys } from './requests.js';
import type { Snapshot } from './snapshot.js';

/** Every key begins with the number of the log-in, so that nothing fetched in one is shown in another. */
const listsOf = (epoch: number) => [epoch, 'list'] as const;
const snapshotOf = (epoch: number, key: string) => [epoch, 'snapshot', key] as const;

/** The keys with a prefix, page by page. */
export function useKeyList(prefix: string) {
  const epoch = useEpoch();
  return useInfiniteQuery({
    queryKey: [...listsOf(epoch), prefix],
    queryFn: ({ pageParam, signal }) => listKeys(prefix, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.cursor ?? undefined,
    enabled: epoch > 0,
    // To fetch every loaded page again would take as many requests; the person reloads when they want to.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** One key as it is now; looking at it again after being away fetches it again. */
export function useSnapshot(key: string, enabled: boolean) {
  const epoch = useEpoch();
  return useQuery({
    queryKey: snapshotOf(epoch, key),
    queryFn: ({ signal }) => getSnapshot(key, signal),
    enabled: enabled && epoch > 0,
    staleTime: 0,
    refetchOnWindowFocus: true,
  });
}

/** Returns how to bring what is cached up to date after one's own writes, without fetching all of it again. */
export function useKeyCache() {
  const client = useQueryClient();
  return {
    wrote(snapshot: Snapshot, size: number) {
      const epoch = epochNow();
      client.setQueryData(snapshotOf(epoch, snapshot.key), snapshot);
      // The server's own times replace the estimates as soon as they arrive.
      void client.invalidateQueries({ queryKey: snapshotOf(epoch, snapshot.key) });
      changeLists(client, epoch, snapshot.key, (list) => withEntry(list, entryOf(snapshot, size)));
    },
    removed(key: string) {
      const epoch = epochNow();
      client.removeQueries({ queryKey: snapshotOf(epoch, key) });
      changeLists(client, epoch, key, (list) => withoutKey(list, key));
    },
    /** Drops the list and starts over from its first page. */
    reloadList(prefix: string) {
      return client.resetQueries({ queryKey: [...listsOf(epochNow()), prefix], exact: true });
    },
    reread(key: string) {
      return client.invalidateQueries({ queryKey: snapshotOf(epochNow(), key) });
    },
  };
}

/** A save may wait for a log-in, so that the log-in it began in is not the one it ends in. */
function epochNow(): number {
  return session.state.status === 'active' ? session.state.epoch : 0;
}

function changeLists(
  client: QueryClient,
  epoch: number,
  key: string,
  change: (list: ListPages) => ListPages,
): void {
  const queries = client.getQueriesData<ListPages>({ queryKey: listsOf(epoch) });
  for (const [queryKey, list] of queries) {
    const prefix = queryKey.at(-1);
    if (list !== undefined && typeof prefix === 'string' && key.startsWith(prefix)) {
      client.setQueryData(queryKey, change(list));
    }
  }
}

function entryOf(snapshot: Snapshot, size: number): Entry {
  const now = new Date().toISOString();
  return {
    key: snapshot.key,
    revision: snapshot.revision,
    size,
    content_type: snapshot.contentType,
    metadata: null,
    created_at: snapshot.createdAt ?? now,
    updated_at: now,
    expires_at: snapshot.expiresAt ?? null,
  };
}
