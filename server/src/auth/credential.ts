import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { decodeSessionToken, hashSessionToken, looksLikeApiToken } from './session-token.js';
import type { Tokens } from './tokens.js';

export type { Credential };

/** RFC 6750: the scheme, in any case, and one space. */
const scheme = 'bearer ';

/**
 * Reads an `Authorization` header without I/O. An API token is only decoded, its secret is compared by the
 * statement that serves the request; anything else is a JWT, whose signature is verified. Returns at once,
 * not with a promise, for an API token and for a JWT that was verified before: that is every hot request.
 *
 * Throws or rejects with `unauthenticated` for a header that is missing, malformed, or proves nothing.
 */
export function readCredential(
  authorization: string | undefined,
  tokens: Pick<Tokens, 'verify'>,
): Credential | Promise<Credential> {
  if (authorization === undefined) {
    throw new HaloError('unauthenticated', 'Send an access token or an API token as Authorization: Bearer.');
  }
  if (authorization.slice(0, scheme.length).toLowerCase() !== scheme) {
    throw new HaloError('unauthenticated', 'The Authorization header is not of the form "Bearer <token>".');
  }
  const token = authorization.slice(scheme.length);
  return looksLikeApiToken(token) ? readApiToken(token) : tokens.verify(token);
}

function readApiToken(text: string): Credential {
  const token = decodeSessionToken('api', text);
  if (token === undefined) {
    throw new HaloError('unauthenticated', 'The API token is misspelled or incomplete.');
  }
  return {
    accountId: token.accountId,
    sessionId: token.sessionId,
    secretHash: hashSessionToken(text),
  };
}
