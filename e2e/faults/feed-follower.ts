import { setTimeout as delay } from 'node:timers/promises';
import type { CommitEvent } from 'halo-contract';
import type { ToldCommit } from '../consistency/feed-faults.js';
import { openChanges } from '../event-source.js';
import type { Person } from '../halo.js';
import { until } from '../until.js';

export interface FeedFollower {
  /** Waits until the feed has told of everything up to a revision, and leaves. */
  end(revision: number): Promise<void>;
}

const backOffMs = 100;
/** A stream that died without a word is found out by its heartbeat, which comes every 15 seconds. */
const catchUpMsMax = 40_000;

/** Follows the live feed from the beginning, and comes back by the last id whenever the connection breaks. */
export function followFeed(url: string, person: Person, told: ToldCommit[]): FeedFollower {
  let ended = false;
  let close: (() => void) | undefined;
  let lastEventId = '0';
  const following = (async () => {
    while (!ended) {
      const source = await openChanges(url, person, {
        lastEventId,
        onEvent: ({ data, id, event }) => {
          if (event !== 'commit') return;
          const { revision, changes } = data as CommitEvent;
          told.push({ revision, keys: changes.map(({ key }) => key) });
          lastEventId = id;
        },
      }).catch(() => undefined);
      if (source === undefined) {
        await delay(backOffMs);
        continue;
      }
      close = source.close;
      await until('The end of the stream', () => source.isClosed() || ended, Number.POSITIVE_INFINITY);
      source.close();
      await delay(backOffMs);
    }
  })();
  return {
    end: async (revision) => {
      await until(
        `The feed's word of revision ${revision}`,
        () => told.some((commit) => commit.revision >= revision),
        catchUpMsMax,
      ).finally(() => {
        ended = true;
        close?.();
      });
      await following;
    },
  };
}
