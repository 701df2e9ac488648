import { randomUUID } from 'node:crypto';
import { limits } from 'halo-contract';
import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { createMemo } from './memo.js';
import type { PublicJwk, Secrets } from './secrets.js';
import { isAccountId, isSessionId } from './session-token.js';

/**
 * What a verified access token says. It is a Credential as it stands: a hot request makes no copy, and the
 * requests of one token share one object, by which the engine's flights recognise them.
 */
export interface AccessClaims extends Credential {
  readonly expiresAtMs: number;
}

export interface Tokens {
  /** Signs an access token with the first secret. */
  issue(session: Session): Promise<{ readonly token: string; readonly expiresInS: number }>;
  /**
   * Returns the claims of a token, at once if this process has verified it before. Throws or rejects with
   * `unauthenticated` for any other string, and with `overloaded` when too many are being verified.
   */
  verify(token: string): AccessClaims | Promise<AccessClaims>;
  /** The public keys, as /.well-known/jwks.json publishes them. */
  readonly jwks: { readonly keys: readonly PublicJwk[] };
}

interface Session {
  readonly accountId: string;
  readonly sessionId: string;
}

const algorithm = 'EdDSA';
const type = 'at+jwt'; // RFC 9068
const issuer = 'halo';
const audience = 'halo';

/** Ours have some 390 characters. */
const tokenLengthMax = 1_024;

/** Three parts of base64url. Whether each is canonical is checked apart. */
const tokenForm = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** About half a KiB each: 10 MB at the most, for as many people as are active within a quarter of an hour. */
const memoMax = 20_000;

/** A thousand new tokens at once take 140 ms on two cores, which is as long as a request should wait. */
const verifyingMax = 1_000;

/** The only members of a header that Halo writes. Any other could only try to change how it is verified. */
const headerMembers = new Set(['alg', 'typ', 'kid']);

/**
 * Issues and verifies access tokens after RFC 8725: one algorithm, pinned type, issuer and audience, no clock
 * tolerance, and keys chosen by our own list alone. A verification costs about 180 µs, so that successes are
 * remembered by the whole token until it expires.
 *
 * @param now the clock, in milliseconds
 */
export function createTokens(secrets: Secrets, now: () => number = Date.now): Tokens {
  const [signing] = secrets;
  const keys = new Map(secrets.map(({ kid, verifyingKey }) => [kid, verifyingKey]));
  const memo = createMemo<AccessClaims>(memoMax);
  const verifying = new Map<string, Promise<AccessClaims>>();

  const chooseKey = (header: JWTHeaderParameters) => {
    if (header.alg !== algorithm || header.typ !== type || header.kid === undefined) throw invalid();
    if (Object.keys(header).some((member) => !headerMembers.has(member))) throw invalid();
    const key = keys.get(header.kid);
    if (key === undefined) throw invalid();
    return key;
  };

  const verifyNew = async (token: string): Promise<AccessClaims> => {
    try {
      const { payload } = await jwtVerify(token, chooseKey, {
        algorithms: [algorithm],
        typ: type,
        issuer,
        audience,
        requiredClaims: ['exp', 'iat', 'sub', 'sid'],
        clockTolerance: 0,
        currentDate: new Date(now()),
      });
      const claims = readClaims(payload);
      memo.set(token, claims);
      return claims;
    } catch (error) {
      throw refusal(error);
    } finally {
      verifying.delete(token);
    }
  };

  return {
    async issue({ accountId, sessionId }) {
      const issuedAt = Math.floor(now() / 1_000);
      const token = await new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: algorithm, typ: type, kid: signing.kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(accountId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + limits.accessTokenSeconds)
        .setJti(randomUUID())
        .sign(signing.signingKey);
      return { token, expiresInS: limits.accessTokenSeconds };
    },

    verify(token) {
      const known = memo.get(token);
      if (known !== undefined) {
        if (now() < known.expiresAtMs) return known;
        throw expired();
      }
      const shared = verifying.get(token);
      if (shared !== undefined) return shared;
      if (!isTokenShaped(token)) throw invalid();
      if (verifying.size >= verifyingMax) {
        throw new HaloError('overloaded', 'Too many access tokens are being verified.', { retryAfterS: 1 });
      }
      const verification = verifyNew(token);
      verifying.set(token, verification);
      return verification;
    },

    jwks: { keys: secrets.map(({ publicJwk }) => publicJwk) },
  };
}

/** Refuses, without cryptography, what no issued token looks like. */
function isTokenShaped(token: string): boolean {
  if (token.length > tokenLengthMax || !tokenForm.test(token)) return false;
  // The last character of a part has spare bits, which decoders ignore: without this, each signature would
  // have fifteen other spellings that verify as well.
  return token.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
}

function readClaims({ sub, sid, aud, exp, iat }: JWTPayload): AccessClaims {
  if (!isAccountId(sub) || !isSessionId(sid)) throw invalid();
  // jose would also take a list that contains the audience.
  if (aud !== audience || !Number.isSafeInteger(iat)) throw invalid();
  if (exp === undefined || !Number.isSafeInteger(exp)) throw invalid();
  return { accountId: sub, sessionId: sid, secretHash: undefined, expiresAtMs: exp * 1_000 };
}

function refusal(error: unknown): HaloError {
  if (error instanceof HaloError) return error;
  if (error instanceof errors.JWTExpired) return expired();
  return invalid(error);
}

function expired(): HaloError {
  return new HaloError('unauthenticated', 'The access token has expired.');
}

function invalid(cause?: unknown): HaloError {
  return new HaloError('unauthenticated', 'The access token is not valid.', { cause });
}
