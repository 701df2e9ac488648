import { skipToken, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEpoch } from '../../../session/use-session.js';

const none: ReadonlySet<string> = new Set();

/** Returns which groups are open, and how to open and close some; kept for as long as the session lasts. */
export function useExpanded(delimiter: string) {
  const epoch = useEpoch();
  const client = useQueryClient();
  const queryKey = [epoch, 'expanded', delimiter];
  const { data = none } = useQuery<ReadonlySet<string>>({
    queryKey,
    queryFn: skipToken,
    initialData: none,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  });

  function change(act: (groups: Set<string>) => void): void {
    client.setQueryData<ReadonlySet<string>>(queryKey, (before = none) => {
      const groups = new Set(before);
      act(groups);
      return groups;
    });
  }

  return {
    expanded: data,
    expand(groups: readonly string[]): void {
      if (groups.every((group) => data.has(group))) return;
      change((open) => {
        for (const group of groups) open.add(group);
      });
    },
    collapse: (group: string) => change((open) => open.delete(group)),
  };
}
