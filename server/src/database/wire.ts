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
 * follows them. Runs follow each other: one may be sent while those before it are out, so that PostgreSQL goes on to it
 * without waiting for us. Any error closes the connection, as soon as what was sent is done, which settles every doubt
 * about its state.
 */
export interface Wire {
  /** False when it takes no more runs: it broke, was closed, or had an error and is about to be. */
  readonly isOpen: boolean;
  /**
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
  /** Those that are out, in the order in which PostgreSQL answers them. */
  const runs: Run[] = [];

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

  /** @param followers what to tell the runs after the first, which PostgreSQL may have begun as little as not */
  function breakDown(error: Error, followers: Error = error): void {
    if (runs.length === 0 && isOpen) onError(error);
    isOpen = false;
    for (const [index, run] of runs.splice(0).entries()) settle(run).reject(index === 0 ? error : followers);
    stream.destroy();
  }

  function take(message: WireMessage): void {
    const run = runs[0];
    if (run === undefined) {
      if (message.kind === 'error') breakDown(message.error);
    } else if (message.kind === 'row') run.current.push(message.row);
    else if (message.kind === 'complete') {
      run.rows.push(run.current);
      run.current = [];
    } else if (message.kind === 'warning') run.error ??= warningOf(message.state);
    else if (message.kind === 'error') fail(run, message);
    else finish(run);
  }

  function fail(run: Run, { error: cause, isFatal }: Extract<WireMessage, { kind: 'error' }>): void {
    // It comes in the place of what a statement answers. After the last of them, it may have come after the commit.
    const isRefused = run.rows.length < run.count;
    const error = isRefused ? new Refused('PostgreSQL refused.', { cause }) : cause;
    // An ERROR is followed by PostgreSQL's readiness; anything graver, by the end of the connection.
    if (isFatal) breakDown(error, new Refused('PostgreSQL did not come to it.', { cause }));
    else run.error = error;
  }

  function finish(run: Run): void {
    runs.shift();
    if (run.error === undefined) settle(run).resolve(run.rows);
    else {
      isOpen = false;
      settle(run).reject(run.error);
    }
    if (!isOpen && runs.length === 0) stream.destroy();
  }

  return {
    get isOpen() {
      return isOpen;
    },
    run: (statements) =>
      new Promise((resolve, reject) => {
        if (!isOpen) {
          reject(new Error('Connection terminated: it is closed.'));
          return;
        }
        const timer = setTimeout(() => breakDown(new Error('Query read timeout')), answerMsMax);
        runs.push({
          count: statements.length,
          rows: [],
          current: [],
          error: undefined,
          resolve,
          reject,
          timer,
        });
        stream.write(messagesOf(statements, prepared));
      }),
    close: () => {
      isOpen = false;
      for (const cut of runs.splice(0)) settle(cut).reject(new Error('Connection terminated'));
      client.end().catch(() => stream.destroy());
    },
  };
}

/** Its timer ends, and with it what the wire has to do with it. */
function settle(run: Run): Run {
  clearTimeout(run.timer);
  return run;
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
