import { HaloError } from '../errors.js';
import type { Feed } from './feed.js';

/** How many may watch. What is taken is counted from before the first question to PostgreSQL is asked. */
export interface WatchBounds {
  /** In this process: each costs a socket, and some 20 kB of memory besides what waits to be sent. */
  readonly watchesMax: number;
  /** Of one account: writing to that many takes some 130 ms for each commit. */
  readonly accountWatchesMax: number;
  /** Those not yet at the present, each of which may hold a page with values, 20 MB, for its connection. */
  readonly replaysMax: number;
}

export const watchBounds: WatchBounds = { watchesMax: 10_000, accountWatchesMax: 5_000, replaysMax: 100 };

export interface WatchPlaces {
  /** @throws HaloError `overloaded`, `rate-limited` */
  take(accountId: string): Place;
  readonly taken: number;
  /** Of all accounts that somebody watches. */
  readonly feeds: ReadonlyMap<string, Feed>;
}

export interface Place {
  readonly feed: Feed;
  /** Once or more often. */
  leave(): void;
}

const retryAfterS = 5;

export function createWatchPlaces(
  { watchesMax, accountWatchesMax }: WatchBounds,
  createFeed: (accountId: string) => Feed,
): WatchPlaces {
  const feeds = new Map<string, Feed>();
  const counts = new Map<string, number>();
  let taken = 0;

  function take(accountId: string): Place {
    if (taken >= watchesMax) {
      throw new HaloError('overloaded', 'The server has as many watches as it can serve.', { retryAfterS });
    }
    if ((counts.get(accountId) ?? 0) >= accountWatchesMax) {
      const detail = `An account may have ${accountWatchesMax} watches on a server.`;
      throw new HaloError('rate-limited', detail, { retryAfterS });
    }
    const feed = feeds.get(accountId) ?? createFeed(accountId);
    feeds.set(accountId, feed);
    count(accountId, 1);
    let isTaken = true;
    const leave = (): void => {
      if (!isTaken) return;
      isTaken = false;
      if (count(accountId, -1) === 0) feeds.delete(accountId);
    };
    return { feed, leave };
  }

  function count(accountId: string, change: 1 | -1): number {
    taken += change;
    const left = (counts.get(accountId) ?? 0) + change;
    if (left === 0) counts.delete(accountId);
    else counts.set(accountId, left);
    return left;
  }

  return {
    take,
    feeds,
    get taken() {
      return taken;
    },
  };
}

export function tooManyReplays(): HaloError {
  return new HaloError('overloaded', 'Too many watches are catching up already.', { retryAfterS });
}
