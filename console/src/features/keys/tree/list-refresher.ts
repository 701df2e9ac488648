import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { type ListPages, withGroup, withoutGroup } from '../list-pages.js';
import { countGroup } from './list-requests.js';

/** Changes that come together are read together. */
const settleMs = 150;

/** However much is going on, the lists are read again no more often than this. */
const intervalMs = 2_000;

/** A few groups are counted one by one; for more of them, their lists are read again. */
const countsMax = 8;

/** Of a list that is read again, this many pages; whoever scrolls on is given the rest anew. */
const reloadPagesMax = 5;

interface Recount {
  readonly queryKey: QueryKey;
  readonly delimiter: string;
  readonly prefix: string;
  readonly groups: Set<string>;
}

export type ListRefresher = ReturnType<typeof createListRefresher>;

const refreshers = new WeakMap<QueryClient, ListRefresher>();

/** Returns the one refresher of a client: the limits hold for all that want something read again. */
export function refresherOf(client: QueryClient): ListRefresher {
  const known = refreshers.get(client);
  if (known !== undefined) return known;
  const refresher = createListRefresher(client);
  refreshers.set(client, refresher);
  return refresher;
}

/**
 * Reads again what a change leaves uncertain. A commit tells which keys it set, not which of them are new, so
 * that only the server knows what a group counts then. Its promise: a few requests each two seconds at most, whatever
 * happens, and everything asked for is read in the end.
 */
function createListRefresher(client: QueryClient) {
  let recounts = new Map<string, Recount>();
  let reloads = new Map<string, QueryKey>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let lastRunMs = Number.NEGATIVE_INFINITY;

  function schedule(): void {
    if (timer !== undefined || running || recounts.size + reloads.size === 0) return;
    timer = setTimeout(run, Math.max(settleMs, lastRunMs + intervalMs - performance.now()));
  }

  async function run(): Promise<void> {
    timer = undefined;
    running = true;
    const counting = [...recounts.values()];
    const reloading = new Map(reloads);
    recounts = new Map();
    reloads = new Map();
    const groups = counting.reduce((sum, { groups }) => sum + groups.size, 0);
    if (groups > countsMax) {
      for (const { queryKey } of counting) reloading.set(JSON.stringify(queryKey), queryKey);
    }
    await Promise.allSettled([
      ...(groups > countsMax ? [] : counting.map((recount) => countAll(client, recount))),
      ...[...reloading.values()].map((queryKey) => reloadList(client, queryKey)),
    ]);
    lastRunMs = performance.now();
    running = false;
    schedule();
  }

  return {
    /** Has groups of a list counted again; those of a list that is not shown, when it is shown next. */
    recount(queryKey: QueryKey, delimiter: string, prefix: string, groups: readonly string[]): void {
      if (groups.length === 0) return;
      if (!isShown(client, queryKey)) {
        void client.invalidateQueries({ queryKey, exact: true, refetchType: 'none' });
        return;
      }
      const id = JSON.stringify(queryKey);
      const known = recounts.get(id) ?? { queryKey, delimiter, prefix, groups: new Set<string>() };
      for (const group of groups) known.groups.add(group);
      recounts.set(id, known);
      schedule();
    },

    /** Has a list read again from its beginning. */
    reload(queryKey: QueryKey): void {
      reloads.set(JSON.stringify(queryKey), queryKey);
      schedule();
    },
  };
}

function isShown(client: QueryClient, queryKey: QueryKey): boolean {
  return client.getQueryCache().find({ queryKey, exact: true })?.isActive() ?? false;
}

async function countAll(
  client: QueryClient,
  { queryKey, delimiter, prefix, groups }: Recount,
): Promise<void> {
  await Promise.all(
    [...groups].map(async (name) => {
      const group = await countGroup(delimiter, prefix, name);
      client.setQueryData<ListPages>(queryKey, (list) =>
        list === undefined ? list : group === undefined ? withoutGroup(list, name) : withGroup(list, group),
      );
    }),
  );
}

function reloadList(client: QueryClient, queryKey: QueryKey): Promise<void> {
  shorten(client, queryKey);
  return client.invalidateQueries({ queryKey, exact: true });
}

/** Has a list read again when it is shown next; until then it shows what it had. */
export function expireList(client: QueryClient, queryKey: QueryKey): void {
  shorten(client, queryKey);
  void client.invalidateQueries({ queryKey, exact: true, refetchType: 'none' });
}

function shorten(client: QueryClient, queryKey: QueryKey): void {
  // Nothing comes into being here: a list that was dropped meanwhile stays dropped.
  client.setQueryData<ListPages>(queryKey, (list) =>
    list === undefined || list.pages.length <= reloadPagesMax
      ? list
      : { pages: list.pages.slice(0, reloadPagesMax), pageParams: list.pageParams.slice(0, reloadPagesMax) },
  );
}
