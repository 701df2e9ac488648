import { useEffect, useEffectEvent, useState } from 'react';
import { compareKeys, loadedEnd } from '../list-pages.js';
import { groupsOf } from './grouping.js';
import { keyRowId } from './rows.js';
import { loadMore, type Tree } from './use-tree.js';

/** A key may stand far down in its folder: this many pages are loaded to find it, and then no more. */
const pagesMax = 10;

/** Opens the folders around the key that is open and brings its row into view, once for each key. */
export function useReveal(tree: Tree, openKey: string | undefined, onFound: (index: number) => void): void {
  const { prefix, delimiter, rows, levels } = tree;
  const place = JSON.stringify([openKey, prefix, delimiter]);
  const [revealed, setRevealed] = useState<string>();

  const expand = useEffectEvent(() => {
    if (openKey !== undefined) tree.expand(groupsOf(openKey, prefix, delimiter));
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `place` says when there is something new to show.
  useEffect(() => expand(), [place]);

  const look = useEffectEvent(() => {
    if (openKey === undefined || revealed === place || !openKey.startsWith(prefix)) return;
    const index = rows.findIndex(({ id }) => id === keyRowId(openKey));
    if (index !== -1) {
      setRevealed(place);
      onFound(index);
      return;
    }
    const path = groupsOf(openKey, prefix, delimiter);
    for (const level of [prefix, ...path]) {
      const list = levels.get(level);
      if (list?.data === undefined) continue;
      const end = loadedEnd(list.data);
      const isBeyond = end !== undefined && compareKeys(end, openKey) < 0 && !path.includes(end);
      if (isBeyond && list.data.pages.length < pagesMax) loadMore(list);
    }
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: each page that arrives may hold the key.
  useEffect(() => look(), [place, rows, levels]);
}
