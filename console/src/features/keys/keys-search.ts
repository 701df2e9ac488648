import { getRouteApi } from '@tanstack/react-router';

/** What the address bar says about the keys screen: it survives a reload, and Back undoes it. */
export interface KeysSearch {
  readonly prefix?: string;
  /** The key that is open. */
  readonly key?: string;
  /** The key being created, possibly still without a name. */
  readonly new?: string;
  /** The side of the open key that is shown; left out, its value. */
  readonly tab?: Exclude<KeyTab, 'value'>;
}

export type KeyTab = 'value' | 'history' | 'metadata' | 'code';

export function readKeysSearch(search: Record<string, unknown>): KeysSearch {
  const { prefix, key, new: created, tab } = search;
  return {
    ...(typeof prefix === 'string' && prefix !== '' ? { prefix } : {}),
    ...(typeof key === 'string' && key !== '' ? { key } : {}),
    ...(typeof created === 'string' ? { new: created } : {}),
    ...(tab === 'history' || tab === 'metadata' || tab === 'code' ? { tab } : {}),
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
    tab: search.tab ?? 'value',
    open: (key: string) => navigate({ search: { ...prefix, key } }),
    create: (key: string) => navigate({ search: { ...prefix, new: key } }),
    close: () => navigate({ search: prefix }),
    setTab: (next: KeyTab) =>
      navigate({ search: ({ tab: _, ...rest }) => (next === 'value' ? rest : { ...rest, tab: next }) }),
    /** Typing in the search is one step for Back, not one for each letter. */
    setPrefix: (next: string) =>
      navigate({
        search: ({ prefix: _, ...rest }) => (next === '' ? rest : { ...rest, prefix: next }),
        replace: true,
      }),
  };
}
