import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import type { CommitEvent } from 'halo-contract';
import { useRef, useState } from 'react';
import { useLiveCommits } from '../../live/live.js';
import { useEpoch } from '../../session/use-session.js';
import { mergeCommits } from './commit-pages.js';
import { readCommits } from './read-commits.js';

/** More commits than anyone reads live; the page is read anew then, and the older ones by scrolling on. */
const heardMax = 300;

/**
 * The commits of the account, the newest first, older ones on demand and new ones as they happen. They are listened
 * for from before the first page is asked for, so that none falls between the two.
 */
export function useCommits() {
  const epoch = useEpoch();
  const client = useQueryClient();
  const [heard, setHeard] = useState<readonly CommitEvent[]>([]);
  // A burst is heard before it is rendered, and must be counted all the same.
  const latest = useRef<readonly CommitEvent[]>([]);
  const queryKey = [epoch, 'commits'];
  useLiveCommits((commit) => {
    if (latest.current.length >= heardMax) {
      latest.current = [];
      void client.resetQueries({ queryKey });
    }
    latest.current = [...latest.current, commit];
    setHeard(latest.current);
  });
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => readCommits(pageParam, signal),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ since, pruned }) => (since > 0 && !pruned ? since : undefined),
    enabled: epoch > 0,
    // What comes after is heard; what was heard before the screen was left is not.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const pages = query.data?.pages ?? [];
  return { query, commits: mergeCommits(heard, pages), pruned: pages.at(-1)?.pruned === true };
}
