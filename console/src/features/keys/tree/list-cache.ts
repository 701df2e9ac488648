import type { QueryClient } from '@tanstack/react-query';
import type { Entry } from 'halo-contract';
import { compareKeys, type ListPages, loadedEnd, withEntry, withoutKey } from '../list-pages.js';
import { groupOf } from './grouping.js';
import { expireList, refresherOf } from './list-refresher.js';

/**
 * The lists that are loaded, as TanStack Query keeps them: one for the prefix that is shown and one for each
 * open group. Every key begins with the number of the log-in, so that nothing fetched in one is shown in another.
 */
export const listsOf = (epoch: number) => [epoch, 'list'] as const;
export const levelOf = (epoch: number, delimiter: string, prefix: string) =>
  [...listsOf(epoch), delimiter, prefix] as const;
const ownOf = (epoch: number) => [epoch, 'own-revisions'] as const;
export const marksOf = (epoch: number) => [epoch, 'changed-elsewhere'] as const;

/** A key as a commit left it; without an entry it is gone. */
export interface ListChange {
  readonly key: string;
  readonly revision: number;
  readonly entry: Entry | undefined;
}

/** Keys that were changed elsewhere and not opened since, with the revision of the change. */
export type Marks = ReadonlyMap<string, number>;

/** An answer that was lost leaves its commit unknown, so that it is enough to remember the newest. */
const ownRevisionsMax = 1_000;

/** Beyond this many marks nobody looks at each; the oldest go. */
const marksMax = 2_000;

/** A page that was asked for before a change and arrives after it would bring the old rows back. */
const settleMs = 250;
const settlesMax = 40;

/** Brings all loaded lists up to date with some changes, and has the counts of their groups read again. */
export function changeLists(
  client: QueryClient,
  epoch: number,
  changes: readonly ListChange[],
  settles = settlesMax,
): void {
  const refresher = refresherOf(client);
  if (settles > 0 && client.isFetching({ queryKey: listsOf(epoch) }) > 0) {
    setTimeout(() => changeLists(client, epoch, changes, settles - 1), settleMs);
  }
  for (const [queryKey, list] of client.getQueriesData<ListPages>({ queryKey: listsOf(epoch) })) {
    const { delimiter, prefix } = readLevel(queryKey);
    if (list === undefined) continue;
    let next = list;
    const groups = new Set<string>();
    for (const change of changes) {
      if (!change.key.startsWith(prefix)) continue;
      const group = groupOf(change.key, prefix, delimiter);
      if (group === undefined) next = changeList(next, change);
      else groups.add(group);
    }
    if (next !== list) client.setQueryData(queryKey, next);
    const end = loadedEnd(next);
    const loaded = [...groups].filter((group) => end === undefined || compareKeys(group, end) <= 0);
    refresher.recount(queryKey, delimiter, prefix, loaded);
  }
}

function changeList(list: ListPages, { key, revision, entry }: ListChange): ListPages {
  return entry === undefined ? withoutKey(list, key, revision) : withEntry(list, entry);
}

/** Has all loaded lists read again: too much has changed, or it is not known what. */
export function reloadLists(client: QueryClient, epoch: number): void {
  const refresher = refresherOf(client);
  for (const { queryKey } of client.getQueryCache().findAll({ queryKey: listsOf(epoch) })) {
    refresher.reload(queryKey);
  }
}

/** Has all lists read again when they are shown next: nobody kept them up to date meanwhile. */
export function expireLists(client: QueryClient, epoch: number): void {
  for (const { queryKey } of client.getQueryCache().findAll({ queryKey: listsOf(epoch) })) {
    expireList(client, queryKey);
  }
}

function readLevel(queryKey: readonly unknown[]): { delimiter: string; prefix: string } {
  const [delimiter, prefix] = queryKey.slice(-2);
  return { delimiter: String(delimiter), prefix: String(prefix) };
}

/** Remembers a revision as one's own: what it changed was not changed elsewhere, even if the stream said so first. */
export function ownRevision(client: QueryClient, epoch: number, revision: number): void {
  client.setQueryData<readonly number[]>(ownOf(epoch), (known = []) =>
    [...known, revision].slice(-ownRevisionsMax),
  );
  changeMarks(client, epoch, (marks) => {
    for (const [key, changed] of marks) if (changed === revision) marks.delete(key);
  });
}

export function isOwnRevision(client: QueryClient, epoch: number, revision: number): boolean {
  return client.getQueryData<readonly number[]>(ownOf(epoch))?.includes(revision) ?? false;
}

/** Marks what was set elsewhere, and takes the marks off what was deleted. */
export function markChanges(client: QueryClient, epoch: number, changes: readonly ListChange[]): void {
  changeMarks(client, epoch, (marks) => {
    for (const { key, revision, entry } of changes) {
      marks.delete(key);
      if (entry !== undefined) marks.set(key, revision);
    }
    for (const key of marks.keys()) {
      if (marks.size <= marksMax) break;
      marks.delete(key);
    }
  });
}

export function unmark(client: QueryClient, epoch: number, key: string): void {
  changeMarks(client, epoch, (marks) => marks.delete(key));
}

function changeMarks(client: QueryClient, epoch: number, change: (marks: Map<string, number>) => void): void {
  const before = client.getQueryData<Marks>(marksOf(epoch)) ?? new Map();
  const marks = new Map(before);
  change(marks);
  const isSame = marks.size === before.size && [...marks].every(([key, at]) => before.get(key) === at);
  if (!isSame) client.setQueryData<Marks>(marksOf(epoch), marks);
}
