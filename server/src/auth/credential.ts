import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { createMemo } from './memo.js';
import { decodeApiToken, hashSessionToken, looksLikeApiToken } from './session-token.js';
import type { Tokens } from './tokens.js';

export type { Credential };

/** RFC 6750: the scheme, in any case, and one space. */
const scheme = 'bearer ';

/** A hundred bytes and the credential, or twice a JWT, each: some 30 MB at the most. */
const memoMax = 20_000;

/**
 * Makes a reader of `Authorization` headers. It does no I/O: an API token is only decoded, its secret is compared
 * by the statement that serves the request; anything else is a JWT, whose signature is verified. It returns at
 * once, not with a promise, for an API token and for a JWT that was verified before: that is every hot request.
 * The requests of one token share one Credential, by which flights and counters recognise them.
 *
 * @returns a function that throws or rejects with `unauthenticated` for a header that is missing, malformed, or
 * proves nothing
 */
export function createCredentialReader(
  tokens: Pick<Tokens, 'verify'>,
): (authorization: string | undefined) => Credential | Promise<Credential> {
  const memo = createMemo<Credential>(memoMax);
  // V8 reckons the hash of a string once, which for a JWT costs more than a look-up: the same header must lead to the
  // same string. Only of tokens that were accepted, or anybody could fill the memory.
  const tokenOf = createMemo<string>(memoMax);

  function read(token: string): Credential | Promise<Credential> {
    if (!looksLikeApiToken(token)) return tokens.verify(token);
    const known = memo.get(token);
    if (known !== undefined) return known;
    const credential = readApiToken(token);
    memo.set(token, credential);
    return credential;
  }

  return (authorization) => {
    const known = authorization === undefined ? undefined : tokenOf.get(authorization);
    if (known !== undefined) return read(known);
    const token = bearerOf(authorization);
    const credential = read(token);
    if (authorization !== undefined && !(credential instanceof Promise)) tokenOf.set(authorization, token);
    return credential;
  };
}

function bearerOf(authorization: string | undefined): string {
  if (authorization === undefined) {
    throw new HaloError('unauthenticated', 'Send an access token or an API token as Authorization: Bearer.');
  }
  if (authorization.slice(0, scheme.length).toLowerCase() !== scheme) {
    throw new HaloError('unauthenticated', 'The Authorization header is not of the form "Bearer <token>".');
  }
  return authorization.slice(scheme.length);
}

function readApiToken(text: string): Credential {
  const token = decodeApiToken(text);
  if (token === undefined) {
    throw new HaloError('unauthenticated', 'The API token is misspelled or incomplete.');
  }
  return {
    accountId: token.accountId,
    sessionId: token.sessionId,
    secretHash: hashSessionToken(text),
  };
}
