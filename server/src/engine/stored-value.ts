/** A version of a key, as it is handed out. */
export interface StoredValue {
  readonly revision: number;
  /** Shared with whoever else reads it: not to be written to. */
  readonly value: Buffer;
  readonly contentType: string;
  /** JSON text. */
  readonly metadata: string | null;
  /** Since 1970, like the two below. */
  readonly createdAtMs: number;
  readonly writtenAtMs: number;
  readonly expiresAtMs: number | null;
}
