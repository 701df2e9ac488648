import { skipToken, useQuery } from '@tanstack/react-query';
import { useEpoch } from '../../../session/use-session.js';
import { type Marks, marksOf } from './list-cache.js';

const none: Marks = new Map();

/** Returns the keys that were changed elsewhere and have not been opened since. */
export function useMarks(): Marks {
  const { data = none } = useQuery<Marks>({
    queryKey: marksOf(useEpoch()),
    queryFn: skipToken,
    initialData: none,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  });
  return data;
}
