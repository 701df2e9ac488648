import type { Change } from 'halo-contract';

/**
 * What clients did and were told, to be checked against the store's own log once all is quiet. Times are of one
 * clock, in milliseconds.
 */
export interface Operation {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly told: Told;
}

type Told =
  | { readonly kind: 'commit'; readonly revision: number; readonly sets: ReadonlyMap<string, string> }
  /** A commit that was refused because a key was at another revision than it checked. */
  | { readonly kind: 'refused'; readonly key: string; readonly checked: number; readonly current: number }
  /** A snapshot of some keys; undefined: absent. */
  | {
      readonly kind: 'read';
      readonly revision: number;
      readonly values: ReadonlyMap<string, Seen | undefined>;
    }
  | { readonly kind: 'get'; readonly key: string; readonly seen: Seen | undefined };

export interface Seen {
  readonly revision: number;
  readonly value: string;
}

/**
 * Every way in which the history contradicts a store that does one commit after another, each at some instant
 * between its request and its answer. Empty: none was found.
 */
export function findFaults(log: readonly Change[], operations: readonly Operation[]): string[] {
  const states = replay(log);
  return [
    ...findGaps(log),
    ...operations.flatMap((operation) => findContradiction(states, operation)),
    ...findStaleness(states, operations),
    ...findDisorder(operations),
  ];
}

type State = ReadonlyMap<string, Seen>;

/** The store as it was at each revision, from 0. */
function replay(log: readonly Change[]): State[] {
  const states: State[] = [new Map()];
  for (const { revision, key, kind, value = '' } of log) {
    while (states.length <= revision) states.push(new Map(states.at(-1)));
    const state = states[revision] as Map<string, Seen>;
    if (kind === 'set') state.set(key, { revision, value });
    else state.delete(key);
  }
  return states;
}

function findGaps(log: readonly Change[]): string[] {
  const revisions = [...new Set(log.map(({ revision }) => revision))];
  return revisions.flatMap((revision, index) =>
    revision === index + 1 ? [] : [`revision ${revision} stands at place ${index + 1} of the log`],
  );
}

/** Whether the log agrees with what one operation was told. */
function findContradiction(states: readonly State[], { told }: Operation): string[] {
  if (told.kind === 'commit') {
    const state = states[told.revision];
    return [...told.sets].flatMap(([key, value]) => {
      const seen = state?.get(key);
      const kept = seen?.revision === told.revision && seen.value === value;
      return kept ? [] : [`commit ${told.revision} set ${key}, and the log says ${show(seen)}`];
    });
  }
  if (told.kind === 'read') {
    const state = states[told.revision];
    return [...told.values].flatMap(([key, seen]) =>
      show(seen) === show(state?.get(key))
        ? []
        : [
            `a read at ${told.revision} saw ${key} as ${show(seen)}, and the log says ${show(state?.get(key))}`,
          ],
    );
  }
  if (told.kind === 'refused') {
    return told.checked === told.current ? [`a check of ${told.key} failed although it held`] : [];
  }
  const { key, seen } = told;
  const known = seen === undefined || show(states[seen.revision]?.get(key)) === show(seen);
  return known ? [] : [`a get saw ${key} as ${show(seen)}, which the log never had`];
}

/**
 * Whether something was seen too late or too early: an answer shows at least everything that had been
 * acknowledged before its request began, and nothing that was asked for after it had ended.
 */
function findStaleness(states: readonly State[], operations: readonly Operation[]): string[] {
  const commits = operations.flatMap(({ startedMs, endedMs, told }) =>
    told.kind === 'commit' ? [{ startedMs, endedMs, revision: told.revision }] : [],
  );
  return operations.flatMap(({ startedMs, endedMs, told }) => {
    if (told.kind !== 'read' && told.kind !== 'get') return [];
    const before = commits.filter((commit) => commit.endedMs < startedMs).map(({ revision }) => revision);
    const least = Math.max(0, ...before);
    const after = commits.filter((commit) => commit.startedMs > endedMs).map(({ revision }) => revision);
    const most = Math.min(Number.POSITIVE_INFINITY, ...after) - 1;
    if (told.kind === 'read') {
      const fits = told.revision >= least && told.revision <= most;
      return fits ? [] : [`a read saw revision ${told.revision}, outside ${least} to ${most}`];
    }
    const possible = states.slice(least, Math.min(most + 1, states.length));
    const fits = possible.some((state) => show(state.get(told.key)) === show(told.seen));
    return fits ? [] : [`a get saw ${told.key} as ${show(told.seen)}, not so from ${least} to ${most}`];
  });
}

/** Whether a commit that began after another had ended got the lower revision. */
function findDisorder(operations: readonly Operation[]): string[] {
  const commits = operations
    .flatMap(({ startedMs, endedMs, told }) =>
      told.kind === 'commit' ? [{ startedMs, endedMs, revision: told.revision }] : [],
    )
    .sort((a, b) => a.revision - b.revision);
  const faults: string[] = [];
  let latestStart = { startedMs: Number.NEGATIVE_INFINITY, revision: 0 };
  for (const commit of commits) {
    if (commit.endedMs < latestStart.startedMs) {
      faults.push(`commit ${latestStart.revision} began after ${commit.revision} had ended`);
    }
    if (commit.startedMs > latestStart.startedMs) latestStart = commit;
  }
  return faults;
}

function show(seen: Seen | undefined): string {
  return seen === undefined ? 'absent' : `${JSON.stringify(seen.value)} of ${seen.revision}`;
}
