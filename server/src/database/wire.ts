import type { Duplex } from 'node:stream';
import pg from 'pg';
import { refuseStandby } from './connections.js';
import { Refused, UnreplicatedCommit } from './failure.js';
import { type Bound, bindMessages, executeMessage, syncMessage } from './wire-messages.js';
import { createWireReader, type WireMessage, type WireRow } from './wire-reader.js';

/**
 * A connection for hot statements, on which parameters and results travel in PostgreSQL's binary format.
 * node-postgres decodes every column of every row as UTF-8 text, so that it cannot read binary results, and a flight
 * of reads cost up to twice the CPU time in Node. It still makes the connection, with all
 * that belongs to it: addresses, TLS, authentication, settings. From then on this speaks the extended query protocol
 * on it alone (PostgreSQL's documentation, chapter 54).
 *
 * The statements of one `run` travel in one write and are one transaction: PostgreSQL commits at the Sync that
 * follows them. Any error closes the connection, which settles every doubt about its state.
 */
export interface Wire {
  /** False when it broke or was closed. */
  readonly isOpen: boolean;
  /**
   * One run at a time.
   *
   * @throws Refused when PostgreSQL failed a statement or ended the connection before all were done, and so rolled all
   * of them back; UnreplicatedCommit; a connection error when its answer is lost
   */
  run(statements: readonly Bound[]): Promise<WireRows>;
  close(): void;
}

/** Of each statement. */
export type WireRows = readonly (readonly WireRow[])[];

/** Later than PostgreSQL's own statement timeout, which tells what became of the statement. */
const answerMsMax = 20_000;

interface Run {
  /** How many statements there are. */
  readonly count: number;
  readonly rows: WireRow[][];
  current: WireRow[];
  error: Error | undefined;
  readonly resolve: (rows: WireRows) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * @param onError told when the connection breaks while it is idle
 * @throws what node-postgres throws when it cannot connect
 */
export async function connectWire(config: pg.ClientConfig, onError: (error: Error) => void): Promise<Wire> {
  const client = new pg.Client(config);
  const stream = await connected(client);
  const prepared = new Set<string>();
  let isOpen = true;
  let run: Run | undefined;

  const read = createWireReader(take);
  stream.removeAllListeners('data');
  stream.on('data', (chunk: Buffer) => {
    try {
      read(chunk);
    } catch (error) {
      breakDown(error as Error);
    }
  });
  client.on('error', breakDown);
  client.on('end', () => breakDown(new Error('Connection terminated unexpectedly')));

  function breakDown(error: Error): void {
    if (!isOpen) return;
    isOpen = false;
    if (run === undefined) onError(error);
    settle((broken) => broken.reject(error));
    stream.destroy();
  }

  function settle(how: (run: Run) => void): void {
    const settled = run;
    run = undefined;
    if (settled === undefined) return;
    clearTimeout(settled.timer);
    how(settled);
  }

  function take(message: WireMessage): void {
    if (message.kind === 'error' && run === undefined) breakDown(message.error);
    if (run === undefined) return;
    if (message.kind === 'row') run.current.push(message.row);
    else if (message.kind === 'complete') {
      run.rows.push(run.current);
      run.current = [];
    } else if (message.kind === 'warning') run.error ??= warningOf(message.state);
    else if (message.kind === 'error') {
      // It comes in the place of what a statement answers. After the last of them, it may have come after the commit.
      const isRefused = run.rows.length < run.count;
      const error = isRefused ? new Refused('PostgreSQL refused.', { cause: message.error }) : message.error;
      // An ERROR is followed by PostgreSQL's readiness; anything graver, by the end of the connection.
      if (message.isFatal) breakDown(error);
      else run.error = error;
    } else if (run.error !== undefined) breakDown(run.error);
    else settle(({ resolve, rows }) => resolve(rows));
  }

  return {
    get isOpen() {
      return isOpen;
    },
    run: (statements) =>
      new Promise((resolve, reject) => {
        if (!isOpen || run !== undefined) {
          reject(new Error('Connection terminated: it is closed or busy.'));
          return;
        }
        const timer = setTimeout(() => breakDown(new Error('Query read timeout')), answerMsMax);
        run = {
          count: statements.length,
          rows: [],
          current: [],
          error: undefined,
          resolve,
          reject,
          timer,
        };
        stream.write(messagesOf(statements, prepared));
      }),
    close: () => {
      isOpen = false;
      settle((cut) => cut.reject(new Error('Connection terminated')));
      client.end().catch(() => stream.destroy());
    },
  };
}

/** The socket is node-postgres's own, which it holds where no type tells. */
async function connected(client: pg.Client): Promise<Duplex> {
  // Also while it is made: an error that nobody hears would end the process.
  client.on('error', () => {});
  await client.connect();
  await refuseStandby(client).catch(async (error: unknown) => {
    await client.end();
    throw error;
  });
  return (client as unknown as { readonly connection: { readonly stream: Duplex } }).connection.stream;
}

/** The one that tells of a commit without its standby has no SQLSTATE of its own (`connections.ts`). */
function warningOf(state: string): Error | undefined {
  return state === '01000' ? new UnreplicatedCommit() : undefined;
}

/** Whatever was not yet prepared on the connection is, on the way. */
function messagesOf(statements: readonly Bound[], prepared: Set<string>): Buffer {
  const parts: Buffer[] = [];
  for (const statement of statements) {
    parts.push(...bindMessages(statement, !prepared.has(statement.name)), executeMessage);
    prepared.add(statement.name);
  }
  parts.push(syncMessage);
  return Buffer.concat(parts);
}
