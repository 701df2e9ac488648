import pg from 'pg';
import { HaloError } from '../errors.js';

interface FailureContext {
  /** Whether COMMIT had been sent, so that a lost connection leaves open what became of it. */
  readonly committing: boolean;
}

/**
 * Nothing was changed, for certain: PostgreSQL itself said so, with the error that is the cause, or it could not even
 * be asked, and the cause says why.
 */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** PostgreSQL restarts within seconds, and so does a fail-over; a second is the least a client should wait. */
const retryAfterS = 1;

/**
 * SQLSTATEs and classes that tell of the server's state rather than of the statement. A statement they
 * refuse has changed nothing.
 */
const unavailableStates = [
  /^08/, // connection exceptions
  /^53/, // insufficient resources: disk full, out of memory, too many connections
  /^57P0/, // shutting down, crashed, starting, database dropped
  /^58/, // system errors: the disk does not answer
  /^25006$/, // read only: the connection leads to a standby that was the primary
  /^25P0[34]$/, // idle-in-transaction and transaction timeouts
  /^40(001|P01)$/, // serialization failure, deadlock
  /^55P03$/, // lock timeout
  /^57014$/, // statement timeout
];

/** Of those, the ones that end the connection; one may arrive after COMMIT has taken effect locally. */
const disconnectingStates = [/^08/, /^57P0/];

/** Node's own codes for connections that cannot be made or break; a missing Unix socket is ENOENT. */
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'EACCES',
  'EAGAIN',
  'EMFILE',
]);

/** What pg, its pool and Kysely say when a connection is lost, late or closed: those errors have no code. */
const connectionMessages =
  /connection (terminated|error|ended)|not queryable|timeout (expired|exceeded)|read timeout|after calling end|driver has already been destroyed/i;

/** The server follows another one, and so shows what may be old and takes no writes. */
export class StandbyMet extends Error {
  constructor() {
    super('The server is a standby');
    this.name = 'StandbyMet';
  }
}

/** PostgreSQL committed, but gave up waiting for a standby: the next fail-over may lose it. */
export class UnreplicatedCommit extends Error {
  constructor() {
    super('PostgreSQL warned that the commit may not have reached a standby');
    this.name = 'UnreplicatedCommit';
  }
}

/**
 * Says in the problem catalogue's words what became of a failed query: `unavailable` when PostgreSQL cannot
 * be reached or cannot serve now, `outcome-unknown` when the connection was lost while committing or no standby
 * has the commit, and `internal` for everything else, which is a bug. A HaloError is returned as it is, so that one `catch`
 * serves refusals and failures alike. The original error becomes the cause.
 */
export function databaseError(error: unknown, { committing }: FailureContext): HaloError {
  if (error instanceof HaloError) return error;
  if (error instanceof Refused) return databaseError(error.cause, { committing: false });
  if (committing && isConnectionLost(error)) {
    return new HaloError(
      'outcome-unknown',
      'The connection to the database was lost while committing. The change may or may not have been made.',
      { cause: error },
    );
  }
  if (committing && error instanceof UnreplicatedCommit) {
    return new HaloError('outcome-unknown', 'The change was made, but it is not certain that it will last.', {
      cause: error,
    });
  }
  const met = error instanceof UnreplicatedCommit || error instanceof StandbyMet;
  if (met || isConnectionLost(error) || hasState(error, unavailableStates)) {
    return new HaloError('unavailable', 'The database cannot be reached at the moment.', {
      cause: error,
      retryAfterS,
    });
  }
  return new HaloError('internal', 'Something went wrong on the server.', { cause: error });
}

/**
 * Whether a failure to connect tells of a server that is there but not yet ready: starting, stopping, a standby, or
 * a proxy that hangs up because it knows of no leader.
 */
export function isPassing(error: unknown): boolean {
  if (error instanceof StandbyMet || hasState(error, [/^57P0[1-3]$/])) return true;
  if (!(error instanceof Error) || error instanceof pg.DatabaseError) return false;
  return /connection terminated unexpectedly/i.test(error.message) || codeOf(error) === 'ECONNRESET';
}

/** Whether a statement was refused because of the unique index or constraint of that name. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return error instanceof pg.DatabaseError && error.code === '23505' && error.constraint === constraint;
}

function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof pg.DatabaseError) return hasState(error, disconnectingStates);
  return connectionCodes.has(codeOf(error)) || connectionMessages.test(error.message);
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function hasState(error: unknown, states: readonly RegExp[]): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  const { code } = error;
  return code !== undefined && states.some((state) => state.test(code));
}
