import { utf8Bytes } from 'halo-contract';
import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';

/**
 * Decides what a flight of commits does, from the state that PostgreSQL told and nothing else: pure, and
 * tested without a database. Its promises: commits are judged in order, each seeing those accepted before it
 * and nothing of those refused; an accepted commit takes exactly one revision, the next of its account; a
 * commit's mutations see the ones before them, and one that is refused refuses the whole commit.
 */
export function plan(state: State, commits: readonly Commit[]): Plan {
  const drafts = new Map<string, StoreDraft>();
  for (const [accountId, store] of state.stores) drafts.set(accountId, draftStore(store));
  const outcomes = commits.map((commit, index) => judge(state, drafts, commit, index));
  return { outcomes, stores: [...drafts].filter(([, draft]) => draft.versions.length > 0).map(finish) };
}

/** What a flight found, all read after the lock on the stores. */
export interface State {
  /** The time of the flight in milliseconds since 1970, by PostgreSQL's clock. */
  readonly nowMs: number;
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
  /** Every key that a commit of the flight names. */
  readonly pointers: ReadonlyMap<string, Pointer>;
}

export interface SessionState {
  readonly access: 'read' | 'write';
  readonly prefix: string;
}

/** What is known of a key: its live version, the head of its history, and in which tables it stands. */
export interface Pointer {
  readonly live: Live | undefined;
  /** The revision of its newest version, alive or in the trash; undefined when it has none. */
  readonly head: number | undefined;
}

export interface Live {
  readonly revision: number;
  readonly bytes: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
}

export interface Commit {
  readonly credential: Credential;
  readonly mutations: readonly Mutation[];
  /** Judge as if, and change nothing. */
  readonly dryRun: boolean;
}

export type Mutation = SetMutation | DeleteMutation;

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

export type Expiry = 'never' | 'keep' | { readonly ttlMs: number } | { readonly atMs: number };

/** `If-Match` and `If-None-Match`: `*` stands for any revision. */
export interface Condition {
  readonly match: '*' | readonly number[] | undefined;
  readonly noneMatch: '*' | readonly number[] | undefined;
}

export interface Plan {
  /** One for each commit, in order. */
  readonly outcomes: readonly (Accepted | HaloError)[];
  /** What to write: only stores that change. */
  readonly stores: readonly StoreChange[];
}

export interface Accepted {
  readonly revision: number;
  /** One for each mutation, in order. */
  readonly results: readonly { readonly key: string; readonly created: boolean }[];
}

export interface StoreChange {
  readonly accountId: string;
  readonly revision: number;
  readonly keys: number;
  readonly bytes: number;
  /** In revision order. */
  readonly versions: readonly Version[];
  readonly pointers: readonly PointerChange[];
}

export interface Version {
  readonly revision: number;
  readonly key: string;
  readonly previousRevision: number | undefined;
  readonly kind: 'set' | 'delete';
  readonly value: Uint8Array | null;
  readonly contentType: string | null;
  readonly metadata: string | null;
  readonly createdAtMs: number | null;
  readonly expiresAtMs: number | null;
  readonly actor: string;
}

/** How a key's pointer moved over the whole flight. */
export interface PointerChange {
  readonly key: string;
  readonly before: Pointer;
  readonly after: Pointer;
}

/** A store as the accepted commits of the flight leave it. */
interface StoreDraft {
  readonly initial: StoreState;
  revision: number;
  keys: number;
  bytes: number;
  readonly pointers: Map<string, Pointer>;
  readonly versions: Version[];
}

/** The changes of one commit, not yet taken over into the store. */
interface CommitDraft {
  readonly store: StoreDraft;
  readonly revision: number;
  readonly nowMs: number;
  readonly actor: string;
  keys: number;
  bytes: number;
  readonly pointers: Map<string, Pointer>;
  readonly versions: Version[];
}

const nothing: Pointer = { live: undefined, head: undefined };

function draftStore(store: StoreState): StoreDraft {
  const { revision, keys, bytes } = store;
  return { initial: store, revision, keys, bytes, pointers: new Map(), versions: [] };
}

function judge(
  state: State,
  drafts: Map<string, StoreDraft>,
  commit: Commit,
  index: number,
): Accepted | HaloError {
  const session = state.sessions[index];
  const store = drafts.get(commit.credential.accountId);
  if (session === undefined || store === undefined)
    return new HaloError('session-ended', 'The session has ended.');
  if (session.access !== 'write') return new HaloError('insufficient-scope', 'This token may only read.');
  const draft: CommitDraft = {
    store,
    revision: store.revision + 1,
    nowMs: state.nowMs,
    actor: commit.credential.sessionId,
    keys: store.keys,
    bytes: store.bytes,
    pointers: new Map(),
    versions: [],
  };
  const results: { key: string; created: boolean }[] = [];
  for (const mutation of commit.mutations) {
    if (!mutation.key.startsWith(session.prefix)) {
      return new HaloError('insufficient-scope', 'This token reaches only keys with its prefix.');
    }
    const refusal = apply(draft, mutation, results);
    if (refusal !== undefined) return refusal;
  }
  const overQuota = checkQuota(draft);
  if (overQuota !== undefined) return overQuota;
  if (!commit.dryRun) take(draft);
  return { revision: draft.revision, results };
}

function apply(
  draft: CommitDraft,
  mutation: Mutation,
  results: { key: string; created: boolean }[],
): HaloError | undefined {
  const pointer = pointerOf(draft, mutation.key);
  const live = isAlive(pointer.live, draft.nowMs) ? pointer.live : undefined;
  if (mutation.kind === 'delete' && live === undefined) {
    return new HaloError('not-found', 'There is no such key.');
  }
  const failed = checkCondition(mutation.condition, live);
  if (failed !== undefined) return failed;
  if (mutation.kind === 'delete') remove(draft, mutation.key, pointer);
  else {
    const refusal = set(draft, mutation, pointer, live);
    if (refusal !== undefined) return refusal;
  }
  results.push({ key: mutation.key, created: live === undefined });
  return undefined;
}

function set(
  draft: CommitDraft,
  mutation: SetMutation,
  pointer: Pointer,
  live: Live | undefined,
): HaloError | undefined {
  const expiresAtMs = expiryOf(mutation.expiry, live, draft.nowMs);
  if (expiresAtMs !== null && expiresAtMs <= draft.nowMs) {
    return new HaloError('invalid-value', 'The expiry lies in the past.', {
      extra: { pointer: '/expires_at' },
    });
  }
  const next: Live = {
    revision: draft.revision,
    bytes:
      utf8Bytes(mutation.key) +
      mutation.value.length +
      (mutation.metadata === null ? 0 : utf8Bytes(mutation.metadata)),
    createdAtMs: live?.createdAtMs ?? draft.nowMs,
    expiresAtMs,
  };
  draft.keys += pointer.live === undefined ? 1 : 0;
  draft.bytes += next.bytes - (pointer.live?.bytes ?? 0);
  draft.pointers.set(mutation.key, { live: next, head: draft.revision });
  draft.versions.push({
    revision: draft.revision,
    key: mutation.key,
    previousRevision: pointer.head,
    kind: 'set',
    value: mutation.value,
    contentType: mutation.contentType,
    metadata: mutation.metadata,
    createdAtMs: next.createdAtMs,
    expiresAtMs,
    actor: draft.actor,
  });
  return undefined;
}

function remove(draft: CommitDraft, key: string, pointer: Pointer): void {
  draft.keys -= 1;
  draft.bytes -= pointer.live?.bytes ?? 0;
  draft.pointers.set(key, { live: undefined, head: draft.revision });
  draft.versions.push({
    revision: draft.revision,
    key,
    previousRevision: pointer.head,
    kind: 'delete',
    value: null,
    contentType: null,
    metadata: null,
    createdAtMs: null,
    expiresAtMs: null,
    actor: draft.actor,
  });
}

function expiryOf(expiry: Expiry, live: Live | undefined, nowMs: number): number | null {
  if (expiry === 'never') return null;
  if (expiry === 'keep') return live?.expiresAtMs ?? null;
  return 'ttlMs' in expiry ? nowMs + expiry.ttlMs : expiry.atMs;
}

function checkCondition(condition: Condition | undefined, live: Live | undefined): HaloError | undefined {
  if (condition === undefined) return undefined;
  const { match, noneMatch } = condition;
  const matches = match === undefined || names(match, live);
  const noneMatches = noneMatch === undefined || !names(noneMatch, live);
  if (matches && noneMatches) return undefined;
  const detail = live === undefined ? 'The key does not exist.' : `The key is at revision ${live.revision}.`;
  return new HaloError('precondition-failed', detail, { extra: { revision: live?.revision ?? 0 } });
}

function names(revisions: '*' | readonly number[], live: Live | undefined): boolean {
  return live !== undefined && (revisions === '*' || revisions.includes(live.revision));
}

/** Refuses growth over the limit; what shrinks or stays is let through even when the store is over it. */
function checkQuota(draft: CommitDraft): HaloError | undefined {
  const { initial, keys, bytes } = draft.store;
  if (draft.keys > initial.keysMax && draft.keys > keys) {
    return new HaloError('quota-exceeded', `The account may have ${initial.keysMax} keys.`, {
      extra: { limit: 'keys', maximum: initial.keysMax },
    });
  }
  if (draft.bytes > initial.bytesMax && draft.bytes > bytes) {
    return new HaloError('quota-exceeded', `The account may have ${initial.bytesMax} bytes.`, {
      extra: { limit: 'bytes', maximum: initial.bytesMax },
    });
  }
  return undefined;
}

function pointerOf(draft: CommitDraft, key: string): Pointer {
  const { store } = draft;
  return draft.pointers.get(key) ?? store.pointers.get(key) ?? store.initial.pointers.get(key) ?? nothing;
}

/** A key whose time has come is gone for every reader, whether or not it has been swept. */
function isAlive(live: Live | undefined, nowMs: number): boolean {
  return live !== undefined && (live.expiresAtMs === null || live.expiresAtMs > nowMs);
}

function take(draft: CommitDraft): void {
  const { store } = draft;
  store.revision = draft.revision;
  store.keys = draft.keys;
  store.bytes = draft.bytes;
  for (const [key, pointer] of draft.pointers) store.pointers.set(key, pointer);
  store.versions.push(...draft.versions);
}

function finish([accountId, draft]: readonly [string, StoreDraft]): StoreChange {
  const { revision, keys, bytes, versions } = draft;
  const pointers = [...draft.pointers].map(([key, after]) => {
    return { key, before: draft.initial.pointers.get(key) ?? nothing, after };
  });
  return { accountId, revision, keys, bytes, versions, pointers };
}
