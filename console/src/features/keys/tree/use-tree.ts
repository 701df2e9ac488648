import { useMemo } from 'react';
import { useNow } from '../../../ui/use-now.js';
import { useKeysSearch, useListView } from '../keys-search.js';
import { groupsOf } from './grouping.js';
import { rowsOf, type TreeRow } from './rows.js';
import { useExpanded } from './use-expanded.js';
import { type Level, type Levels, useLevels } from './use-levels.js';

/** How often rows that expire are looked at. */
const expiryTickMs = 1_000;

export type Tree = ReturnType<typeof useTree>;

/** The keys below the prefix, as a tree or flat, as far as they are loaded. */
export function useTree() {
  const { prefix } = useKeysSearch();
  const view = useListView();
  const delimiter = view.isFlat ? '' : view.delimiter;
  const { expanded, expand, collapse } = useExpanded(delimiter);
  const shown = useMemo(
    () => [prefix, ...[...expanded].filter((group) => isReached(group, prefix, delimiter, expanded))],
    [prefix, delimiter, expanded],
  );
  const levels = useLevels(delimiter, shown);
  const root = levels.get(prefix);
  const nowMs = useNow(useMemo(() => someExpire(levels), [levels]) ? expiryTickMs : undefined);
  const rows = useMemo(
    () => rowsOf({ levels, prefix, delimiter, expanded, nowMs }),
    [levels, prefix, delimiter, expanded, nowMs],
  );
  return {
    prefix,
    delimiter,
    isFlat: view.isFlat,
    rows,
    root,
    levels,
    expanded,
    expand,
    collapse,
    /** Whether the account has no keys at all; unknown counts as no. */
    isEmpty: prefix === '' && root?.data !== undefined && rows.length === 0,
    failed: [...levels].find(([, level]) => level.isError),
  };
}

/** Whether a group shows: it lies below the prefix, and all groups around it are open. */
function isReached(group: string, prefix: string, delimiter: string, expanded: ReadonlySet<string>): boolean {
  const path = groupsOf(group, prefix, delimiter);
  return path.length > 0 && path.every((outer) => expanded.has(outer));
}

function someExpire(levels: Levels): boolean {
  return [...levels.values()].some(
    ({ data }) => data?.pages.some(({ keys }) => keys.some(({ expires_at }) => expires_at !== null)) ?? false,
  );
}

/** Loads what is missing of a list: its next page, or the first one once more. */
export function loadMore(level: Level | undefined): void {
  if (level === undefined || level.isFetching) return;
  if (level.data === undefined) void level.refetch();
  else if (level.hasNextPage) void level.fetchNextPage();
}

/** Says how many keys there are, as far as that is known without loading them. */
export function countText({ root, rows }: { root: Level | undefined; rows: readonly TreeRow[] }): string {
  if (root?.data === undefined) return '';
  let keys = 0;
  let groups = 0;
  let more = root.hasNextPage;
  for (const row of rows) {
    if (row.level !== 1) continue;
    if (row.kind === 'key') keys += 1;
    if (row.kind === 'group') {
      groups += 1;
      keys += row.group.count;
      more ||= row.group.more;
    }
  }
  const number = keys.toLocaleString();
  if (groups === 0 && more) return `${number} keys loaded, more below`;
  if (more) return `More than ${number} keys`;
  return keys === 1 ? '1 key' : `${number} keys`;
}
