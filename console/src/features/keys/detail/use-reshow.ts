import { useKeyCache } from '../queries.js';
import { currentOf } from '../save-draft.js';

/**
 * Returns how to show a key and its row as they are now, after a change whose outcome the console did not make
 * itself: one that was undone, or one that is worked out on the server.
 */
export function useReshow(): (key: string) => Promise<void> {
  const cache = useKeyCache();
  return async (key) => {
    try {
      const now = await currentOf(key);
      if (now === undefined) cache.removed(key);
      else cache.wrote(now, now.size ?? 0);
    } catch {
      // What was done is done; the pane asks again by itself and says what is in the way.
      await cache.reread(key);
    }
  };
}
