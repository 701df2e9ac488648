import type pg from 'pg';
import type { QueryArrayConfig } from 'pg';
import type { Database, Flight } from '../database/database.js';
import type { FlightWatch } from '../observability/flight-watch.js';
import { boundTo } from './account-statements.js';
import { type Batcher, createBatcher } from './batcher.js';
import type { Commit } from './commit.js';
import { readState, type StoreLimits } from './flight-state.js';
import { flyPlain, type PlainOutcome, plainSetOf } from './plain-flight.js';
import { type Accepted, type Plan, plan } from './plan.js';
import { planStatements } from './plan-statements.js';
import { transact } from './transaction.js';

/**
 * The one way in: every change is a commit, and a flight of commits is one transaction: of one round trip when it is
 * nothing but plain sets (`plain-flight.ts`), else of two pipelined ones around `plan`. Its promises: nothing is answered before PostgreSQL has acknowledged the COMMIT; a refused commit
 * leaves nothing behind; when the answer to COMMIT is lost, callers hear `outcome-unknown` and nobody tries
 * again behind their backs.
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

export interface WriterOptions {
  readonly database: Pick<Database, 'wires' | 'writers'>;
  readonly flightsMax: number;
  readonly limits: StoreLimits;
  /** Whether a flight may carry commits of several accounts. */
  readonly flight: Flight;
  readonly watch: FlightWatch;
  /** Told of what changed as soon as PostgreSQL has acknowledged it; may not throw. */
  readonly onCommitted: (stores: PlainOutcome['stores']) => void;
}

export function createWriter({
  database,
  flightsMax,
  limits,
  flight,
  watch,
  onCommitted,
}: WriterOptions): Writer {
  const batcher: Batcher<Commit, Accepted> = createBatcher({
    fly: watch.around(async (commits: readonly Commit[]): Promise<readonly (Accepted | Error)[]> => {
      const { outcomes, stores } = await fly(database, limits, commits, flight);
      onCommitted(stores);
      return outcomes;
    }),
    onShed: watch.shed,
    bytesOf,
    // They would only wait for the same row in PostgreSQL: better that they fly together.
    laneOf: ({ accountId }) => accountId,
    isLaneAlone: flight === 'account',
    flightsMax,
    flightItemsMax,
    flightBytesMax,
    queueItemsMin,
    queueMsMax,
    queueItemsMax,
    queueBytesMax,
  });
  watch.queue(() => batcher.waiting);
  return { commit: watch.submitting(batcher.submit), close: () => batcher.close() };
}

function bytesOf({ mutations }: Commit): number {
  let bytes = commitBytes;
  for (const mutation of mutations) bytes += mutation.kind === 'set' ? mutation.value.length : 0;
  return bytes;
}

async function fly(
  { wires, writers }: WriterOptions['database'],
  limits: StoreLimits,
  commits: readonly Commit[],
  flight: Flight,
): Promise<Plan | PlainOutcome> {
  if (flight === 'account')
    return flyPlanned(writers, limits, commits, boundTo(commits[0]?.accountId ?? '0'));
  const sets = commits.flatMap((commit) => plainSetOf(commit) ?? []);
  const plain = sets.length === commits.length ? await flyPlain(wires, limits, sets) : undefined;
  return plain ?? flyPlanned(writers, limits, commits);
}

/** @param bind gives each statement another form */
function flyPlanned(
  pool: pg.Pool,
  limits: StoreLimits,
  commits: readonly Commit[],
  bind = (statement: QueryArrayConfig) => statement,
): Promise<Plan> {
  return transact(pool, async (ask) => {
    const state = await readState((statements) => ask(statements.map(bind)), limits, commits);
    const decided = plan(state, commits);
    const writes = decided.stores.length === 0 ? [] : planStatements(decided, state.nowMs).map(bind);
    // An answer that is given again tells of a commit that nobody may have heard to be safe.
    const confirms = commits.some(({ idempotency }) => idempotency !== undefined);
    return { outcome: decided, writes, confirms };
  });
}
