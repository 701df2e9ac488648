import { type ProblemCode, problems } from 'halo-contract';
import { HaloError } from '../../../errors.js';
import type { Answer } from '../mount.js';

/** A refusal with the number that clients of Workers KV know. */
export class KvRefusal extends HaloError {
  readonly kvCode: number;
  readonly kvStatus: number;

  constructor(code: ProblemCode, kvCode: number, detail: string, kvStatus: number = problems[code].status) {
    super(code, detail);
    this.kvCode = kvCode;
    this.kvStatus = kvStatus;
  }
}

export const namespaceNotFound = () => new KvRefusal('not-found', 10013, 'namespace not found');
export const keyNotFound = () => new KvRefusal('not-found', 10009, 'key not found');

/** Cloudflare's number for a credential that does not do, whatever the reason. */
const authenticationError = 10000;
/** Where no number is known, the status stands for it. */
const known: Readonly<Partial<Record<ProblemCode, readonly [status: number, code: number]>>> = {
  unauthenticated: [401, authenticationError],
  'session-ended': [401, authenticationError],
  'insufficient-scope': [403, authenticationError],
  'method-not-allowed': [405, 7001],
  'not-found': [404, 7003],
  // A full account is no fault of the server, and clients would try a 507 again.
  'quota-exceeded': [403, 403],
};

/** The envelope of a refusal. */
export function refusalAnswer(error: HaloError): Answer {
  const { status } = problems[error.code];
  const [kvStatus, code] =
    error instanceof KvRefusal ? [error.kvStatus, error.kvCode] : (known[error.code] ?? [status, status]);
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (typeof error.extra?.allow === 'string') headers.allow = error.extra.allow;
  const body = {
    result: null,
    success: false,
    errors: [{ code, message: error.message }],
    messages: [],
  };
  return { status: kvStatus, headers, body: JSON.stringify(body) };
}

/** The envelope of a success. `result` is JSON already. */
export function resultAnswer(result: string, rest: object = {}): Answer {
  const tail = JSON.stringify({ success: true, errors: [], messages: [], ...rest });
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: `{"result":${result},${tail.slice(1)}`,
  };
}
