import type { Change } from 'halo-contract';
import { feedFaults, type ToldCommit } from '../consistency/feed-faults.js';
import { findFaults, type Operation, type Seen } from '../consistency/store-history.js';
import { isOpen, type Recording, type Write } from './recording.js';

/** Everything that the server holds of an account when all is quiet. */
export interface Stored {
  /** The change feed from the beginning, with values. */
  readonly log: readonly Change[];
  readonly revision: number;
  readonly values: ReadonlyMap<string, Seen>;
  /** The revisions of each key by its history, oldest first. */
  readonly histories: ReadonlyMap<string, readonly number[]>;
}

export interface Verdict {
  readonly acknowledged: number;
  /** Acknowledged, and not stored or not as acknowledged. */
  readonly lost: readonly string[];
  /** Stored or counted more than once. */
  readonly duplicates: readonly string[];
  /** Answers, reads or stored states that one commit after another cannot explain. */
  readonly wrong: readonly string[];
  /** Writes that at some time were left without knowing what became of them. */
  readonly unknown: number;
}

/**
 * Compares what clients were told with what is stored. Each commit sets its own id under all its keys, so that the
 * log says whose commit each revision was, how often it took place, and whether it is whole.
 */
export function judge(recording: Recording, stored: Stored): Verdict {
  const { writes, reads, attempts } = recording;
  const commits = commitsOf(stored.log);
  const revisionsOf = new Map<string, number[]>();
  for (const { id, revision } of commits) revisionsOf.set(id, [...(revisionsOf.get(id) ?? []), revision]);
  const lost = writes.filter(({ id, told }) => {
    return told?.kind === 'acknowledged' && !revisionsOf.get(id)?.includes(told.revision);
  });
  const kept = writes.filter((write) => !lost.includes(write));
  return {
    acknowledged: writes.filter(({ told }) => told?.kind === 'acknowledged').length,
    lost: lost.map(({ id, told }) => `${id} was acknowledged and is not stored: ${JSON.stringify(told)}`),
    duplicates: [...findDoubles(writes, revisionsOf), ...findMiscounts(stored.log)],
    wrong: [
      ...attempts.flatMap(({ outcome, detail }) => (outcome === 'unexpected' ? [detail] : [])),
      ...findStrangers(writes, commits),
      ...findBroken(writes, revisionsOf),
      ...findFaults(stored.log, [...kept.flatMap(operationsOf), ...reads]),
      ...findBackwards(reads),
      ...findMismatches(stored),
      ...findFeedFaults(recording.told, commits),
    ],
    unknown: writes.filter(({ outcomes }) => outcomes.some(isOpen)).length,
  };
}

interface LoggedCommit extends ToldCommit {
  readonly id: string;
}

function commitsOf(log: readonly Change[]): LoggedCommit[] {
  const byRevision = groupBy(log, ({ revision }) => revision);
  return [...byRevision].map(([revision, changes]) => ({
    revision,
    keys: changes.map(({ key }) => key),
    id: changes.find(({ key }) => !isCounter(key))?.value ?? '',
  }));
}

/** Whether a key is a number that is counted up. */
function isCounter(key: string): boolean {
  return key.startsWith('count ');
}

function findDoubles(writes: readonly Write[], revisionsOf: ReadonlyMap<string, number[]>): string[] {
  const doubled = [...revisionsOf].flatMap(([id, revisions]) =>
    revisions.length > 1 ? [`${id} was committed at ${revisions.join(' and ')}`] : [],
  );
  const told = new Map<number, string>();
  const shared: string[] = [];
  for (const write of writes) {
    if (write.told?.kind !== 'acknowledged') continue;
    const { revision } = write.told;
    const other = told.get(revision);
    if (other !== undefined) shared.push(`${other} and ${write.id} were both told revision ${revision}`);
    told.set(revision, write.id);
    for (const replay of write.replays) {
      if (replay !== revision) shared.push(`${write.id} was told ${revision}, and ${replay} when sent again`);
    }
  }
  return [...doubled, ...shared];
}

/** Each number has to go up by one with each commit that counts it. */
function findMiscounts(log: readonly Change[]): string[] {
  const counts = new Map<string, number>();
  return log.flatMap(({ key, value, revision }) => {
    if (!isCounter(key)) return [];
    const next = (counts.get(key) ?? 0) + 1;
    counts.set(key, next);
    return value === String(next) ? [] : [`${key} is ${value} at ${revision}, after ${next} commits`];
  });
}

/** Commits that nobody asked for, or that are stored in part. */
function findStrangers(writes: readonly Write[], commits: readonly LoggedCommit[]): string[] {
  const asked = new Map(writes.map((write) => [write.id, write]));
  return commits.flatMap(({ id, keys, revision }) => {
    const write = asked.get(id);
    if (write === undefined) return [`revision ${revision} is a commit that nobody asked for`];
    const whole = write.counter === undefined ? write.keys : [...write.keys, write.counter];
    return keys.toSorted().join('\n') === whole.toSorted().join('\n')
      ? []
      : [`${id} is stored in part: ${keys.join(', ')}`];
  });
}

/** Commits that were made although their client was told for certain that they were not. */
function findBroken(writes: readonly Write[], revisionsOf: ReadonlyMap<string, number[]>): string[] {
  return writes.flatMap(({ id, told, outcomes }) => {
    const isDenied = told?.kind === 'refused' || (told === undefined && !outcomes.some(isOpen));
    return isDenied && revisionsOf.has(id)
      ? [`${id} is stored, and was answered ${outcomes.join(', ')}`]
      : [];
  });
}

/** What a client was told of a write, as the checker of histories reads it. */
function operationsOf({ id, keys, counter, startedMs, told }: Write): Operation[] {
  if (told === undefined) return [];
  if (told.kind === 'refused') return [{ startedMs, endedMs: Number.POSITIVE_INFINITY, told }];
  const sets = new Map(keys.map((key) => [key, id]));
  if (counter !== undefined) sets.set(counter, told.count);
  return [{ startedMs, endedMs: told.endedMs, told: { kind: 'commit', revision: told.revision, sets } }];
}

/** Whether a snapshot was older than one that had been answered before it was asked for. */
function findBackwards(reads: readonly Operation[]): string[] {
  const snapshots = reads.flatMap(({ startedMs, endedMs, told }) =>
    told.kind === 'read' ? [{ startedMs, endedMs, revision: told.revision }] : [],
  );
  const byEnd = snapshots.toSorted((a, b) => a.endedMs - b.endedMs);
  let ended = 0;
  let newest = 0;
  return snapshots
    .toSorted((a, b) => a.startedMs - b.startedMs)
    .flatMap(({ startedMs, revision }) => {
      for (let one = byEnd[ended]; one !== undefined && one.endedMs < startedMs; one = byEnd[ended]) {
        newest = Math.max(newest, one.revision);
        ended += 1;
      }
      return revision >= newest ? [] : [`a read went back from ${newest} to ${revision}`];
    });
}

/** Whether values, histories and the account's revision are what the log comes to. */
function findMismatches({ log, revision, values, histories }: Stored): string[] {
  const faults: string[] = [];
  const last = log.at(-1)?.revision ?? 0;
  if (revision !== last) faults.push(`the account is at ${revision}, and its log at ${last}`);
  const byKey = groupBy(log, ({ key }) => key);
  for (const key of new Set([...byKey.keys(), ...values.keys(), ...histories.keys()])) {
    const changes = byKey.get(key) ?? [];
    const latest = changes.at(-1);
    const value = values.get(key);
    if (value?.value !== latest?.value || value?.revision !== latest?.revision) {
      faults.push(`${key} is ${JSON.stringify(value)}, and in the log ${JSON.stringify(latest)}`);
    }
    const revisions = changes.map((change) => change.revision).join(', ');
    const history = histories.get(key)?.join(', ') ?? '';
    if (history !== revisions)
      faults.push(`the history of ${key} is ${history}, and in the log ${revisions}`);
  }
  return faults;
}

function findFeedFaults(told: readonly ToldCommit[], commits: readonly LoggedCommit[]): string[] {
  return Object.entries(feedFaults(told, commits)).flatMap(([kind, revisions]) =>
    revisions.length === 0 ? [] : [`the feed ${kind} ${revisions.join(', ')}`],
  );
}

function groupBy<Item, Name>(items: readonly Item[], nameOf: (item: Item) => Name): Map<Name, Item[]> {
  const groups = new Map<Name, Item[]>();
  for (const item of items) {
    const name = nameOf(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}
