import type { Problem } from './wire.js';

/** The codes of refusals that have a meaning of their own to most programs; the server may answer others. */
export type HaloErrorCode =
  | 'unauthenticated'
  | 'session-ended'
  | 'insufficient-scope'
  | 'invalid-request'
  | 'invalid-key'
  | 'invalid-value'
  | 'check-failed'
  | 'precondition-failed'
  | 'undo-conflict'
  | 'pruned'
  | 'too-large'
  | 'quota-exceeded'
  | 'idempotency-mismatch'
  | 'rate-limited'
  | 'overloaded'
  | 'unavailable'
  | 'outcome-unknown'
  | 'unreachable'
  | 'incomplete'
  | (string & {});

/**
 * A request that did not succeed. `code` says why: a code of Halo's problem catalogue, or one of the client's own:
 * `unreachable` (no answer, and nothing was changed or nothing was to be), `outcome-unknown` (a write whose answer
 * was lost: read before writing again), `incomplete` (an answer that broke off).
 */
export class HaloError extends Error {
  override readonly name = 'HaloError';
  readonly code: HaloErrorCode;
  /** The HTTP status, or 0 when there was no answer. */
  readonly status: number;
  /** The whole problem document of the server, if there was one. */
  readonly problem: Problem | undefined;
  /** How long the server asks to wait before trying again, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Quote it when asking the operator about a failure. */
  readonly requestId: string | undefined;

  constructor(
    code: HaloErrorCode,
    message: string,
    options: {
      readonly status?: number;
      readonly problem?: Problem;
      readonly retryAfterMs?: number | undefined;
      readonly requestId?: string | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status ?? 0;
    this.problem = options.problem;
    this.retryAfterMs = options.retryAfterMs;
    this.requestId = options.problem?.request_id ?? options.requestId;
  }
}

/** Reads a refusal. A proxy may answer in Halo's place, and not in JSON; the status is then all there is to tell. */
export async function readProblem(response: Response): Promise<HaloError> {
  const { status, headers } = response;
  const problem = (await response.json().catch(() => undefined)) as Partial<Problem> | undefined;
  const retryAfter = headers.get('retry-after');
  const retryAfterMs =
    retryAfter === null || !/^\d+$/.test(retryAfter) ? undefined : Number(retryAfter) * 1_000;
  const told = { status, retryAfterMs, requestId: headers.get('x-request-id') ?? undefined };
  if (typeof problem?.code === 'string') {
    const message = problem.detail ?? problem.title ?? problem.code;
    return new HaloError(problem.code, message, { ...told, problem: problem as Problem });
  }
  const code = status === 401 ? 'unauthenticated' : status >= 500 ? 'unavailable' : 'invalid-request';
  return new HaloError(code, `The server answered with status ${status}.`, told);
}
