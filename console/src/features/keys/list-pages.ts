import type { InfiniteData } from '@tanstack/react-query';
import type { Entry, EntryList } from 'halo-contract';

export type ListPages = InfiniteData<EntryList, string | undefined>;

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

/** Returns the pages with this entry in its place, unless its place is beyond what has been loaded. */
export function withEntry(list: ListPages, entry: Entry): ListPages {
  const cleared = withoutKey(list, entry.key);
  const home = cleared.pages.findIndex((page) => {
    const last = page.keys.at(-1);
    return page.cursor === null || (last !== undefined && compareKeys(entry.key, last.key) < 0);
  });
  if (home === -1) return cleared;
  return changePage(cleared, home, (keys) => {
    const before = keys.findIndex((other) => compareKeys(other.key, entry.key) > 0);
    return before === -1 ? [...keys, entry] : keys.toSpliced(before, 0, entry);
  });
}

/** Returns the pages without this key. */
export function withoutKey(list: ListPages, key: string): ListPages {
  const home = list.pages.findIndex((page) => page.keys.some((entry) => entry.key === key));
  if (home === -1) return list;
  return changePage(list, home, (keys) => keys.filter((entry) => entry.key !== key));
}

function changePage(list: ListPages, index: number, change: (keys: Entry[]) => Entry[]): ListPages {
  const pages = list.pages.map((page, at) => (at === index ? { ...page, keys: change(page.keys) } : page));
  return { ...list, pages };
}
