/** A version of a key as it is kept, with its value. */
export interface StoredValue {
  readonly revision: number;
  readonly value: Buffer;
  readonly contentType: string;
  /** JSON text. */
  readonly metadata: string | null;
  /** Since 1970, like the two below. */
  readonly createdAtMs: number;
  readonly writtenAtMs: number;
  readonly expiresAtMs: number | null;
}
