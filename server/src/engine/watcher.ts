import type { ProblemCode } from 'halo-contract';
import type pg from 'pg';
import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { checkArrived, readPositionOf } from './changes.js';
import { createFeed, type Feed } from './feed.js';
import { isNear, replay } from './replay.js';
import { type Listener, narrowest, type Subscriber } from './subscriber.js';
import type { Report } from './sweep-expired.js';
import {
  createWatchPlaces,
  type Place,
  tooManyReplays,
  type WatchBounds,
  watchBounds,
} from './watch-places.js';
import { checkSessions, createRounds, pollRevisions } from './watch-rounds.js';

/**
 * Tells those who follow an account what is committed, as it is committed. Its promises: from where a watch
 * begins, every commit is told once, in order; a session that has ended is told nothing that was committed after
 * its end, and its watches end within a second or so; a listener that does not keep up costs nobody else.
 *
 * What was committed by this process is heard of at once, through `hear`; what others committed, by polling the
 * revisions of all watched accounts in one statement. Being woken never carries news, only the reason to look, so
 * that one wake-up too few or too many loses nothing.
 */
export interface Watcher {
  /**
   * @throws HaloError `invalid-request` for a `since` that is still to come, `session-ended`, `unavailable`,
   * `overloaded` and `rate-limited` when there are too many watches already
   */
  open(credential: Credential, query: WatchQuery): Promise<Watch>;
  /** To be called when commits of these accounts have been acknowledged. */
  hear(committed: readonly { readonly accountId: string; readonly revision: number }[]): void;
  counts(): WatchCounts;
  /** Ends all watches, and takes no more. */
  close(): Promise<void>;
}

export interface WatchCounts {
  readonly watches: number;
  /** That somebody watches. */
  readonly accounts: number;
  /** Watches that are not yet at the present. */
  readonly replays: number;
}

export interface WatchQuery {
  /** Undefined: from now on. */
  readonly since: number | undefined;
  readonly prefix: string;
  readonly values: boolean;
}

export interface Watch {
  /** From where it will tell. */
  readonly position: number;
  /** Nothing is told before. */
  begin(listener: Listener): void;
  /** The listener is gone; also when it never came. */
  cancel(): void;
}

export interface WatcherOptions {
  /** For the short statements that those who are told live wait for. */
  readonly pool: pg.Pool;
  /** For catching up. */
  readonly scanners: pg.Pool;
  /** Told of defects; that PostgreSQL cannot be reached is told by whoever has to answer a request. */
  readonly report: Report;
  readonly bounds?: WatchBounds;
}

/** From the end of one poll to the next: with it, others’ commits are heard of within 100 ms. */
const pollMs = 80;
/** How soon a watch ends after its session, when nothing is committed meanwhile. */
const tickMs = 1_000;

export function createWatcher({ pool, scanners, report, bounds = watchBounds }: WatcherOptions): Watcher {
  const places = createWatchPlaces(bounds, (accountId) => {
    return createFeed({ pool, accountId, onEnded: end, onPruned: follow, onFailure });
  });
  /** Those who have begun, and where they sit. */
  const begun = new Map<Subscriber, Place>();
  const replays = new Set<Promise<void>>();
  const closing = new AbortController();
  const goesOn = () => places.taken > 0 && !closing.signal.aborted;
  const rounds = [
    createRounds(() => pollRevisions(pool, places.feeds).catch(onFailure), pollMs, goesOn, closing.signal),
    createRounds(tick, tickMs, goesOn, closing.signal),
  ];

  async function open(credential: Credential, { since, prefix, values }: WatchQuery): Promise<Watch> {
    if (closing.signal.aborted) throw stopping();
    const place = places.take(credential.accountId);
    for (const round of rounds) round.start();
    try {
      const found = await readPositionOf(pool, credential);
      if (closing.signal.aborted) throw stopping();
      const position = since ?? found.revision;
      checkArrived(position, found.revision);
      place.feed.hear(found.revision);
      const { prunedRevision } = found;
      if (!isThere(position, place.feed, prunedRevision) && replays.size >= bounds.replaysMax)
        throw tooManyReplays();
      let subscriber: Subscriber | undefined;
      const begin = (listener: Listener): void => {
        subscriber = { credential, prefix: narrowest(prefix, found.prefix), values, listener, position };
        begun.set(subscriber, place);
        if (closing.signal.aborted) end(subscriber, 'unavailable');
        else follow(subscriber, prunedRevision);
      };
      return {
        position,
        begin,
        cancel: () => (subscriber === undefined ? place.leave() : forget(subscriber)),
      };
    } catch (error) {
      place.leave();
      throw error;
    }
  }

  /** Brings the subscriber up to the present, and then lets the feed tell it what comes. */
  function follow(subscriber: Subscriber, prunedRevision: number): void {
    const feed = begun.get(subscriber)?.feed;
    if (feed === undefined) return;
    if (isThere(subscriber.position, feed, prunedRevision)) feed.add(subscriber);
    else if (replays.size >= bounds.replaysMax) end(subscriber, 'overloaded');
    else {
      const work = catchUp(subscriber, feed, prunedRevision).finally(() => replays.delete(work));
      replays.add(work);
    }
  }

  async function catchUp(subscriber: Subscriber, feed: Feed, prunedRevision: number): Promise<void> {
    try {
      await replay({ pool: scanners, subscriber, prunedRevision, heard: () => feed.heard });
      if (begun.has(subscriber)) feed.add(subscriber);
    } catch (error) {
      onFailure(error);
      end(subscriber, error instanceof HaloError ? error.code : 'internal');
    }
  }

  async function tick(): Promise<void> {
    await checkSessions(pool, places.feeds).catch(onFailure);
    for (const { subscribers } of places.feeds.values()) {
      for (const { listener } of subscribers) listener.tick();
    }
  }

  function onFailure(error: unknown): void {
    if (error instanceof HaloError && error.code !== 'internal') return;
    report('Changes could not be told to those who watch them.', error);
  }

  function end(subscriber: Subscriber, code: ProblemCode): void {
    if (forget(subscriber)) subscriber.listener.end(code);
  }

  function forget(subscriber: Subscriber): boolean {
    const place = begun.get(subscriber);
    begun.delete(subscriber);
    place?.feed.remove(subscriber);
    place?.leave();
    return place !== undefined;
  }

  return {
    open,
    hear: (committed) => {
      if (places.taken === 0) return;
      for (const { accountId, revision } of committed) places.feeds.get(accountId)?.hear(revision);
    },
    counts: () => ({ watches: places.taken, accounts: places.feeds.size, replays: replays.size }),
    close: async () => {
      closing.abort();
      const feeds = [...places.feeds.values()];
      for (const subscriber of begun.keys()) end(subscriber, 'unavailable');
      await Promise.all([...replays, ...[...feeds, ...rounds].map((each) => each.idle())]);
    },
  };
}

/** Whether the live feed can tell what lies between. */
function isThere(position: number, feed: Feed, prunedRevision: number): boolean {
  return position >= prunedRevision && isNear(position, feed.heard);
}

function stopping(): HaloError {
  return new HaloError('unavailable', 'The server is stopping.');
}
