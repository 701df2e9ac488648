import type pg from 'pg';
import type { QueryArrayConfig } from 'pg';
import type { Database, Flight } from '../database/database.js';
import type { FlightWatch } from '../observability/flight-watch.js';
import { boundTo } from './account-statements.js';
import { type Batcher, createBatcher } from './batcher.js';
import type { Commit } from './commit.js';
import { readState, type StoreLimits } from './flight-state.js';
import { flyPlain, type PlainSet, plainSetOf } from './plain-flight.js';
import { type Accepted, type Plan, plan, type StoreChange } from './plan.js';
import { planStatements } from './plan-statements.js';
import type { StoreMove } from './store-move.js';
import { transact } from './transaction.js';

/**
 * The one way in: every change is a commit, and a flight of commits is one transaction: of one round trip when it is
 * nothing but plain sets (`plain-flight.ts`), else of two pipelined ones around `plan`. Its promises: nothing is
 * answered before PostgreSQL has acknowledged the COMMIT; a refused commit leaves nothing behind; when the answer to
 * COMMIT is lost, callers hear `outcome-unknown` and nobody tries again behind their backs.
 *
 * Plain sets of all accounts share one line, on which flights follow each other. Those of an account that is being
 * planned, which can take long, are held until it was: on the line, they would wait for it and hold up everybody. And a
 * commit that has to be planned waits for the plain sets of its account that were there before it. A set that turns out
 * not to be plain is planned in its old turn; only what was sent behind it may overtake it.
 *
 * Flights of one account wait for each other on its `stores` row. The row is locked first, and everything else
 * is read in a later statement: under READ COMMITTED a statement's snapshot is older than its lock wait.
 */
export interface Writer {
  /** @throws HaloError as the plan decides, or `overloaded`, `unavailable`, `outcome-unknown` */
  commit(commit: Commit): Promise<Accepted>;
  close(): Promise<void>;
}

/**
 * With thousands of busy connections, the event loop comes back to PostgreSQL's answers only after all of them: what
 * a flight can carry then decides how much is written.
 */
const flightItemsMax = 1_024;
/** Leaves room for one value of the largest size beside others. */
const flightBytesMax = 32 * 1024 * 1024;
/** Up to here and for so long, waiting is better than being told to come back. */
const queueItemsMin = 10_000;
const queueMsMax = 2_000;
const queueItemsMax = 100_000;
const queueBytesMax = 256 * 1024 * 1024;
/** What a commit costs besides its values: keys, headers, closures. */
const commitBytes = 512;

/** One that PostgreSQL works on, and one that is there when it is done. */
const lineFlightsMax = 2;

export interface WriterOptions {
  readonly database: Pick<Database, 'line' | 'writers'>;
  /** Of those that are planned. */
  readonly flightsMax: number;
  readonly limits: StoreLimits;
  /** Whether a flight may carry commits of several accounts; plain sets fly by themselves only if it may. */
  readonly flight: Flight;
  readonly watch: FlightWatch;
  /** Told of what changed as soon as PostgreSQL has acknowledged it; may not throw. */
  readonly onCommitted: (moves: readonly StoreMove[], serverStart: Buffer | null) => void;
}

/** When it was asked for, among all commits. */
interface Turn {
  readonly turn: number;
}

/** A commit that has to be planned. */
interface Unplanned extends Turn {
  readonly commit: Commit;
  /** Whether plain sets of its account that were there before it are still on their way. */
  isBehind: boolean;
}

export function createWriter({
  database,
  flightsMax,
  limits,
  flight,
  watch,
  onCommitted,
}: WriterOptions): Writer {
  const room = { flightItemsMax, flightBytesMax, queueItemsMin, queueMsMax, queueItemsMax, queueBytesMax };
  const planned: Batcher<Unplanned, Accepted> = createBatcher<Unplanned, Accepted>({
    ...room,
    waitingElsewhere: () => line.waiting,
    fly: watch.around(async (items: readonly Unplanned[]) => {
      const commits = items.map(({ commit }) => commit);
      const { outcomes, moves, serverStart } = await flyPlanned(database.writers, limits, commits, flight);
      onCommitted(moves, serverStart);
      return outcomes;
    }),
    onShed: watch.shed,
    bytesOf: ({ commit }) => bytesOf(commit),
    isHeld: ({ isBehind }) => isBehind,
    placeOf: ({ turn }) => turn,
    // They would only wait for the same row in PostgreSQL: better that they fly together.
    laneOf: ({ commit }) => commit.accountId,
    isLaneAlone: flight === 'account',
    flightsMax,
  });
  let turns = 0;
  /** The turns of those commits of each account that are being planned, or wait for it, the first first. */
  const planning = new Map<string, number[]>();
  /** Undefined: it has to be planned. */
  const line: Batcher<PlainSet & Turn, Accepted | undefined> = createBatcher({
    ...room,
    waitingElsewhere: () => planned.waiting,
    fly: watch.around(async (sets: readonly PlainSet[]) => {
      const flown = await flyPlain(database.line, limits, sets);
      if (flown === undefined) return sets.map(() => undefined);
      onCommitted(flown.moves, flown.serverStart);
      return flown.outcomes;
    }),
    onShed: watch.shed,
    bytesOf: ({ set }) => commitBytes + set.value.length,
    isHeld: ({ credential: { accountId }, turn }) => (planning.get(accountId)?.[0] ?? turn) < turn,
    isFile: true,
    flightsMax: lineFlightsMax,
  });
  watch.queue(() => planned.waiting + line.waiting);
  const submitPlanned = watch.submitting(planned.submit);
  const submitPlain = watch.submitting(line.submit);

  /** @param before the last of the plain sets that it has to wait for */
  async function commitPlanned(
    commit: Commit,
    turn: number,
    before: Promise<unknown> | undefined,
  ): Promise<Accepted> {
    const { accountId } = commit;
    const its = planning.get(accountId) ?? [];
    planning.set(accountId, its);
    const later = its.findIndex((other) => other > turn);
    its.splice(later === -1 ? its.length : later, 0, turn);
    const item = { commit, turn, isBehind: before !== undefined };
    const letGo = (): void => {
      item.isBehind = false;
      planned.wake();
    };
    // Whatever becomes of it.
    before?.then(letGo, letGo);
    try {
      return await submitPlanned(item);
    } finally {
      its.splice(its.indexOf(turn), 1);
      if (its.length === 0) planning.delete(accountId);
      line.wake();
    }
  }

  function commitPlain(commit: Commit, plain: PlainSet, turn: number): Promise<Accepted> {
    return submitPlain({ ...plain, turn }).then(
      // In its old turn: whatever came after it and has not left waits for it.
      (accepted) => accepted ?? commitPlanned(commit, turn, undefined),
    );
  }

  return {
    commit: (commit) => {
      turns += 1;
      const plain = flight === 'account' ? undefined : plainSetOf(commit);
      if (plain !== undefined) return commitPlain(commit, plain, turns);
      const { accountId } = commit;
      return commitPlanned(
        commit,
        turns,
        line.last(({ credential }) => credential.accountId === accountId),
      );
    },
    close: async () => {
      await line.close();
      // Those that have to be planned after all still find their way.
      await new Promise((resolve) => setImmediate(resolve));
      await planned.close();
    },
  };
}

function bytesOf({ mutations }: Commit): number {
  let bytes = commitBytes;
  for (const mutation of mutations) bytes += mutation.kind === 'set' ? mutation.value.length : 0;
  return bytes;
}

interface Flown {
  readonly outcomes: Plan['outcomes'];
  readonly moves: readonly StoreMove[];
  readonly serverStart: Buffer | null;
}

function flyPlanned(
  pool: pg.Pool,
  limits: StoreLimits,
  commits: readonly Commit[],
  flight: Flight,
): Promise<Flown> {
  const accountId = commits[0]?.accountId ?? '0';
  const bind = flight === 'account' ? boundTo(accountId) : (statement: QueryArrayConfig) => statement;
  return transact(pool, async (ask) => {
    const state = await readState((statements) => ask(statements.map(bind)), limits, commits);
    const decided = plan(state, commits);
    const writes = decided.stores.length === 0 ? [] : planStatements(decided, state.nowMs).map(bind);
    // An answer that is given again tells of a commit that nobody may have heard to be safe.
    const confirms = commits.some(({ idempotency }) => idempotency !== undefined);
    const moves = decided.stores.map((store) => moveOf(store, state.nowMs));
    return {
      outcome: { outcomes: decided.outcomes, moves, serverStart: state.serverStart },
      writes,
      confirms,
    };
  });
}

function moveOf({ accountId, from, revision, pointers }: StoreChange, writtenAtMs: number): StoreMove {
  const changed = pointers.map(({ key }) => ({ key, last: undefined }));
  return { accountId, from, revision, writtenAtMs, changed };
}
