import type { Problem } from 'halo-contract';
import { ProblemError, UnreachableError } from './problem-error.js';

export interface Ask {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Below the origin, already escaped, such as `/v1/keys/a`. */
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, bytes as they are. */
  readonly body?: Uint8Array<ArrayBuffer> | object;
  readonly signal?: AbortSignal | undefined;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Sends one request and returns the answer of a success.
 *
 * Throws a `ProblemError` for a refusal, an `UnreachableError` when there is no answer, and the signal's
 * own error when it was aborted. Nothing is kept in the browser's HTTP cache: values are private, and
 * must not outlive the session on this device.
 */
export async function send(ask: Ask, accessToken?: string): Promise<Response> {
  const headers = new Headers(ask.headers);
  if (accessToken !== undefined) headers.set('Authorization', `Bearer ${accessToken}`);
  const bytes = ask.body instanceof Uint8Array;
  if (ask.body !== undefined && !bytes) headers.set('Content-Type', 'application/json');

  let response: Response;
  try {
    response = await fetch(ask.path + queryText(ask.query), {
      method: ask.method,
      headers,
      cache: 'no-store',
      credentials: 'same-origin',
      redirect: 'error',
      signal: ask.signal ?? null,
      body:
        ask.body === undefined
          ? null
          : bytes
            ? (ask.body as Uint8Array<ArrayBuffer>)
            : JSON.stringify(ask.body),
    });
  } catch (cause) {
    ask.signal?.throwIfAborted();
    throw new UnreachableError('No answer.', { cause });
  }
  if (!response.ok) throw new ProblemError(await readProblem(response), retryAfterOf(response));
  return response;
}

/** Returns the JSON of an answer, trusted to be what the contract says the operation answers. */
export async function readJson<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (cause) {
    throw new UnreachableError('The answer broke off.', { cause });
  }
}

/** Returns a query with its `?`, or an empty string when nothing is left to ask; empty strings are left out. */
export function queryText(query: Query = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
}

/** Halo says it in seconds; a date, which a proxy may send instead, is not worth the reading. */
function retryAfterOf(response: Response): number | undefined {
  const text = response.headers.get('Retry-After') ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** A proxy may answer in place of Halo, and not in JSON; the status is then all there is to tell. */
async function readProblem(response: Response): Promise<Problem> {
  const problem: Partial<Problem> | undefined = await response.json().catch(() => undefined);
  const requestId = response.headers.get('X-Request-Id') ?? '';
  if (typeof problem?.code === 'string' && typeof problem.detail === 'string') {
    return {
      type: '',
      title: 'Refused',
      status: response.status,
      request_id: requestId,
      ...problem,
    } as Problem;
  }
  return {
    type: 'about:blank',
    title: 'Unexpected answer',
    status: response.status,
    code: response.status === 401 ? 'unauthenticated' : response.status >= 500 ? 'unavailable' : 'internal',
    detail: `The server answered with status ${response.status}.`,
    request_id: requestId,
  };
}
