/**
 * The problem catalogue: every refusal Halo can answer, after RFC 9457. The code is the last segment of
 * the problem's `type`; status and title follow from it and from nothing else.
 */
export const problems = {
  'invalid-request': {
    status: 400,
    title: 'The request is not valid',
    description: 'A field, parameter or header is missing, unknown or malformed. `pointer` names it.',
  },
  'invalid-key': {
    status: 400,
    title: 'The key is not valid',
    description: 'A key is 1 to 1,024 bytes of UTF-8 without NUL and without lone surrogates.',
  },
  'invalid-value': {
    status: 400,
    title: 'The value is not valid',
    description: 'The metadata, content type or expiry sent with the value cannot be stored.',
  },
  'weak-password': {
    status: 400,
    title: 'The password is too weak',
    description: 'The password is too short, too long, or on the list of common and breached passwords.',
  },
  unauthenticated: {
    status: 401,
    title: 'Authentication is required',
    description: 'No credential was sent, or it is malformed, expired, or wrong.',
  },
  'session-ended': {
    status: 401,
    title: 'The session has ended',
    description: 'The credential was genuine, but its session was logged out, revoked or has expired.',
  },
  'insufficient-scope': {
    status: 403,
    title: 'The credential does not reach that far',
    description: 'The session or token is valid but does not allow this operation or this key.',
  },
  'cross-site': {
    status: 403,
    title: 'The request came from another site',
    description: 'A request that relies on the session cookie must come from the same origin.',
  },
  'sign-up-closed': {
    status: 403,
    title: 'Nobody can sign up here just like that',
    description: 'The operator has closed sign-up, or it takes an invite code that is still good.',
  },
  'account-disabled': {
    status: 403,
    title: 'The account is disabled',
    description: 'The operator has disabled the account. Its data is kept.',
  },
  'not-found': {
    status: 404,
    title: 'Not found',
    description: 'There is no such key or resource among those this account owns.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'The method is not allowed here',
    description: 'The resource exists, but not for this method. `Allow` lists those it has.',
  },
  'not-acceptable': {
    status: 406,
    title: 'No acceptable representation',
    description: 'None of the media types in `Accept` can be answered.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request took too long to arrive',
    description: 'Headers or body were not received in time.',
  },
  'check-failed': {
    status: 409,
    title: 'A check failed',
    description:
      'A key of the commit is not at the revision asked for. `check` is its index, `revision` the current one.',
  },
  'undo-conflict': {
    status: 409,
    title: 'The commit can no longer be undone',
    description:
      'Keys that it changed have changed since; `conflicts` lists them with their current revisions.',
  },
  'name-taken': {
    status: 409,
    title: 'The name is taken',
    description: 'Another account already has this name; letter case makes no difference.',
  },
  pruned: {
    status: 410,
    title: 'The history has been pruned',
    description: 'What was asked for is older than the history that is kept, or was purged.',
  },
  'precondition-failed': {
    status: 412,
    title: 'The precondition failed',
    description: '`If-Match` or `If-None-Match` does not hold. `revision` is the current one, 0 if absent.',
  },
  'too-large': {
    status: 413,
    title: 'The content is too large',
    description: 'The value or request body is over the limit.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The media type is not supported',
    description: 'The `Content-Type` is malformed, or not one this operation reads.',
  },
  'idempotency-mismatch': {
    status: 422,
    title: 'The idempotency key was used for something else',
    description: 'Within 24 hours the same `idempotency_key` stands for the same commit.',
  },
  'expectation-failed': {
    status: 417,
    title: 'The expectation cannot be met',
    description: '`Expect` may only be `100-continue`.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    description: 'Try again after the seconds in `Retry-After`.',
  },
  'headers-too-large': {
    status: 431,
    title: 'The request headers are too large',
    description: 'Request line and headers together may be 16 KiB.',
  },
  internal: {
    status: 500,
    title: 'Internal error',
    description: 'Something went wrong on the server. Quote the request id when asking about it.',
  },
  overloaded: {
    status: 503,
    title: 'The server is overloaded',
    description: 'The request was refused before any work was done. Try again after `Retry-After`.',
  },
  unavailable: {
    status: 503,
    title: 'The server is unavailable',
    description: 'The database cannot be reached, or the server is stopping. Nothing was changed.',
  },
  'outcome-unknown': {
    status: 503,
    title: 'The outcome is unknown',
    description:
      'The connection was lost while committing: the change may or may not have been made. Read before writing again.',
  },
  'quota-exceeded': {
    status: 507,
    title: 'The account is full',
    description:
      'The write would exceed the account’s number of keys, bytes or API tokens. `limit` names which.',
  },
} as const satisfies Record<string, ProblemKind>;

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly description: string;
}

export type ProblemCode = keyof typeof problems;

export const problemCodes = Object.keys(problems) as ProblemCode[];

/** Every problem's `type` is this path followed by its code; it leads to the reference. */
export const problemTypePrefix = '/docs#problem-';
