import type { Problem, ProblemCode } from 'halo-contract';

/** A refusal of the server, as RFC 9457 puts it. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;
  /** Seconds after which trying again makes sense, if the server said. */
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: Problem, retryAfterSeconds?: number) {
    super(problem.detail);
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  is(...codes: ProblemCode[]): boolean {
    return (codes as string[]).includes(this.problem.code);
  }
}

/** The server could not be reached, or the answer broke off. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** Returns whether asking again may help without anything else changing. */
export function isTransient(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  return error instanceof ProblemError && error.is('overloaded', 'unavailable', 'request-timeout');
}

export interface Explanation {
  readonly title: string;
  readonly detail: string;
  readonly requestId?: string;
}

/** Returns what to tell a person about any error; an unknown one gets no more than that it happened. */
export function explain(error: unknown): Explanation {
  if (error instanceof ProblemError) {
    const { title, detail, request_id } = error.problem;
    return { title, detail, ...(request_id ? { requestId: request_id } : {}) };
  }
  if (error instanceof UnreachableError) {
    return { title: 'Halo cannot be reached', detail: 'Check the connection, then try again.' };
  }
  return { title: 'Something went wrong', detail: 'Reload the page and try again.' };
}
