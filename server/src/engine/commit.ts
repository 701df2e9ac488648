import type { Credential } from '../database/live-session.js';

/** What a caller asks to be done: all of it or nothing, in one revision. */
export interface Commit {
  /** Undefined for Halo itself, which sweeps what has expired. */
  readonly credential: Credential | undefined;
  readonly accountId: string;
  readonly checks: readonly Check[];
  readonly mutations: readonly Mutation[];
  /** Judge as if, and change nothing. */
  readonly dryRun: boolean;
  readonly idempotency: Idempotency | undefined;
}

/** The key must be at this revision when the commit begins; 0: it must not exist. */
export interface Check {
  readonly key: string;
  readonly revision: number;
}

/** The same key with the same hash within 24 h gets the first answer again; with another hash, a refusal. */
export interface Idempotency {
  readonly key: string;
  /** SHA-256 of what was asked. */
  readonly hash: Buffer;
}

export type Mutation =
  | SetMutation
  | DeleteMutation
  | NumberMutation
  | TouchMutation
  | RestoreMutation
  | TransferMutation
  | DeletePrefixMutation
  | TransferPrefixMutation
  | UndoMutation
  | SweepMutation;

export interface SetMutation {
  readonly kind: 'set';
  readonly key: string;
  readonly value: Uint8Array;
  readonly contentType: string;
  /** JSON text. */
  readonly metadata: string | null;
  readonly expiry: Expiry;
  readonly condition: Condition | undefined;
}

export interface DeleteMutation {
  readonly kind: 'delete';
  readonly key: string;
  readonly condition: Condition | undefined;
}

/** The value is a signed 64-bit integer in decimal text; an absent key counts as 0 for `add` only. */
export interface NumberMutation {
  readonly kind: 'add' | 'min' | 'max';
  readonly key: string;
  readonly operand: bigint;
}

export interface TouchMutation {
  readonly kind: 'touch';
  readonly key: string;
  readonly expiry: Expiry;
}

export interface RestoreMutation {
  readonly kind: 'restore';
  readonly key: string;
  /** The key is set to what it was when this was the newest revision. */
  readonly revision: number;
}

export interface TransferMutation {
  readonly kind: 'copy' | 'move';
  readonly from: string;
  readonly to: string;
}

export interface DeletePrefixMutation {
  readonly kind: 'delete_prefix';
  readonly prefix: string;
}

export interface TransferPrefixMutation {
  readonly kind: 'copy_prefix' | 'move_prefix';
  readonly from: string;
  readonly to: string;
}

/** Reverses every change of one commit. */
export interface UndoMutation {
  readonly kind: 'undo';
  readonly revision: number;
}

/** Only names keys, so that the flight finds those among them that have expired. */
export interface SweepMutation {
  readonly kind: 'sweep';
  readonly keys: readonly string[];
}

export type Expiry = 'never' | 'keep' | { readonly ttlMs: number } | { readonly atMs: number };

/** `If-Match` and `If-None-Match`: `*` stands for any revision. */
export interface Condition {
  readonly match: '*' | readonly number[] | undefined;
  readonly noneMatch: '*' | readonly number[] | undefined;
}

/** The keys that a mutation names; prefixes and undo name more, which PostgreSQL has to tell. */
export function keysNamed(mutation: Mutation): readonly string[] {
  switch (mutation.kind) {
    case 'copy':
    case 'move':
      return [mutation.from, mutation.to];
    case 'sweep':
      return mutation.keys;
    case 'delete_prefix':
    case 'copy_prefix':
    case 'move_prefix':
    case 'undo':
      return [];
    default:
      return [mutation.key];
  }
}
