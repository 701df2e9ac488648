import { CommanderError } from 'commander';
import { HaloError } from 'halo-client';
import { CommandError } from 'halo-server/operator/command-error';
import { OutputClosed } from './terminal.js';

/** What `halo` exits with; docs/cli.md promises them. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  unauthorised: 3,
  absent: 4,
  unreachable: 5,
  interrupted: 130,
} as const;

export interface Failure {
  /** One line, or nothing when all has been said. */
  readonly message: string;
  readonly exitCode: number;
}

/** What to print of a failure and what to exit with; undefined when it is a defect or the server room's to tell. */
export function describeFailure(error: unknown): Failure | undefined {
  const isClosed =
    error instanceof OutputClosed || (error instanceof Error && 'code' in error && error.code === 'EPIPE');
  if (isClosed) return { message: '', exitCode: exitCodes.done };
  if (error instanceof CommandError) return { message: error.message, exitCode: error.exitCode };
  if (error instanceof HaloError) return describeRefusal(error);
  if (error instanceof CommanderError) return describeUsage(error);
  if (error instanceof Error && 'syscall' in error) {
    return { message: `${error.message}.`, exitCode: exitCodes.failed };
  }
  return undefined;
}

/** Codes after which there is something to do that the server's own sentence does not say. */
const remedies: Readonly<Record<string, string>> = {
  unauthenticated: 'Log in with "halo login".',
  'session-ended': 'Log in with "halo login".',
  'check-failed': 'Read the key again, and decide anew.',
  'precondition-failed': 'Read the key again with "halo get KEY --json", and decide anew.',
  'undo-conflict': 'See "halo history KEY" for what came since.',
  'quota-exceeded': 'Delete something, or ask the operator for more.',
  'outcome-unknown': 'Read before you write again.',
  'rate-limited': 'Wait a little and try again.',
  overloaded: 'Try again in a moment.',
  unavailable: 'Try again in a moment; "halo doctor" looks into it.',
  internal: 'Tell the operator.',
};

/** Nothing was sent when a connection fails for one of these. */
const unconnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function describeRefusal(error: HaloError): Failure {
  const { code, status, requestId } = error;
  const reason = connectionCode(error);
  if (code === 'unreachable' || (status === 0 && reason !== undefined && unconnected.has(reason))) {
    const why = reason === undefined ? '' : ` (${reason})`;
    return {
      message: `The server cannot be reached${why}. Check --url, HALO_URL and that it runs; "halo doctor" looks into it.`,
      exitCode: exitCodes.unreachable,
    };
  }
  const parts = [
    error.message,
    ...(remedies[code] === undefined ? [] : [remedies[code]]),
    ...(requestId === undefined ? [] : [`(request ${requestId})`]),
  ];
  return { message: parts.join(' '), exitCode: exitCodeOf(error) };
}

function exitCodeOf({ code, status }: HaloError): number {
  if (status === 401 || code === 'insufficient-scope' || code === 'account-disabled')
    return exitCodes.unauthorised;
  if (code === 'not-found' || code === 'pruned') return exitCodes.absent;
  return exitCodes.failed;
}

function connectionCode(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && !(cause instanceof HaloError)) return String(cause.code);
  }
  return undefined;
}

function describeUsage(error: CommanderError): Failure {
  // Help was asked for, or shown because a command was left out; it is printed already.
  if (error.exitCode === 0) return { message: '', exitCode: exitCodes.done };
  if (error.code === 'commander.help') return { message: '', exitCode: exitCodes.usage };
  const text = error.message
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .trim();
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  const sentence = /[.)?]$/.test(capital) ? capital : `${capital}.`;
  return { message: `${sentence} See --help.`, exitCode: exitCodes.usage };
}
