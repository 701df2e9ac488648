import type { Change } from 'halo-contract';
import { type FeedFaults, feedFaults, type ToldCommit } from '../consistency/feed-faults.js';
import { findFaults, type Operation } from '../consistency/store-history.js';
import type { Recording } from './recording.js';

/** Every way in which what clients were told contradicts the log that the cluster has in the end. */
export interface Verdict {
  /** Writes that were acknowledged and are not in the log as they were acknowledged. */
  readonly lost: readonly string[];
  /** Writes that are in the log more than once. */
  readonly duplicated: readonly string[];
  /** Writes that are in the log although each of their requests was refused, or although nobody asked for them. */
  readonly uncalled: readonly string[];
  /** Reads that saw what never was, or not what was then; and commits in the wrong order. */
  readonly wrong: readonly string[];
  readonly feeds: readonly FeedFaults[];
}

export const flawless: FeedFaults = { missed: [], duplicated: [], reordered: [], altered: [] };

export function judge({ writes, reads, told }: Recording, log: readonly Change[]): Verdict {
  const places = new Map<string, Set<number>>();
  for (const { revision, value = '' } of log) {
    places.set(value, (places.get(value) ?? new Set()).add(revision));
  }
  const isIn = (value: string, revision: number) => places.get(value)?.has(revision) === true;
  const acknowledged = writes.flatMap(({ value, keys, startedMs, endedMs, revision }): Operation[] => {
    if (revision === undefined || endedMs === undefined) return [];
    const sets = new Map(keys.map((key) => [key, value]));
    return [{ startedMs, endedMs, told: { kind: 'commit', revision, sets } }];
  });
  const called = new Set(
    writes.filter(({ revision, unknown }) => revision !== undefined || unknown > 0).map(({ value }) => value),
  );
  const commits = commitsOf(log);
  return {
    lost: writes.flatMap(({ value, revision }) =>
      revision === undefined || isIn(value, revision) ? [] : [`${value} at ${revision}`],
    ),
    duplicated: [...places].flatMap(([value, at]) => (at.size > 1 ? [`${value} at ${[...at]}`] : [])),
    uncalled: [...places.keys()].filter((value) => !called.has(value)),
    wrong: findFaults(log, [...acknowledged, ...reads]),
    feeds: told.map((one) =>
      feedFaults(
        one.map(({ revision, changes }) => ({ revision, keys: changes.map(({ key }) => key) })),
        commits,
      ),
    ),
  };
}

function commitsOf(log: readonly Change[]): ToldCommit[] {
  const keysOf = new Map<number, string[]>();
  for (const { revision, key } of log) keysOf.set(revision, [...(keysOf.get(revision) ?? []), key]);
  return [...keysOf].map(([revision, keys]) => ({ revision, keys }));
}

/** Ways to spoil a true recording or its log, each of which `judge` has to notice. */
export const spoilers: Readonly<
  Record<string, (recording: Recording, log: readonly Change[]) => [Recording, readonly Change[]]>
> = {
  'an acknowledged commit missing from the log': (recording, log) => [
    recording,
    log.filter(({ revision }) => revision !== acknowledgedOf(recording)?.revision),
  ],
  'a commit made twice': (recording, log) => {
    const last = log.at(-1);
    const value = acknowledgedOf(recording)?.value ?? '';
    return [recording, last === undefined ? log : [...log, { ...last, revision: last.revision + 1, value }]];
  },
  'a commit that was refused': (recording, log) => [
    {
      ...recording,
      writes: recording.writes.map((write) =>
        write === acknowledgedOf(recording) ? { ...write, revision: undefined, unknown: 0 } : write,
      ),
    },
    log,
  ],
  'a read of what was overwritten before': (recording, log) => {
    const late = recording.reads.findLast(({ told }) => told.kind === 'read');
    const early = recording.reads.find(({ told }) => told.kind === 'read' && told.revision > 0);
    const reads = recording.reads.map((read) =>
      read === late && early !== undefined ? { ...read, told: early.told } : read,
    );
    return [{ ...recording, reads }, log];
  },
  'an event that was not told': (recording, log) => [
    { ...recording, told: recording.told.map((one) => one.filter((_, place) => place !== 3)) },
    log,
  ],
  'an event that was told twice': (recording, log) => [
    { ...recording, told: recording.told.map((one) => [...one.slice(0, 4), ...one.slice(3)]) },
    log,
  ],
};

function acknowledgedOf({ writes }: Recording) {
  return writes.find(({ revision }) => revision !== undefined && revision > 5);
}

export function isFlawless({ lost, duplicated, uncalled, wrong, feeds }: Verdict): boolean {
  const inFeeds = feeds.flatMap((feed) => Object.values(feed).flat());
  return [...lost, ...duplicated, ...uncalled, ...wrong, ...inFeeds].length === 0;
}
