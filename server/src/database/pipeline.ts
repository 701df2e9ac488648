import type { Duplex } from 'node:stream';
import type pg from 'pg';

/**
 * Sends what `queue` queues on a pipelined client in one write. node-postgres writes each query by itself, and
 * each write wakes PostgreSQL: for a flight of eight statements that cost more than the statements' encoding.
 * The stream is node-postgres's own; nothing is done to it that node-postgres does not do itself.
 */
export function inOneWrite<Result>(client: pg.ClientBase, queue: () => Result): Result {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Duplex } }).connection;
  stream.cork();
  try {
    return queue();
  } finally {
    stream.uncork();
  }
}
