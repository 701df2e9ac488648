/** When a key ends by itself. Left out: never. */
export interface Expiry {
  /** Seconds from now, to the millisecond; `keep` leaves the present expiry. */
  readonly ttl?: number | 'keep' | undefined;
  readonly expiresAt?: Date | undefined;
}

/** As queries and mutations carry it. */
export function wireExpiry({ ttl, expiresAt }: Expiry): { ttl?: number | 'keep'; expires_at?: string } {
  return {
    ...(ttl === undefined ? {} : { ttl }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt.toISOString() }),
  };
}
