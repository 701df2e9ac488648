import { getRouteApi } from '@tanstack/react-router';
import { defaultDelimiter, delimiterFault } from './tree/grouping.js';

/** What the address bar says of the list: it stays whatever is opened beside it. */
export interface ListSearch {
  readonly prefix?: string;
  /** Keys by their whole names, one below the other; left out, they show as a tree. */
  readonly view?: 'flat';
  /** What the tree takes for the end of a group, unless it is a slash. */
  readonly delimiter?: string;
}

/** What the address bar says about the keys screen: it survives a reload, and Back undoes it. */
export interface KeysSearch extends ListSearch {
  /** The key that is open. */
  readonly key?: string;
  /** The key being created, possibly still without a name. */
  readonly new?: string;
  /** The side of the open key that is shown; left out, its value. */
  readonly tab?: Exclude<KeyTab, 'value'>;
}

export type KeyTab = 'value' | 'history' | 'metadata' | 'code';

export function readKeysSearch(search: Record<string, unknown>): KeysSearch {
  const { prefix, view, delimiter, key, new: created, tab } = search;
  const grouped = typeof delimiter === 'string' && delimiterFault(delimiter) === undefined;
  return {
    ...(typeof prefix === 'string' && prefix !== '' ? { prefix } : {}),
    ...(view === 'flat' ? { view } : {}),
    ...(grouped && delimiter !== defaultDelimiter ? { delimiter } : {}),
    ...(typeof key === 'string' && key !== '' ? { key } : {}),
    ...(typeof created === 'string' ? { new: created } : {}),
    ...(tab === 'history' || tab === 'metadata' || tab === 'code' ? { tab } : {}),
  };
}

/** Returns the part of a search that concerns the list, which links to a key take along. */
export function listSearch({ prefix, view, delimiter }: ListSearch): ListSearch {
  return {
    ...(prefix === undefined ? {} : { prefix }),
    ...(view === undefined ? {} : { view }),
    ...(delimiter === undefined ? {} : { delimiter }),
  };
}

const route = getRouteApi('/member/keys');

/** Returns what is open, and how to open something else; what the list shows stays unless it is set. */
export function useKeysSearch() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = listSearch(search);
  return {
    prefix: search.prefix ?? '',
    openKey: search.key,
    newKey: search.new,
    tab: search.tab ?? 'value',
    open: (key: string) => navigate({ search: { ...list, key } }),
    create: (key: string) => navigate({ search: { ...list, new: key } }),
    close: () => navigate({ search: list }),
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

/** Returns how the list groups its keys, and how to have it otherwise. */
export function useListView() {
  const { view, delimiter = defaultDelimiter } = route.useSearch();
  const navigate = route.useNavigate();
  return {
    isFlat: view === 'flat',
    delimiter,
    setFlat: (flat: boolean) =>
      navigate({ search: ({ view: _, ...rest }) => (flat ? { ...rest, view: 'flat' } : rest) }),
    setDelimiter: (next: string) =>
      navigate({
        search: ({ delimiter: _, ...rest }) =>
          next === defaultDelimiter ? rest : { ...rest, delimiter: next },
      }),
  };
}
