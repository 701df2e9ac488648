import type { PostgresPool } from 'kysely';
import pg from 'pg';
import { StandbyMet, UnreplicatedCommit } from './failure.js';

/**
 * What a PostgreSQL that fails over asks of connections. Its promises: a new connection to a standby is refused, so
 * that nothing is read there that is older than what was acknowledged; a COMMIT of which PostgreSQL warned that no
 * standby has it is not taken for acknowledged; a connection that turned out to take no writes is not used again.
 */

/**
 * Right after connecting: a proxy that has not noticed a fail-over yet leads to a server that now is a standby. A
 * server becomes one only by starting anew, which ends its connections, so that asking once is enough.
 *
 * @throws StandbyMet
 */
export async function refuseStandby(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>('select pg_is_in_recovery() as standby');
  if (rows[0]?.standby !== false) throw new StandbyMet();
}

/** Connections on which PostgreSQL has warned. None of them commits again: whoever finds one here drops it. */
const warned = new WeakSet<pg.ClientBase>();

/**
 * To be called when a connection has been made: PostgreSQL may warn of other things while it is made.
 *
 * PostgreSQL commits locally and only then waits for a standby. If that wait is cancelled, it answers COMMIT all the
 * same, after a mere warning, which has no SQLSTATE of its own and a text that is translated. Halo's statements cause
 * no warning of that SQLSTATE otherwise, so that each of them counts.
 */
export function hearWarnings(client: pg.ClientBase): void {
  client.on('notice', ({ code }) => {
    if (code === '01000') warned.add(client);
  });
}

/**
 * After PostgreSQL has acknowledged a COMMIT.
 *
 * @throws UnreplicatedCommit if it warned that a standby might not have it
 */
export function requireReplicated(client: pg.ClientBase): void {
  if (warned.has(client)) throw new UnreplicatedCommit();
}

/** The pool, for Kysely, which by itself would put back connections whatever became of them. */
export function dropsUnfit(pool: pg.Pool): PostgresPool {
  return {
    end: () => pool.end(),
    connect: async () => {
      const client = await pool.connect();
      let unfit = false;
      const query = async (text: string, values: readonly unknown[]) => {
        try {
          const result = await client.query(text, [...values]);
          requireReplicated(client);
          return result;
        } catch (error) {
          unfit ||= error instanceof UnreplicatedCommit || isReadOnly(error);
          throw error;
        }
      };
      return { query: query as never, release: () => client.release(unfit) };
    },
  };
}

function isReadOnly(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '25006';
}
