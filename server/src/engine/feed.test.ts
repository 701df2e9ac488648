import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { Credential } from '../database/live-session.js';
import { createTestDatabase } from '../database/test-database.js';
import { createFeed, type Feed } from './feed.js';
import { narrowest, type Subscriber } from './subscriber.js';
import { createTestListener, type TestListener } from './test-listener.js';
import { createStore, type Written, writeHistory } from './test-store.js';

const { database, drop } = await createTestDatabase();
afterAll(drop);

const ended: Subscriber[] = [];
const pruned: Subscriber[] = [];
let me: Credential;
let feed: Feed;

beforeEach(async () => {
  ended.length = 0;
  pruned.length = 0;
  me = await createStore(database);
  const history = Array.from({ length: 9 }, (_, index): Written => {
    return {
      revision: index + 1,
      key: index % 2 === 0 ? 'even' : 'odd',
      kind: 'set',
      content: Buffer.of(index),
    };
  });
  await writeHistory(database.writers, me.accountId, history);
  feed = createFeed({
    pool: database.readers,
    accountId: me.accountId,
    onEnded: (subscriber) => ended.push(subscriber),
    onPruned: (subscriber) => pruned.push(subscriber),
    onFailure: (error) => {
      throw error;
    },
  });
});

function subscribe(position: number, parts: Partial<Subscriber> = {}): TestListener {
  const listener = createTestListener();
  feed.add({ credential: me, prefix: '', values: false, listener, position, ...parts });
  return listener;
}

const revisionsOf = ({ told }: TestListener) => told.map(({ revision }) => revision);

describe('the feed of an account', () => {
  test('reads from where the hindmost is, and the others skip what they have had', async () => {
    const listeners = [8, 9, 5].map((position) => subscribe(position));
    const first = subscribe(0);
    await feed.idle();
    feed.hear(9);
    await feed.idle();
    expect([...listeners, first].map(revisionsOf)).toEqual([
      [9],
      [],
      [6, 7, 8, 9],
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    ]);
    expect([...feed.subscribers].map(({ position }) => position)).toEqual([9, 9, 9, 9]);
  });

  test('asks nothing when nobody is behind', async () => {
    const listener = subscribe(9);
    feed.hear(9);
    feed.hear(3);
    await feed.idle();
    expect([listener.told, listener.position]).toEqual([[], 0]);
  });

  test('tells those alike the very same, and others their own', async () => {
    const [one, same, valued, odd] = [{}, {}, { values: true }, { prefix: 'o' }].map((parts) =>
      subscribe(0, parts),
    );
    feed.hear(9);
    await feed.idle();
    expect(one?.told[0]).toBe(same?.told[0]);
    expect([one, valued].map((listener) => listener?.told[3]?.changes[0]?.value)).toEqual([
      undefined,
      Buffer.of(3),
    ]);
    expect(odd?.told.map(({ revision }) => revision)).toEqual([2, 4, 6, 8]);
    expect(odd?.position).toBe(9);
  });

  test('hands back those whose session has ended, and those whom the horizon has overtaken', async () => {
    await database.writers.query('update stores set pruned_revision = 4 where account_id = $1', [
      me.accountId,
    ]);
    const late = subscribe(3);
    const kept = subscribe(4);
    const dead = subscribe(4, { credential: { ...me, sessionId: 'ended' } });
    feed.hear(9);
    await feed.idle();
    expect(pruned.map(({ listener }) => listener)).toEqual([late]);
    expect(ended.map(({ listener }) => listener)).toEqual([dead]);
    expect([late, dead].flatMap(({ told }) => told)).toEqual([]);
    expect(revisionsOf(kept)).toEqual([5, 6, 7, 8, 9]);
    expect(feed.subscribers.size).toBe(1);
  });
});

test.for([
  ['', '', ''],
  ['a/', '', 'a/'],
  ['', 'a/', 'a/'],
  ['a/b', 'a/', 'a/b'],
  ['a', 'a/', 'a/'],
  ['a/', 'b/', undefined],
  ['a/b', 'a/c', undefined],
] as const)('of the prefixes %j and %j a key must begin with %j', ([one, other, both]) => {
  expect(narrowest(one, other)).toBe(both);
});
