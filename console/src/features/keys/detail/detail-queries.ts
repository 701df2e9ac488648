import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEpoch } from '../../../session/use-session.js';
import type { Snapshot } from '../snapshot.js';
import { getVersion, listVersions } from './detail-requests.js';

/**
 * The versions of a key, newest first, page by page.
 * `latest` is the newest revision that is known of; a newer one is looked up anew.
 */
export function useVersions(key: string, latest: number) {
  const epoch = useEpoch();
  return useInfiniteQuery({
    queryKey: [epoch, 'versions', key, latest],
    queryFn: ({ pageParam, signal }) => listVersions(key, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.cursor ?? undefined,
    placeholderData: keepPreviousData,
    enabled: epoch > 0,
    staleTime: 0,
  });
}

/**
 * One version with its value. The current one is at hand already, and could by its revision no longer be
 * asked for if it is older than the history that is kept.
 */
export function useVersion(key: string, revision: number | undefined, current: Snapshot | undefined) {
  const epoch = useEpoch();
  const query = useQuery({
    queryKey: [epoch, 'version', key, revision],
    queryFn: ({ signal }) => getVersion(key, revision ?? 0, signal),
    enabled: epoch > 0 && revision !== undefined && current?.revision !== revision,
    // What was, stays.
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (current !== undefined && current.revision === revision) {
    return { data: current, error: null, refetch: query.refetch };
  }
  return { data: query.data, error: query.error, refetch: query.refetch };
}
