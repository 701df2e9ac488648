import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ProblemCode } from 'halo-contract';
import type pg from 'pg';
import type { Credential } from '../database/live-session.js';
import { type Change, type ChangedCommit, type News, readNewsAfter } from './changes.js';
import { groupByCommit } from './page-cut.js';
import type { Subscriber } from './subscriber.js';

/**
 * The live end of one account's changes. Its promises: what is new is read once for all who follow, in one
 * statement that also checks all their sessions; each hears every commit after its position once, in order; and
 * nobody waits for anybody else's connection.
 *
 * Those who follow need not be at the same place: a read begins where the hindmost is, and the others skip what
 * they have had. So nothing is kept in memory for those who are just joining.
 */
export interface Feed {
  add(subscriber: Subscriber): void;
  remove(subscriber: Subscriber): void;
  readonly subscribers: ReadonlySet<Subscriber>;
  /** The highest revision that was heard of. */
  readonly heard: number;
  /** Tells it that the account has got so far; it reads if anybody is behind. */
  hear(revision: number): void;
  /** Drops those who are not among the living, of those that were asked about. */
  confirm(asked: ReadonlySet<Credential>, live: ReadonlySet<Credential>): void;
  /** Resolves when no read is under way. */
  idle(): Promise<void>;
}

export interface FeedOptions {
  readonly pool: pg.Pool;
  readonly accountId: string;
  /** The subscriber has been removed, and is to be ended. */
  readonly onEnded: (subscriber: Subscriber, code: ProblemCode) => void;
  /** The subscriber has been removed: the log no longer reaches back to its position. */
  readonly onPruned: (subscriber: Subscriber, prunedRevision: number) => void;
  readonly onFailure: (error: unknown) => void;
}

/** So many are written to at a stretch, some milliseconds, before other work gets its turn. */
const sliceMax = 250;

export function createFeed({ pool, accountId, onEnded, onPruned, onFailure }: FeedOptions): Feed {
  const subscribers = new Set<Subscriber>();
  let heard = 0;
  let reading: Promise<void> | undefined;

  function hear(revision: number): void {
    heard = Math.max(heard, revision);
    if (reading !== undefined || hindmost() >= heard) return;
    reading = catchUp()
      // Whoever polls the revisions will hear of the same one again, and with it comes the next try.
      .catch(onFailure)
      .finally(() => {
        reading = undefined;
      });
  }

  function hindmost(): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const { position } of subscribers) lowest = Math.min(lowest, position);
    return lowest;
  }

  async function catchUp(): Promise<void> {
    for (let since = hindmost(); since < heard; since = hindmost()) {
      // Whoever joins from here on was not asked about in the statement, and so hears nothing of its news.
      const present = [...subscribers];
      const credentials = [...new Set(present.map(({ credential }) => credential))];
      const news = await readNewsAfter(pool, accountId, credentials, since, valuedBy(present));
      await distribute(present, since, news);
      if (news === undefined || news.to <= since) return;
      heard = Math.max(heard, news.revision);
    }
  }

  async function distribute(present: readonly Subscriber[], since: number, news?: News): Promise<void> {
    const viewOf = createViews(groupByCommit(news?.commits ?? []));
    for (const [index, subscriber] of present.entries()) {
      if (index > 0 && index % sliceMax === 0) await nextTurn();
      if (!subscribers.has(subscriber)) continue;
      if (news === undefined || !news.live.has(subscriber.credential)) {
        subscribers.delete(subscriber);
        onEnded(subscriber, 'session-ended');
      } else if (subscriber.position < news.prunedRevision) {
        subscribers.delete(subscriber);
        onPruned(subscriber, news.prunedRevision);
      } else if (subscriber.position < news.to) {
        const view = viewOf(subscriber);
        const { position } = subscriber;
        subscriber.position = news.to;
        const isAtStart = position <= since;
        subscriber.listener.commits(
          isAtStart ? view : view.filter(({ revision }) => revision > position),
          news.to,
        );
      }
    }
  }

  return {
    subscribers,
    get heard() {
      return heard;
    },
    add: (subscriber) => {
      subscribers.add(subscriber);
      hear(subscriber.position);
    },
    remove: (subscriber) => subscribers.delete(subscriber),
    hear,
    confirm: (asked, live) => {
      for (const subscriber of subscribers) {
        if (!asked.has(subscriber.credential) || live.has(subscriber.credential)) continue;
        subscribers.delete(subscriber);
        onEnded(subscriber, 'session-ended');
      }
    },
    idle: async () => reading,
  };
}

/** Picks the changes whose values somebody wants; undefined when nobody wants any. */
function valuedBy(present: readonly Subscriber[]): ((change: Change) => boolean) | undefined {
  const prefixes = new Set(present.flatMap(({ values, prefix }) => (values ? (prefix ?? []) : [])));
  if (prefixes.size === 0) return undefined;
  const wanted = [...prefixes];
  return ({ key }) => wanted.some((prefix) => key.startsWith(prefix));
}

/** Makes what a subscriber sees of the commits once for all who see the same. */
function createViews(commits: readonly ChangedCommit[]) {
  const views = new Map<string, readonly ChangedCommit[]>();
  return ({ prefix, values }: Subscriber): readonly ChangedCommit[] => {
    if (prefix === undefined) return [];
    const group = `${values} ${prefix}`;
    const known = views.get(group);
    if (known !== undefined) return known;
    const view = commits.flatMap((commit) => viewOf(commit, prefix, values));
    views.set(group, view);
    return view;
  };
}

function viewOf({ revision, changes }: ChangedCommit, prefix: string, values: boolean): ChangedCommit[] {
  const seen = changes.filter(({ key }) => key.startsWith(prefix));
  if (seen.length === 0) return [];
  return [{ revision, changes: values ? seen : seen.map((change) => ({ ...change, value: undefined })) }];
}
