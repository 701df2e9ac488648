import { type ProblemCode, problems } from 'halo-contract';
import type { HaloError } from '../../../errors.js';
import { CommandError, type Reply, Status } from './command.js';
import type { Outcome } from './run.js';

/** How strings are written: as text, in which what is not UTF-8 is lost, or as their bytes in base64. */
export type Encoding = 'text' | 'base64';

/** `{"result": …}`, or `{"error": …}`, of which the text is never encoded. */
export function outcomeJson(outcome: Outcome, encoding: Encoding): string {
  return outcome instanceof CommandError
    ? errorJson(outcome.message)
    : `{"result":${replyJson(outcome, encoding)}}`;
}

export function outcomesJson(outcomes: readonly Outcome[], encoding: Encoding): string {
  return `[${outcomes.map((outcome) => outcomeJson(outcome, encoding)).join(',')}]`;
}

export function errorJson(message: string): string {
  return JSON.stringify({ error: message });
}

function replyJson(reply: Reply, encoding: Encoding): string {
  // A counter beyond 2^53 is written in full; what a client makes of it is its own.
  if (reply === null || typeof reply === 'number' || typeof reply === 'bigint') return String(reply);
  if (Buffer.isBuffer(reply)) {
    return encoding === 'base64' ? `"${reply.toString('base64')}"` : JSON.stringify(reply.toString());
  }
  if (reply instanceof Status) return statusJson(reply.text, encoding);
  return `[${reply.map((one) => replyJson(one, encoding)).join(',')}]`;
}

/** OK is the one string that is never encoded. */
function statusJson(text: string, encoding: Encoding): string {
  return JSON.stringify(encoding === 'text' || text === 'OK' ? text : Buffer.from(text).toString('base64'));
}

/** Statuses that clients tell apart; whatever else is wrong with a command is 400. */
const kept: ReadonlySet<number> = new Set([401, 403, 405, 408, 413, 429, 500, 503]);

export function statusOf(code: ProblemCode): number {
  const { status } = problems[code];
  return kept.has(status) ? status : 400;
}

/** Words that clients of Redis look for. */
const words: Partial<Record<ProblemCode, string>> = {
  unauthenticated: 'WRONGPASS',
  'session-ended': 'WRONGPASS',
  'insufficient-scope': 'NOPERM',
  'quota-exceeded': 'OOM',
};

export function wordsOf({ code, message }: HaloError): string {
  return `${words[code] ?? 'ERR'} ${message}`;
}

/** What does not concern one command, but all that would come after it. */
export function concernsAll({ code }: HaloError): boolean {
  return [401, 500, 503].includes(problems[code].status);
}
