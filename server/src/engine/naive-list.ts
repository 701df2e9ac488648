import { compareKeys } from './bounds.js';
import type { Group } from './grouping.js';

/** What a list should be, said in the plainest way: the model that the lists of PostgreSQL are tested against. */
export interface NaiveListing {
  readonly prefix: string;
  readonly start: string | undefined;
  readonly end: string | undefined;
  readonly delimiter: string | undefined;
  readonly reverse: boolean;
}

/** Keys as text, groups by name and count, in the order in which pages show them. */
export type NaiveItem = string | Pick<Group, 'name' | 'count'>;

/** All items of a list of these keys. */
export function naiveList(keys: Iterable<string>, listing: NaiveListing): NaiveItem[] {
  const { prefix, delimiter, reverse } = listing;
  const items: NaiveItem[] = [];
  const groups = new Map<string, { name: string; count: number }>();
  for (const key of naiveRange(keys, listing)) {
    const [head = '', ...tail] = delimiter === undefined ? [] : key.slice(prefix.length).split(delimiter);
    if (delimiter === undefined || tail.length === 0) {
      items.push(key);
      continue;
    }
    const name = prefix + head + delimiter;
    const group = groups.get(name) ?? { name, count: 0 };
    if (group.count === 0) items.push(group);
    groups.set(name, group);
    group.count += 1;
  }
  return reverse ? items.reverse() : items;
}

/** The keys within the listing's range, in byte order. */
export function naiveRange(
  keys: Iterable<string>,
  { prefix, start, end }: Pick<NaiveListing, 'prefix' | 'start' | 'end'>,
): string[] {
  return [...keys]
    .filter((key) => key.startsWith(prefix))
    .filter((key) => start === undefined || compareKeys(key, start) >= 0)
    .filter((key) => end === undefined || compareKeys(key, end) < 0)
    .sort(compareKeys);
}
