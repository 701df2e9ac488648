import type { TSchema } from 'typebox';
import type { ProblemCode } from './problems.js';

/** JSON; bytes with a media type of their own; or lines of JSON, each of which fits the schema. */
export type Content = TSchema | 'bytes' | 'none' | Lines;

export interface Lines {
  readonly lines: TSchema;
}

export interface Header {
  readonly name: string;
  readonly description: string;
}

export interface Operation {
  readonly id: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** `{key}` stands for the rest of the path, `{id}` for one segment. */
  readonly path: string;
  readonly tag: 'Accounts' | 'Security' | 'Keys' | 'History' | 'Server';
  readonly summary: string;
  readonly description?: string;
  /** Whether the operation asks for `Authorization: Bearer`. */
  readonly authenticated: boolean;
  readonly query?: TSchema;
  readonly body?: Content;
  readonly requestHeaders?: readonly Header[];
  readonly responseHeaders?: readonly Header[];
  /** What success looks like, by status. */
  readonly answers: Readonly<Record<number, { readonly description: string; readonly content: Content }>>;
  /** The refusals particular to this operation; `commonProblems` come on top. */
  readonly problems: readonly ProblemCode[];
}

/** What any operation may answer besides its own problems. */
export const commonProblems = [
  'request-timeout',
  'headers-too-large',
  'rate-limited',
  'internal',
  'overloaded',
  'unavailable',
] as const satisfies readonly ProblemCode[];

/** What reading a JSON body may come to. */
export const bodyProblems = ['invalid-request', 'unsupported-media-type', 'too-large'] as const;
/** What a credential may come to where scopes matter. */
export const credentialProblems = ['unauthenticated', 'session-ended', 'insufficient-scope'] as const;
/** What a conditional write may come to. */
export const writeProblems = ['precondition-failed', 'quota-exceeded', 'outcome-unknown'] as const;
