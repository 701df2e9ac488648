import { createPrivateKey, createPublicKey, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { StartError } from '../errors.js';

/** What one HALO_SECRET yields. Key objects keep the bytes out of logs and inspection. */
export interface SecretKeys {
  /** The RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  readonly signingKey: KeyObject;
  readonly verifyingKey: KeyObject;
  readonly publicJwk: PublicJwk;
  /** Derives a refresh token's child from its parent. */
  readonly refreshKey: KeyObject;
  /** Hides whose attempts are counted. */
  readonly throttleKey: KeyObject;
}

export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
}

/** The first signs, all verify. */
export type Secrets = readonly [SecretKeys, ...SecretKeys[]];

/** As many bytes as the keys derived from it have: a shorter secret would be what an attacker guesses. */
export const secretBytesMin = 32;

const derivedBytes = 32;

/** RFC 8410: the DER of an Ed25519 private key is these bytes and its seed. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Labels keep the derived keys independent of each other; the number allows another scheme later. */
const signingLabel = 'halo access token Ed25519 seed 1';
const refreshLabel = 'halo refresh token chain 1';
const throttleLabel = 'halo throttle subject 1';

/**
 * Derives every key that Halo uses from its secrets with HKDF-SHA256 (RFC 5869), so that replicas which
 * share HALO_SECRET share keys and nothing has to be stored.
 *
 * @throws StartError when there is no secret, or one has fewer than 32 bytes
 */
export async function deriveSecrets(secrets: readonly string[]): Promise<Secrets> {
  const [first, ...rest] = secrets;
  if (first === undefined) {
    throw new StartError(
      'There is no secret to sign tokens with. Set HALO_SECRET to 32 random bytes or more.',
    );
  }
  return [await deriveKeys(first), ...(await Promise.all(rest.map(deriveKeys)))];
}

async function deriveKeys(secret: string): Promise<SecretKeys> {
  if (Buffer.byteLength(secret) < secretBytesMin) {
    throw new StartError(
      `A secret in HALO_SECRET has fewer than ${secretBytesMin} bytes. Make one with "openssl rand -base64 32".`,
    );
  }
  const seed = derive(secret, signingLabel);
  const signingKey = createPrivateKey({
    key: Buffer.concat([pkcs8Prefix, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const verifyingKey = createPublicKey(signingKey);
  const { x } = verifyingKey.export({ format: 'jwk' });
  if (x === undefined) throw new Error('An Ed25519 public key was exported without its x.');
  const kid = await calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x });
  return {
    kid,
    signingKey,
    verifyingKey,
    publicJwk: { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' },
    refreshKey: createSecretKey(derive(secret, refreshLabel)),
    throttleKey: createSecretKey(derive(secret, throttleLabel)),
  };
}

function derive(secret: string, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', label, derivedBytes));
}
