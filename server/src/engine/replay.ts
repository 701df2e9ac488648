import type pg from 'pg';
import { HaloError } from '../errors.js';
import { readChanges, readPositionOf } from './changes.js';
import { groupByCommit } from './page-cut.js';
import { listPastKeys } from './past-lister.js';
import type { Subscriber } from './subscriber.js';

/**
 * Brings one subscriber up to where an account is now, page by page, as fast as its connection takes them. When
 * the log no longer reaches back to where it is, it gets the keys as they are, and goes on behind them.
 */
export interface Replay {
  readonly pool: pg.Pool;
  readonly subscriber: Subscriber;
  /** The horizon as it was last heard of. */
  readonly prunedRevision: number;
  /** The account's revision as it was last heard of. */
  readonly heard: () => number;
}

/** Changes on a page, entries in a part of a snapshot: a hundred kilobytes or so, without values. */
const pageMax = 500;
/** The live feed reads once for all from where the hindmost is: nobody may hold the others up for more than that. */
const nearMax = 1_000;
/** Each part of a snapshot asks for history down to its revision, which may be pruned while it is being sent. */
const snapshotTriesMax = 5;

/** Whether what lies between is little enough for the live feed to read. */
export function isNear(position: number, heard: number): boolean {
  return heard - position <= nearMax;
}

/**
 * Resolves when the subscriber is near enough to be told live, or its listener has closed.
 *
 * @throws HaloError `session-ended`, `unavailable`, or `pruned` when history is pruned faster than it is read
 */
export async function replay({ pool, subscriber, prunedRevision, heard }: Replay): Promise<void> {
  const { credential, prefix, values, listener } = subscriber;
  let isPruned = subscriber.position < prunedRevision;
  for (;;) {
    if (isPruned && !(await sendSnapshot(pool, subscriber))) return;
    isPruned = false;
    if (isNear(subscriber.position, heard())) return;
    const query = { since: subscriber.position, prefix: prefix ?? '', values, limit: pageMax };
    const page = await readChanges(pool, credential, query).catch(unlessPruned);
    if (page === 'pruned') {
      isPruned = true;
      continue;
    }
    subscriber.position = page.revision;
    listener.commits(prefix === undefined ? [] : groupByCommit(page.changes), page.revision);
    if (!(await listener.drained())) return;
  }
}

/** Every entry as of one revision; false when the listener closed on the way. Begins anew, at a later revision, when history is pruned from under it. */
async function sendSnapshot(pool: pg.Pool, subscriber: Subscriber): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    const sent = await trySnapshot(pool, subscriber).catch(unlessPruned);
    if (sent !== 'pruned') return sent;
    if (tries === snapshotTriesMax)
      throw new HaloError('pruned', 'History is pruned faster than it is read.');
  }
}

async function trySnapshot(pool: pg.Pool, subscriber: Subscriber): Promise<boolean> {
  const { credential, prefix, values, listener } = subscriber;
  const { revision } = await readPositionOf(pool, credential);
  let cursor: string | undefined;
  do {
    const page = await listPastKeys(pool, credential, {
      prefix: prefix ?? '',
      start: undefined,
      end: undefined,
      delimiter: undefined,
      reverse: false,
      limit: pageMax,
      cursor,
      values,
      count: false,
      at: revision,
    });
    cursor = page.cursor;
    const entries = prefix === undefined ? [] : page.entries;
    listener.snapshot({ revision, entries, isComplete: cursor === undefined });
    if (!(await listener.drained())) return false;
  } while (cursor !== undefined);
  subscriber.position = revision;
  return true;
}

function unlessPruned(error: unknown): 'pruned' {
  if (error instanceof HaloError && error.code === 'pruned') return 'pruned';
  throw error;
}
