import { createHash, createHmac, type KeyObject, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * The tokens that stand for a session by themselves: refresh tokens and API tokens. Both name their session,
 * so that it is found by its primary key, and carry a secret of which the database knows only a hash.
 *
 *     prefix, base64url(account id 8 · session id 12 · secret 32 · seal 4)
 *
 * An API token's seal is a CRC-32: it lets a mistyped or truncated token be refused, and a leaked one be
 * recognised by a scanner, without asking anybody. It protects nothing: the secret does. A refresh token's seal is
 * a MAC, because presenting a wrong one has an effect: it ends the session as stolen, which nobody who merely knows
 * the session's id must be able to cause.
 */
export interface SessionToken {
  /** The account's id in decimal. */
  readonly accountId: string;
  /** 16 characters of base64url. */
  readonly sessionId: string;
  /** 32 random bytes, or what was derived from them. */
  readonly secret: Buffer;
}

/** Neither prefix begins the other, so that a token of one kind is never read as the other. */
const apiPrefix = 'halo_';
const refreshPrefix = 'halort_';

const accountIdBytes = 8;
const sessionIdBytes = 12;
const secretBytes = 32;
const sealBytes = 4;
const secretStart = accountIdBytes + sessionIdBytes;
const sealStart = secretStart + secretBytes;
const tokenBytes = sealStart + sealBytes;

/** What the bytes have as base64url without padding: 75 characters. */
const encodedLength = Math.ceil((tokenBytes * 8) / 6);

const accountIdMax = 2n ** 63n - 1n;
const accountIdForm = /^[1-9][0-9]{0,18}$/;
const sessionIdForm = /^[A-Za-z0-9_-]{16}$/;

/** The last four bytes of a token, from all the others. */
type Seal = (body: Buffer) => number;

const crcSeal: Seal = (body) => crc32(body, crc32(apiPrefix));

function macSeal(key: KeyObject): Seal {
  return (body) => createHmac('sha256', key).update(refreshPrefix).update(body).digest().readUInt32BE();
}

/** Returns the text of an API token. Throws when an id or the secret has the wrong form, which is a bug. */
export function encodeApiToken(token: SessionToken): string {
  return encode(apiPrefix, token, crcSeal);
}

/** Returns what an API token says, or undefined if the text is not one. Never throws. */
export function decodeApiToken(text: string): SessionToken | undefined {
  return decode(apiPrefix, text, [crcSeal]);
}

/** Returns the text of a refresh token. Throws when an id or the secret has the wrong form, which is a bug. */
export function encodeRefreshToken(token: SessionToken, key: KeyObject): string {
  return encode(refreshPrefix, token, macSeal(key));
}

/**
 * Returns what a refresh token says that was sealed with one of the keys, or undefined if the text is not one.
 * Never throws.
 */
export function decodeRefreshToken(text: string, keys: readonly KeyObject[]): SessionToken | undefined {
  return decode(refreshPrefix, text, keys.map(macSeal));
}

function encode(prefix: string, { accountId, sessionId, secret }: SessionToken, seal: Seal): string {
  if (!isAccountId(accountId) || !isSessionId(sessionId) || secret.length !== secretBytes) {
    throw new Error('A session token was to be made of ids or a secret of the wrong form.');
  }
  const bytes = Buffer.alloc(tokenBytes);
  bytes.writeBigInt64BE(BigInt(accountId));
  bytes.write(sessionId, accountIdBytes, 'base64url');
  secret.copy(bytes, secretStart);
  bytes.writeUInt32BE(seal(bytes.subarray(0, sealStart)), sealStart);
  return prefix + bytes.toString('base64url');
}

function decode(prefix: string, text: string, seals: readonly Seal[]): SessionToken | undefined {
  if (!text.startsWith(prefix) || text.length !== prefix.length + encodedLength) return undefined;
  const encoded = text.slice(prefix.length);
  const bytes = Buffer.from(encoded, 'base64url');
  // Node skips what is not base64url and ignores spare bits; only the canonical spelling is a token.
  if (bytes.length !== tokenBytes || bytes.toString('base64url') !== encoded) return undefined;
  const body = bytes.subarray(0, sealStart);
  const sealed = bytes.readUInt32BE(sealStart);
  if (!seals.some((seal) => seal(body) === sealed)) return undefined;
  const accountId = bytes.readBigInt64BE();
  if (accountId <= 0n) return undefined;
  return {
    accountId: accountId.toString(),
    sessionId: bytes.toString('base64url', accountIdBytes, secretStart),
    secret: bytes.subarray(secretStart, sealStart),
  };
}

/** Whether a text begins as API tokens do, and nothing else that Halo issues. */
export function looksLikeApiToken(text: string): boolean {
  return text.startsWith(apiPrefix);
}

/**
 * What the database keeps of a token: the SHA-256 of its whole text. The text and not the bare secret, so
 * that a secret rewritten under the other prefix, or for another session, has another hash.
 */
export function hashSessionToken(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** None begins with a hyphen: whoever types the id into a command line would have it taken for an option. */
export function newSessionId(): string {
  const id = randomBytes(sessionIdBytes).toString('base64url');
  return id.startsWith('-') ? newSessionId() : id;
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
