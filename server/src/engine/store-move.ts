import type { SetMutation } from './commit.js';

/** What one transaction did to a store. */
export interface StoreMove {
  readonly accountId: string;
  /** The store's revision before it, and after it. */
  readonly from: number;
  readonly revision: number;
  /** When it was written, in milliseconds since 1970. */
  readonly writtenAtMs: number;
  /** Every key that it changed, once. */
  readonly changed: readonly ChangedKey[];
}

export interface ChangedKey {
  readonly key: string;
  /** What it was set to last; undefined: anything may have become of it. */
  readonly last: { readonly revision: number; readonly set: SetMutation } | undefined;
}
