import type pg from 'pg';
import type { QueryArrayConfig } from 'pg';
import { requireReplicated } from '../database/connections.js';
import { databaseError } from '../database/failure.js';
import { inOneWrite } from '../database/pipeline.js';
import { HaloError } from '../errors.js';
import { inSpan } from '../observability/spans.js';
import type { Row } from './statements.js';

/** Asks PostgreSQL in one round trip; answers the rows of each statement. */
export type Ask = (statements: readonly QueryArrayConfig[]) => Promise<readonly (readonly Row[])[]>;

export interface Decision<Outcome> {
  readonly outcome: Outcome;
  /** None: there is nothing to change, and the transaction is rolled back. */
  readonly writes: readonly QueryArrayConfig[];
  /**
   * Whether to COMMIT even if there is nothing to change. PostgreSQL then waits until its standby has what this
   * transaction found, which it may have been unable to confirm to whoever wrote it. Locking rows makes it wait.
   */
  readonly confirms?: boolean;
}

/** Deadlocks and serialization failures are not expected; if they come, a few tries see them through. */
const triesMax = 4;

/**
 * One transaction: it asks, decides, and writes together with its COMMIT in a last round trip. Its promises: the
 * outcome is given only after PostgreSQL has acknowledged the COMMIT; when the answer to COMMIT is lost, the
 * caller hears `outcome-unknown` and nobody tries again behind its back.
 *
 * @param decide may be called again, in a new transaction, if PostgreSQL rolled the first one back
 * @throws HaloError `unavailable`, `outcome-unknown`, `internal`
 */
export async function transact<Outcome>(
  pool: pg.Pool,
  decide: (ask: Ask) => Promise<Decision<Outcome>>,
): Promise<Outcome> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await inSpan('transaction', () => attempt(pool, decide));
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
      if (tries === triesMax || !error.worthRetrying) throw databaseError(error.cause, { committing: false });
    }
  }
}

/** The transaction certainly did not commit. */
class RolledBack extends Error {
  get worthRetrying(): boolean {
    return isConflict(this.cause);
  }
}

/** Whether PostgreSQL rolled back because of others who wrote at the same time: a deadlock or a serialization failure. */
export function isConflict(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === '40P01' || code === '40001';
}

async function attempt<Outcome>(
  pool: pg.Pool,
  decide: (ask: Ask) => Promise<Decision<Outcome>>,
): Promise<Outcome> {
  const client = await pool.connect().catch((cause: unknown) => {
    throw new RolledBack('No connection.', { cause });
  });
  let broken = true;
  try {
    const { outcome, writes, confirms } = await decide(createAsk(client));
    if (writes.length === 0 && !confirms) await rollBack(client);
    else await writeAndCommit(client, writes);
    broken = false;
    return outcome;
  } finally {
    // A connection on which anything went wrong is closed: PostgreSQL then rolls back what it still held.
    client.release(broken);
  }
}

/** Asks within the transaction, which the first question opens. */
function createAsk(client: pg.ClientBase): Ask {
  let opened = false;
  return async (statements) => {
    const queries = inOneWrite(client, () => {
      const begin = opened ? [] : [client.query('begin')];
      opened = true;
      return [...begin, ...statements.map((statement) => client.query<string[]>(statement))];
    });
    // Waiting for all of them first leaves no rejection unheard.
    await Promise.allSettled(queries);
    const results = await Promise.all(queries).catch((cause: unknown) => {
      throw new RolledBack('A statement failed before anything was written.', { cause });
    });
    return results.slice(-statements.length).map((result) => result.rows as Row[]);
  };
}

async function rollBack(client: pg.ClientBase): Promise<void> {
  await client.query('rollback').catch((cause: unknown) => {
    throw new RolledBack('The connection broke before anything was written.', { cause });
  });
}

/** The last round trip. */
async function writeAndCommit(client: pg.ClientBase, writes: readonly QueryArrayConfig[]): Promise<void> {
  const [commit, ...written] = inOneWrite(client, () => {
    const queries = writes.map((statement) => client.query(statement));
    return [client.query('commit'), ...queries] as const;
  });
  await settleCommit(written, commit);
  try {
    requireReplicated(client);
  } catch (error) {
    throw databaseError(error, { committing: true });
  }
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
