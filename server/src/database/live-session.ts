/** What a request proves itself with, before PostgreSQL has said whether the session lives. */
export interface Credential {
  readonly accountId: string;
  readonly sessionId: string;
  /** SHA-256 of an API token's secret, to compare with the stored one; undefined for a verified log-in. */
  readonly secretHash: Buffer | undefined;
}

/**
 * The SQL condition that session `s` lives and is proven: with $`hash` null the credential is a log-in whose
 * signature was verified, else the hash of an API token's secret. Every statement that reads or writes
 * somebody's data carries it; there is no other check, and no session is cached.
 */
export function sessionLives(hash: string): string {
  return `s.expires_at > now()
    and case when ${hash} is null then s.kind = 'login' else s.kind = 'token' and s.secret_hash = ${hash} end`;
}
