import { useQueryClient } from '@tanstack/react-query';
import { useEpoch } from '../../../session/use-session.js';
import { listsOf, marksOf } from './list-cache.js';

/** Returns how to drop all lists and start over from their first pages, as the person asked for. */
export function useReload(prefix: string): () => void {
  const epoch = useEpoch();
  const client = useQueryClient();
  return () => {
    client.setQueryData(marksOf(epoch), new Map());
    void client.resetQueries({
      queryKey: listsOf(epoch),
      // What is folded away is only read again when it is opened.
      predicate: (query) => query.isActive() || query.queryKey.at(-1) === prefix,
    });
    client.removeQueries({ queryKey: listsOf(epoch), type: 'inactive' });
  };
}
