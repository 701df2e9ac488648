import type pg from 'pg';
import { databaseError } from '../database/failure.js';
import { inOneWrite } from '../database/pipeline.js';
import { HaloError } from '../errors.js';
import { type Batcher, createBatcher } from './batcher.js';
import { gatherFlight, parseState, type StoreLimits } from './flight-state.js';
import { type Accepted, type Commit, type Plan, plan, type State } from './plan.js';
import { planStatements } from './plan-statements.js';
import type { Row } from './statements.js';

/**
 * The one way in: every change is a commit, and a flight of commits is one transaction of two pipelined round
 * trips. Its promises: nothing is answered before PostgreSQL has acknowledged the COMMIT; a refused commit
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

const flightItemsMax = 256;
/** Leaves room for one value of the largest size beside others. */
const flightBytesMax = 32 * 1024 * 1024;
const queueItemsMax = 10_000;
const queueBytesMax = 256 * 1024 * 1024;
/** What a commit costs besides its values: keys, headers, closures. */
const commitBytes = 512;
/** Deadlocks and serialization failures are not expected; if they come, a few tries see them through. */
const triesMax = 4;

export function createWriter(pool: pg.Pool, flightsMax: number, limits: StoreLimits): Writer {
  const batcher: Batcher<Commit, Accepted> = createBatcher({
    fly: (commits) => fly(pool, limits, commits),
    bytesOf,
    flightsMax,
    flightItemsMax,
    flightBytesMax,
    queueItemsMax,
    queueBytesMax,
  });
  return { commit: (commit) => batcher.submit(commit), close: () => batcher.close() };
}

function bytesOf({ mutations }: Commit): number {
  let bytes = commitBytes;
  for (const mutation of mutations) bytes += mutation.kind === 'set' ? mutation.value.length : 0;
  return bytes;
}

async function fly(
  pool: pg.Pool,
  limits: StoreLimits,
  commits: readonly Commit[],
): Promise<readonly (Accepted | Error)[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await transact(pool, limits, commits);
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
      if (tries === triesMax || !error.worthRetrying) throw databaseError(error.cause, { committing: false });
    }
  }
}

/** The transaction certainly did not commit. */
class RolledBack extends Error {
  get worthRetrying(): boolean {
    const code = (this.cause as { code?: unknown }).code;
    return code === '40P01' || code === '40001';
  }
}

async function transact(
  pool: pg.Pool,
  limits: StoreLimits,
  commits: readonly Commit[],
): Promise<readonly (Accepted | Error)[]> {
  const client = await pool.connect().catch((cause: unknown) => {
    throw new RolledBack('No connection.', { cause });
  });
  let broken = true;
  try {
    const state = await readState(client, limits, commits);
    const decided = plan(state, commits);
    if (decided.stores.length === 0) await client.query('rollback');
    else await writePlan(client, decided, state.nowMs);
    broken = false;
    return decided.outcomes;
  } finally {
    // A connection on which anything went wrong is closed: PostgreSQL then rolls back what it still held.
    client.release(broken);
  }
}

/** The first round trip. */
async function readState(
  client: pg.ClientBase,
  limits: StoreLimits,
  commits: readonly Commit[],
): Promise<State> {
  const flight = gatherFlight(commits);
  const queries = inOneWrite(client, () => [
    client.query('begin'),
    ...flight.statements.map((statement) => client.query<string[]>(statement)),
  ]);
  // Waiting for all of them first leaves no rejection unheard.
  await Promise.allSettled(queries);
  const [, stores, sessions, pointers] = await Promise.all(queries).catch((cause: unknown) => {
    throw new RolledBack('A statement failed before anything was written.', { cause });
  });
  return parseState(
    flight,
    limits,
    [stores, sessions, pointers].map((result) => (result?.rows ?? []) as Row[]),
  );
}

/** The second round trip. */
async function writePlan(client: pg.ClientBase, decided: Plan, nowMs: number): Promise<void> {
  const [commit, ...writes] = inOneWrite(client, () => {
    const written = planStatements(decided, nowMs).map((statement) => client.query(statement));
    return [client.query('commit'), ...written] as const;
  });
  await settleCommit(writes, commit);
}

/**
 * COMMIT was sent together with the writes. If PostgreSQL refused one of them, it has rolled back for certain;
 * if it acknowledged COMMIT with COMMIT, it has committed; anything else is not known.
 */
async function settleCommit(
  writes: readonly Promise<unknown>[],
  commit: Promise<pg.QueryResult>,
): Promise<void> {
  const [committed, ...written] = await Promise.allSettled([commit, ...writes]);
  const refused = written.find(
    (outcome) => outcome.status === 'rejected' && isStatementError(outcome.reason),
  );
  if (refused?.status === 'rejected') {
    throw new RolledBack('PostgreSQL refused a write.', { cause: refused.reason });
  }
  if (committed.status === 'rejected') throw databaseError(committed.reason, { committing: true });
  if (committed.value.command !== 'COMMIT') {
    throw new HaloError('internal', 'The write was rolled back.', { cause: committed.value.command });
  }
}

/** An ERROR ends the statement and dooms the transaction; a FATAL ends the connection and tells nothing. */
function isStatementError(error: unknown): boolean {
  return (error as { severity?: unknown }).severity === 'ERROR';
}
