import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * The tokens that stand for a session by themselves: refresh tokens and API tokens. Both name their session,
 * so that it is found by its primary key, and carry a secret of which the database knows only a hash.
 *
 *     prefix, base64url(account id 8 · session id 12 · secret 32 · CRC-32 4)
 *
 * The checksum lets a mistyped or truncated token be refused, and a leaked one be recognised by a scanner,
 * without asking the database. It protects nothing: the secret does.
 */
export interface SessionToken {
  /** The account's id in decimal. */
  readonly accountId: string;
  /** 16 characters of base64url. */
  readonly sessionId: string;
  /** 32 random bytes, or what was derived from them. */
  readonly secret: Buffer;
}

export type SessionTokenKind = 'api' | 'refresh';

/** No prefix begins another, so that a token of one kind is never read as the other. */
const prefixes: Readonly<Record<SessionTokenKind, string>> = { api: 'halo_', refresh: 'halort_' };

const accountIdBytes = 8;
const sessionIdBytes = 12;
const secretBytes = 32;
const checksumBytes = 4;
const secretStart = accountIdBytes + sessionIdBytes;
const checksumStart = secretStart + secretBytes;
const tokenBytes = checksumStart + checksumBytes;

/** What the bytes have as base64url without padding: 75 characters. */
const encodedLength = Math.ceil((tokenBytes * 8) / 6);

const accountIdMax = 2n ** 63n - 1n;
const accountIdForm = /^[1-9][0-9]{0,18}$/;
const sessionIdForm = /^[A-Za-z0-9_-]{16}$/;

/** Returns a token's text. Throws when an id or the secret has the wrong form, which is a bug. */
export function encodeSessionToken(kind: SessionTokenKind, token: SessionToken): string {
  const { accountId, sessionId, secret } = token;
  if (!isAccountId(accountId) || !isSessionId(sessionId) || secret.length !== secretBytes) {
    throw new Error('A session token was to be made of ids or a secret of the wrong form.');
  }
  const bytes = Buffer.alloc(tokenBytes);
  bytes.writeBigInt64BE(BigInt(accountId));
  bytes.write(sessionId, accountIdBytes, 'base64url');
  secret.copy(bytes, secretStart);
  bytes.writeUInt32BE(checksum(kind, bytes), checksumStart);
  return prefixes[kind] + bytes.toString('base64url');
}

/** Returns what a token of that kind says, or undefined if the text is not one. Never throws. */
export function decodeSessionToken(kind: SessionTokenKind, text: string): SessionToken | undefined {
  const prefix = prefixes[kind];
  if (!text.startsWith(prefix) || text.length !== prefix.length + encodedLength) return undefined;
  const encoded = text.slice(prefix.length);
  const bytes = Buffer.from(encoded, 'base64url');
  // Node skips what is not base64url and ignores spare bits; only the canonical spelling is a token.
  if (bytes.length !== tokenBytes || bytes.toString('base64url') !== encoded) return undefined;
  if (bytes.readUInt32BE(checksumStart) !== checksum(kind, bytes)) return undefined;
  const accountId = bytes.readBigInt64BE();
  if (accountId <= 0n) return undefined;
  return {
    accountId: accountId.toString(),
    sessionId: bytes.toString('base64url', accountIdBytes, secretStart),
    secret: bytes.subarray(secretStart, checksumStart),
  };
}

/** Whether a text begins as API tokens do, and nothing else that Halo issues. */
export function looksLikeApiToken(text: string): boolean {
  return text.startsWith(prefixes.api);
}

/**
 * What the database keeps of a token: the SHA-256 of its whole text. The text and not the bare secret, so
 * that a secret rewritten under the other prefix, or for another session, has another hash.
 */
export function hashSessionToken(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export function newSessionId(): string {
  return randomBytes(sessionIdBytes).toString('base64url');
}

export function newSecret(): Buffer {
  return randomBytes(secretBytes);
}

/** Whether this is the canonical decimal of a positive 64-bit integer. */
export function isAccountId(value: unknown): value is string {
  return typeof value === 'string' && accountIdForm.test(value) && BigInt(value) <= accountIdMax;
}

export function isSessionId(value: unknown): value is string {
  return typeof value === 'string' && sessionIdForm.test(value);
}

function checksum(kind: SessionTokenKind, bytes: Buffer): number {
  return crc32(bytes.subarray(0, checksumStart), crc32(prefixes[kind]));
}
