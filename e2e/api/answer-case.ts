import type { OperationName, ProblemCode } from 'halo-contract';
import type { Halo, Headers, Person } from '../halo.js';

/** One way to make an operation give one of the answers that the contract documents for it. */
export interface AnswerCase {
  readonly operation: OperationName;
  /** A status of `answers`, or one of `problems`. */
  readonly proves: number | ProblemCode;
  /** Completes "… when": what the request is like. */
  readonly when: string;
  /** Prepares what is needed and says what to send. Method and path come from the contract. */
  readonly send: (halo: Halo, person: Person) => Promise<Sending> | Sending;
}

export interface Sending {
  readonly key?: string;
  /** What stands in the path, where encoding a key could not produce it. */
  readonly rawKey?: string;
  /** For paths with `{id}`. */
  readonly id?: string;
  readonly query?: string;
  readonly headers?: Headers;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Instead of the person's own credential; null for none. */
  readonly token?: string | null;
}

/** A JSON body with its content type. */
export function json(content: unknown, headers: Headers = {}): Sending {
  return { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(content) };
}

/** A genuine credential whose session is over. */
export async function endedToken(halo: Halo, person: Person): Promise<string> {
  const session = await halo.logIn(person);
  await halo.logOut(session);
  return session.accessToken;
}
