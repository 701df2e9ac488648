import { HaloError } from 'halo-client';
import type { ProblemCode } from 'halo-contract';

export interface Explanation {
  readonly title: string;
  readonly detail: string;
  readonly requestId?: string;
}

/** Returns what to tell a person about any error; an unknown one gets no more than that it happened. */
export function explain(error: unknown): Explanation {
  if (isUnanswered(error)) {
    return { title: 'Halo cannot be reached', detail: 'Check the connection, then try again.' };
  }
  if (error instanceof HaloError) {
    const { message: detail, problem, requestId } = error;
    const title = problem?.title ?? 'Unexpected answer';
    return { title, detail, ...(requestId ? { requestId } : {}) };
  }
  return { title: 'Something went wrong', detail: 'Reload the page and try again.' };
}

/** Returns the title for a write that failed, such as `Not deleted`, which a write whose answer was lost may not be. */
export function failureTitle(title: string, error: unknown): string {
  return hasCode(error, 'outcome-unknown') ? 'It is not known whether this was done' : title;
}

/** Those of the problem catalogue, and the SDK's own. */
type FailureCode = ProblemCode | 'unreachable' | 'incomplete';

/** Returns whether an error is a failed request with one of these codes. */
export function hasCode(error: unknown, ...codes: FailureCode[]): error is HaloError {
  return error instanceof HaloError && (codes as string[]).includes(error.code);
}

/**
 * Returns whether there was no whole answer. Nothing was done by a request that is `unreachable`; any other may have
 * been done all the same, also when it never left: a browser does not tell.
 */
export function isUnanswered(error: unknown): error is HaloError {
  if (!(error instanceof HaloError)) return false;
  return error.status === 0 || error.code === 'incomplete';
}

/** Returns whether reading again may help without anything else changing. */
export function isTransient(error: unknown): boolean {
  return hasCode(error, 'overloaded', 'unavailable', 'request-timeout', 'unreachable', 'incomplete');
}
