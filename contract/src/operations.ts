import type { TSchema } from 'typebox';
import { Type } from 'typebox';
import { AccountView, Credentials, Grant, KeySet, RefreshRequest } from './accounts.js';
import { DeleteQuery, DeleteResult, EntryList, ListQuery, PutQuery, PutResult } from './entries.js';
import type { ProblemCode } from './problems.js';

/** Bytes with a media type of their own, rather than JSON. */
export type Content = TSchema | 'bytes' | 'none';

export interface Header {
  readonly name: string;
  readonly description: string;
}

export interface Operation {
  readonly id: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** `{key}` stands for the rest of the path. */
  readonly path: string;
  readonly tag: 'Accounts' | 'Keys' | 'Server';
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
  'internal',
  'overloaded',
  'unavailable',
] as const satisfies readonly ProblemCode[];

const credentialProblems = ['unauthenticated', 'session-ended', 'insufficient-scope'] as const;
const writeProblems = ['precondition-failed', 'quota-exceeded', 'outcome-unknown'] as const;

const ifMatch = {
  name: 'If-Match',
  description: 'Go on only if the key’s revision is this one, such as `"42"`; `*` asks that it exists.',
};
const ifNoneMatch = {
  name: 'If-None-Match',
  description: '`*` goes on only if the key does not exist; a revision, only if it is another.',
};
const entryHeaders = [
  { name: 'ETag', description: 'The key’s revision in quotes.' },
  { name: 'Last-Modified', description: 'When this revision was written.' },
  { name: 'Halo-Revision', description: 'The key’s revision.' },
  { name: 'Halo-Created-At', description: 'When the key came into being, RFC 3339.' },
  { name: 'Halo-Expires-At', description: 'When it expires, RFC 3339; absent if it does not.' },
  { name: 'Halo-Metadata', description: 'The metadata, a JSON object; absent if there is none.' },
];

const readKey = {
  path: '/v1/keys/{key}',
  tag: 'Keys',
  authenticated: true,
  requestHeaders: [{ name: 'If-None-Match', description: 'Answer 304 if the revision is still this one.' }],
  responseHeaders: entryHeaders,
  problems: [...credentialProblems, 'invalid-request', 'invalid-key', 'not-found'],
} as const;

/** Every operation of the wire, in the order of the reference. */
export const operations = {
  signUp: {
    id: 'signUp',
    method: 'POST',
    path: '/v1/auth/sign-up',
    tag: 'Accounts',
    summary: 'Create an account and log in',
    authenticated: false,
    body: Credentials,
    answers: { 201: { description: 'The account and its first session.', content: Grant } },
    problems: [
      'invalid-request',
      'weak-password',
      'name-taken',
      'cross-site',
      'unsupported-media-type',
      'too-large',
      'outcome-unknown',
    ],
  },
  logIn: {
    id: 'logIn',
    method: 'POST',
    path: '/v1/auth/log-in',
    tag: 'Accounts',
    summary: 'Log in',
    description: 'A wrong name and a wrong password get the same answer after the same time.',
    authenticated: false,
    body: Credentials,
    answers: { 200: { description: 'A new session.', content: Grant } },
    problems: [
      'invalid-request',
      'unauthenticated',
      'rate-limited',
      'cross-site',
      'unsupported-media-type',
      'too-large',
    ],
  },
  refresh: {
    id: 'refresh',
    method: 'POST',
    path: '/v1/auth/refresh',
    tag: 'Accounts',
    summary: 'Exchange a refresh token for a new pair',
    description:
      'Each refresh token is good once. Its immediate parent is honoured for 10 seconds; anything older ends the session.',
    authenticated: false,
    body: RefreshRequest,
    answers: { 200: { description: 'The same session with new tokens.', content: Grant } },
    problems: [
      'invalid-request',
      'unauthenticated',
      'session-ended',
      'cross-site',
      'unsupported-media-type',
      'too-large',
    ],
  },
  logOut: {
    id: 'logOut',
    method: 'POST',
    path: '/v1/auth/log-out',
    tag: 'Accounts',
    summary: 'Log out',
    description:
      'The session is dead on every replica when this returns. A browser may rely on its cookie alone.',
    authenticated: true,
    answers: { 204: { description: 'The session has ended.', content: 'none' } },
    problems: ['unauthenticated', 'session-ended', 'insufficient-scope', 'cross-site'],
  },
  getAccount: {
    id: 'getAccount',
    method: 'GET',
    path: '/v1/account',
    tag: 'Accounts',
    summary: 'Who is logged in, with limits and usage',
    authenticated: true,
    answers: { 200: { description: 'The account.', content: AccountView } },
    problems: ['unauthenticated', 'session-ended'],
  },
  listKeys: {
    id: 'listKeys',
    method: 'GET',
    path: '/v1/keys',
    tag: 'Keys',
    summary: 'List keys',
    description: 'In UTF-8 byte order, one consistent snapshot a page.',
    authenticated: true,
    query: ListQuery,
    answers: { 200: { description: 'A page of keys.', content: EntryList } },
    problems: ['unauthenticated', 'session-ended', 'invalid-request'],
  },
  getKey: {
    ...readKey,
    id: 'getKey',
    method: 'GET',
    summary: 'Get a value',
    answers: {
      200: { description: 'The value, byte for byte, with its content type.', content: 'bytes' },
      304: { description: 'Not modified.', content: 'none' },
    },
  },
  headKey: {
    ...readKey,
    id: 'headKey',
    method: 'HEAD',
    summary: 'Get a value’s headers',
    answers: {
      200: { description: 'The headers that GET would answer.', content: 'none' },
      304: { description: 'Not modified.', content: 'none' },
    },
  },
  putKey: {
    id: 'putKey',
    method: 'PUT',
    path: '/v1/keys/{key}',
    tag: 'Keys',
    summary: 'Set a value',
    description:
      'Sets value, content type, metadata and expiry together. The answer comes after the value is durable.',
    authenticated: true,
    query: PutQuery,
    body: 'bytes',
    requestHeaders: [
      { name: 'Content-Type', description: 'Stored with the value; `application/octet-stream` if left out.' },
      { name: 'Halo-Metadata', description: 'A JSON object of at most 1,024 bytes.' },
      ifMatch,
      ifNoneMatch,
    ],
    responseHeaders: [{ name: 'ETag', description: 'The new revision in quotes.' }],
    answers: {
      200: { description: 'The value was replaced.', content: PutResult },
      201: { description: 'The key was created.', content: PutResult },
    },
    problems: [
      ...credentialProblems,
      ...writeProblems,
      'invalid-request',
      'invalid-key',
      'invalid-value',
      'too-large',
      'unsupported-media-type',
    ],
  },
  deleteKey: {
    id: 'deleteKey',
    method: 'DELETE',
    path: '/v1/keys/{key}',
    tag: 'Keys',
    summary: 'Delete a key',
    description: 'Moves the key to the trash; its history stays.',
    authenticated: true,
    query: DeleteQuery,
    requestHeaders: [ifMatch],
    answers: { 200: { description: 'The key was deleted in this revision.', content: DeleteResult } },
    problems: [
      ...credentialProblems,
      'precondition-failed',
      'outcome-unknown',
      'invalid-request',
      'invalid-key',
      'not-found',
    ],
  },
  live: {
    id: 'live',
    method: 'GET',
    path: '/health/live',
    tag: 'Server',
    summary: 'Whether the process runs',
    authenticated: false,
    answers: { 200: { description: 'It runs.', content: Type.Object({ status: Type.Literal('live') }) } },
    problems: [],
  },
  ready: {
    id: 'ready',
    method: 'GET',
    path: '/health/ready',
    tag: 'Server',
    summary: 'Whether requests can be served',
    authenticated: false,
    answers: {
      200: { description: 'PostgreSQL answers.', content: Type.Object({ status: Type.Literal('ready') }) },
    },
    problems: [],
  },
  jwks: {
    id: 'jwks',
    method: 'GET',
    path: '/.well-known/jwks.json',
    tag: 'Server',
    summary: 'The public keys that verify access tokens',
    authenticated: false,
    answers: { 200: { description: 'A JSON Web Key Set, RFC 7517.', content: KeySet } },
    problems: [],
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;

export const operationNames = Object.keys(operations) as OperationName[];
