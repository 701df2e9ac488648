import type { Entry } from 'halo-contract';
import { compareKeys, type Group } from '../list-pages.js';
import { sharedLength } from './grouping.js';
import type { Level, Levels } from './use-levels.js';

interface Placed {
  readonly id: string;
  /** 1 for the outermost. */
  readonly level: number;
  /** The group it is in; undefined for the outermost. */
  readonly parent: string | undefined;
}

interface Named extends Placed {
  /** What the groups around it do not tell already; empty for a key that ends where its group does. */
  readonly name: string;
  /** The place among its siblings, from 1, and how many they are: -1 while that is not known. */
  readonly position: number;
  readonly siblings: number;
}

export interface KeyRow extends Named {
  readonly kind: 'key';
  readonly entry: Entry;
}

export interface GroupRow extends Named {
  readonly kind: 'group';
  readonly group: Group;
  readonly expanded: boolean;
}

/** Stands for rows that are still to come: they are on their way, are asked for when it is drawn, or failed. */
export interface GapRow extends Placed {
  readonly kind: 'gap';
  /** The list that goes on here. */
  readonly prefix: string;
  readonly failed: boolean;
}

export type TreeRow = KeyRow | GroupRow | GapRow;
export type FocusableRow = KeyRow | GroupRow;

export interface RowsOptions {
  readonly levels: Levels;
  readonly prefix: string;
  /** Empty for a flat list. */
  readonly delimiter: string;
  readonly expanded: ReadonlySet<string>;
  /** Keys whose time has come by then are left out. */
  readonly nowMs: number;
}

export const keyRowId = (key: string) => `k:${key}`;
const groupRowId = (prefix: string) => `g:${prefix}`;

/** Returns the visible rows from top to bottom: what is loaded of each open group follows on the group. */
export function rowsOf(options: RowsOptions): readonly TreeRow[] {
  const rows: TreeRow[] = [];
  addLevel(rows, options, options.prefix, 1, undefined);
  return rows;
}

function addLevel(
  rows: TreeRow[],
  options: RowsOptions,
  prefix: string,
  level: number,
  parent: string | undefined,
): void {
  const { levels, delimiter, expanded, nowMs } = options;
  const list = levels.get(prefix);
  const items = list?.data === undefined ? [] : itemsOf(list, nowMs);
  const siblings = list?.data !== undefined && !list.hasNextPage ? items.length : -1;
  const nameStart = sharedLength(prefix, delimiter);
  items.forEach((item, index) => {
    const place = { level, parent, position: index + 1, siblings };
    if ('key' in item) {
      const name = item.key.slice(nameStart);
      rows.push({ ...place, kind: 'key', id: keyRowId(item.key), name, entry: item });
      return;
    }
    const name = item.prefix.slice(nameStart);
    const isOpen = expanded.has(item.prefix);
    rows.push({ ...place, kind: 'group', id: groupRowId(item.prefix), name, group: item, expanded: isOpen });
    if (isOpen) addLevel(rows, options, item.prefix, level + 1, item.prefix);
  });
  if (list?.data === undefined || list.hasNextPage) {
    const failed = list?.isError ?? false;
    rows.push({ kind: 'gap', id: `m:${prefix}`, level, parent, prefix, failed });
  }
}

function itemsOf({ data }: Level, nowMs: number): readonly (Entry | Group)[] {
  return (data?.pages ?? []).flatMap(({ keys, prefixes }) => {
    const living = keys.filter(({ expires_at }) => expires_at === null || Date.parse(expires_at) > nowMs);
    return prefixes.length === 0 ? living : merge(living, prefixes);
  });
}

/** Both come in order; so does what is made of them. */
function merge(keys: readonly Entry[], groups: readonly Group[]): readonly (Entry | Group)[] {
  const items: (Entry | Group)[] = [];
  let next = 0;
  for (const group of groups) {
    for (
      let key = keys[next];
      key !== undefined && compareKeys(key.key, group.prefix) < 0;
      key = keys[next]
    ) {
      items.push(key);
      next += 1;
    }
    items.push(group);
  }
  return [...items, ...keys.slice(next)];
}
