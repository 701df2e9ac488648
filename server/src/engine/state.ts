/** What a flight found in PostgreSQL, all read after the lock on the stores. */
export interface State {
  /** The time of the flight in milliseconds since 1970, by PostgreSQL's clock. */
  readonly nowMs: number;
  /** When the PostgreSQL that told it began to run; see `version-cache.ts`. Null: it did not say. */
  readonly serverStart: Buffer | null;
  readonly stores: ReadonlyMap<string, StoreState>;
  /** By the commit's place in the flight; undefined: the session has ended. */
  readonly sessions: readonly (SessionState | undefined)[];
}

export interface StoreState {
  readonly revision: number;
  readonly keys: number;
  readonly bytes: number;
  readonly keysMax: number;
  readonly bytesMax: number;
  /** Every key that the flight names or that its prefixes and undone commits contain. */
  readonly pointers: ReadonlyMap<string, Pointer>;
  /** Prefixes under which there are more keys than one mutation may change. */
  readonly crowdedPrefixes: ReadonlySet<string>;
  /** For each restore asked, by `pastName`. */
  readonly pasts: ReadonlyMap<string, Past>;
  /** The changes of each commit to undo, by revision; undefined: it was pruned or never was. */
  readonly undone: ReadonlyMap<number, readonly UndoneChange[]>;
  /** Answers already given, by idempotency key. */
  readonly answers: ReadonlyMap<string, GivenAnswer>;
}

export interface SessionState {
  readonly access: 'read' | 'write';
  readonly prefix: string;
}

/** What is known of a key: its live version, and the head of its history. */
export interface Pointer {
  readonly live: Live | undefined;
  /** The revision of its newest version, alive or in the trash; undefined when it has none. */
  readonly head: number | undefined;
}

export interface Live {
  readonly revision: number;
  /** What the key counts for in the account's bytes: itself, value and metadata. */
  readonly bytes: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly content: Content;
}

/** A value with its content type and metadata: new ones, or those of a version that is stored already. */
export type Content = NewContent | StoredContent;

export interface NewContent {
  readonly value: Uint8Array;
  readonly contentType: string;
  readonly metadata: string | null;
}

export interface StoredContent {
  readonly revision: number;
  readonly key: string;
  /** The value as text if it is short enough to be a number and the flight counts; else undefined. */
  readonly short: string | undefined;
}

/** What a key was at an earlier revision. */
export type Past = 'absent' | 'pruned' | PastVersion;

export interface PastVersion {
  /** Of key, value and metadata. */
  readonly bytes: number;
  readonly expiresAtMs: number | null;
  readonly content: StoredContent;
}

export interface UndoneChange {
  readonly key: string;
  /** What the key was before: `absent` also when it had been deleted. */
  readonly before: Past;
}

export interface GivenAnswer {
  readonly hash: Buffer;
  readonly answer: string;
}

export function pastName(key: string, revision: number): string {
  return `${revision} ${key}`;
}
