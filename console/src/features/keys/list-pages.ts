import type { InfiniteData } from '@tanstack/react-query';
import type { Entry, EntryList } from 'halo-contract';

export type ListPages = InfiniteData<EntryList, string | undefined>;

/** Keys that share their beginning up to a delimiter, in the place of their rows. */
export type Group = EntryList['prefixes'][number];

/** Orders keys as the server does, by their bytes in UTF-8; that is by code point, not by UTF-16 unit. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    if (a.charCodeAt(index) !== b.charCodeAt(index)) {
      return rank(a.charCodeAt(index)) - rank(b.charCodeAt(index));
    }
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above U+FFFF, and so belong behind U+E000 to U+FFFF. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

/** Returns where the loaded pages end; undefined when they are all there are. */
export function loadedEnd(list: ListPages): string | undefined {
  const last = list.pages.at(-1);
  return last === undefined || last.cursor === null ? undefined : (endOf(last) ?? '');
}

/** Returns the page on which a name is or would be listed, or -1 when it lies beyond what has been loaded. */
function homeOf(list: ListPages, name: string): number {
  return list.pages.findIndex((page) => {
    const end = endOf(page);
    return page.cursor === null || (end !== undefined && compareKeys(name, end) <= 0);
  });
}

function endOf({ keys, prefixes }: EntryList): string | undefined {
  const key = keys.at(-1)?.key;
  const group = prefixes.at(-1)?.prefix;
  if (key === undefined || group === undefined) return key ?? group;
  return compareKeys(key, group) > 0 ? key : group;
}

/**
 * Returns the pages with this entry in its place, unless its place is beyond what has been loaded, or the page
 * was read later than the entry was written and so knows better.
 */
export function withEntry(list: ListPages, entry: Entry): ListPages {
  const home = homeOf(list, entry.key);
  const page = list.pages[home];
  if (page === undefined || page.revision >= entry.revision) return list;
  const present = page.keys.find((other) => other.key === entry.key);
  if (present !== undefined && present.revision > entry.revision) return list;
  return changePage(list, home, { keys: placed(page.keys, entry, (other) => other.key) });
}

/** Returns the pages without this key; given a revision, only if it was deleted there and not set again since. */
export function withoutKey(list: ListPages, key: string, revision = Number.POSITIVE_INFINITY): ListPages {
  const home = homeOf(list, key);
  const page = list.pages[home];
  const isHere = page?.keys.some((entry) => entry.key === key && entry.revision < revision) ?? false;
  if (page === undefined || !isHere || page.revision >= revision) return list;
  return changePage(list, home, { keys: page.keys.filter((entry) => entry.key !== key) });
}

/** Returns the pages with this group in its place, unless its place is beyond what has been loaded. */
export function withGroup(list: ListPages, group: Group): ListPages {
  const home = homeOf(list, group.prefix);
  const page = list.pages[home];
  if (page === undefined) return list;
  return changePage(list, home, { prefixes: placed(page.prefixes, group, (other) => other.prefix) });
}

/** Returns the pages without this group. */
export function withoutGroup(list: ListPages, prefix: string): ListPages {
  const home = homeOf(list, prefix);
  const page = list.pages[home];
  if (page === undefined || !page.prefixes.some((group) => group.prefix === prefix)) return list;
  return changePage(list, home, { prefixes: page.prefixes.filter((group) => group.prefix !== prefix) });
}

function placed<Item>(items: Item[], item: Item, nameOf: (item: Item) => string): Item[] {
  const at = items.findIndex((other) => compareKeys(nameOf(other), nameOf(item)) >= 0);
  if (at === -1) return [...items, item];
  const replaces = items.slice(at, at + 1).some((other) => nameOf(other) === nameOf(item));
  return items.toSpliced(at, replaces ? 1 : 0, item);
}

function changePage(list: ListPages, index: number, change: Partial<EntryList>): ListPages {
  return { ...list, pages: list.pages.map((page, at) => (at === index ? { ...page, ...change } : page)) };
}
