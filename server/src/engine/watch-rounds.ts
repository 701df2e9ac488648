import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { databaseError } from '../database/failure.js';
import { int8Array } from './arrays.js';
import { readLive, readRevisions } from './change-statements.js';
import { credentialArrays } from './credentials.js';
import type { Feed } from './feed.js';
import { prepared, type Row } from './statements.js';

/** What is looked after regularly as long as anybody watches. */
export interface Rounds {
  /** Begins if it does not go round already. */
  start(): void;
  /** Resolves when it has stopped. */
  idle(): Promise<void>;
}

/** Goes round while `goesOn`, with a pause after each round, which the signal cuts short. */
export function createRounds(
  round: () => Promise<void>,
  pauseMs: number,
  goesOn: () => boolean,
  signal: AbortSignal,
): Rounds {
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    while (goesOn()) {
      await round();
      await delay(pauseMs, undefined, { signal }).catch(() => {});
    }
    running = undefined;
  };
  return {
    start: () => {
      running ??= run();
    },
    idle: async () => running,
  };
}

/** Tells the feeds of all accounts how far these are, for what other processes have committed. */
export async function pollRevisions(pool: pg.Pool, feeds: ReadonlyMap<string, Feed>): Promise<void> {
  const rows = await ask(pool, prepared(readRevisions, [int8Array([...feeds.keys()])]));
  const found = new Map(rows.map(([accountId, revision]) => [accountId, Number(revision)]));
  // An account that is gone has no sessions either: checking them ends its watches.
  for (const [accountId, feed] of feeds) feed.hear(found.get(accountId) ?? 0);
}

/** Sessions checked in one statement: a few milliseconds, so that reads are not held up. */
const checkMax = 1_000;

/** Ends those told live whose sessions have ended; the others’ are checked with each page that they read. */
export async function checkSessions(pool: pg.Pool, feeds: ReadonlyMap<string, Feed>): Promise<void> {
  const present = [...feeds.values()].flatMap(({ subscribers }) => [...subscribers]);
  const credentials = [...new Set(present.map(({ credential }) => credential))];
  for (let start = 0; start < credentials.length; start += checkMax) {
    const asked = credentials.slice(start, start + checkMax);
    const rows = await ask(pool, prepared(readLive, credentialArrays(asked)));
    const live = new Set(rows.flatMap(([n]) => asked[Number(n) - 1] ?? []));
    const all = new Set(asked);
    for (const feed of feeds.values()) feed.confirm(all, live);
  }
}

async function ask(pool: pg.Pool, statement: ReturnType<typeof prepared>): Promise<readonly Row[]> {
  try {
    return (await pool.query<string[]>(statement)).rows;
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
}
