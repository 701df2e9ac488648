import { getRouteApi } from '@tanstack/react-router';

/** What the address bar says about the keys screen: it survives a reload, and Back undoes it. */
export interface KeysSearch {
  readonly prefix?: string;
  /** The key that is open. */
  readonly key?: string;
  /** The key being created, possibly still without a name. */
  readonly new?: string;
}

export function readKeysSearch(search: Record<string, unknown>): KeysSearch {
  const { prefix, key, new: created } = search;
  return {
    ...(typeof prefix === 'string' && prefix !== '' ? { prefix } : {}),
    ...(typeof key === 'string' && key !== '' ? { key } : {}),
    ...(typeof created === 'string' ? { new: created } : {}),
  };
}

const route = getRouteApi('/member/keys');

/** Returns what is open, and how to open something else; the prefix stays unless it is set. */
export function useKeysSearch() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const prefix = search.prefix === undefined ? {} : { prefix: search.prefix };
  return {
    prefix: search.prefix ?? '',
    openKey: search.key,
    newKey: search.new,
    open: (key: string) => navigate({ search: { ...prefix, key } }),
    create: (key: string) => navigate({ search: { ...prefix, new: key } }),
    close: () => navigate({ search: prefix }),
    /** Typing in the search is one step for Back, not one for each letter. */
    setPrefix: (next: string) =>
      navigate({
        search: ({ prefix: _, ...rest }) => (next === '' ? rest : { ...rest, prefix: next }),
        replace: true,
      }),
  };
}
