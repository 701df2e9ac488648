import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { readJson } from 'halo-client';
import type { EntryList } from 'halo-contract';
import { session } from '../../session/browser-session.js';
import { useEpoch } from '../../session/use-session.js';

/** As many as fit without scrolling away what else was found. */
const keysMax = 8;

/** Typing on within this time asks once, for what is there at the end of it. */
const debounceMs = 120;

export interface FoundKeys {
  readonly keys: readonly string[];
  /** Whether this is not yet the answer to what stands in the field. */
  readonly pending: boolean;
  readonly error: unknown;
}

/** The first keys that begin with a text, as the server knows them; nothing for no text. */
export function useFoundKeys(text: string): FoundKeys {
  const epoch = useEpoch();
  const [prefix] = useDebouncedValue(text, debounceMs);
  const { data, error, isFetching } = useQuery({
    queryKey: [epoch, 'palette', prefix],
    queryFn: async ({ signal }) => {
      const query = { prefix, limit: keysMax };
      const response = await session.request({ method: 'GET', path: '/v1/keys', query, signal });
      return readJson<EntryList>(response);
    },
    enabled: epoch > 0 && prefix !== '',
    // What was found a moment ago may be gone; forgetting it at once keeps the palette from telling old names.
    staleTime: 0,
    gcTime: 0,
  });
  if (text === '') return { keys: [], pending: false, error: undefined };
  const keys = prefix === text ? (data?.keys.map(({ key }) => key) ?? []) : [];
  return { keys, pending: prefix !== text || isFetching, error };
}
