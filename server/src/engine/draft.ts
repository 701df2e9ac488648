import { utf8Bytes } from 'halo-contract';
import type { Content, Live, Pointer, StoreState } from './state.js';

/** A store as the accepted commits of a flight leave it. */
export interface StoreDraft {
  readonly initial: StoreState;
  revision: number;
  keys: number;
  bytes: number;
  readonly pointers: Map<string, Pointer>;
  readonly versions: Version[];
  readonly answers: Map<string, { readonly hash: Buffer; readonly answer: string }>;
}

/** The changes of one commit, thrown away if it is refused. */
export interface CommitDraft {
  readonly store: StoreDraft;
  /** What the commit's changes carry if it is accepted and changes anything. */
  readonly revision: number;
  readonly nowMs: number;
  readonly actor: string;
  keys: number;
  bytes: number;
  readonly pointers: Map<string, Pointer>;
}

export interface Version {
  readonly revision: number;
  readonly key: string;
  readonly previousRevision: number | undefined;
  readonly kind: 'set' | 'delete' | 'expire';
  /** Undefined unless the key lives. */
  readonly live: Live | undefined;
  readonly actor: string;
}

const nothing: Pointer = { live: undefined, head: undefined };

export function draftStore(initial: StoreState): StoreDraft {
  const { revision, keys, bytes } = initial;
  return { initial, revision, keys, bytes, pointers: new Map(), versions: [], answers: new Map() };
}

export function draftCommit(store: StoreDraft, nowMs: number, actor: string): CommitDraft {
  const { keys, bytes } = store;
  return { store, revision: store.revision + 1, nowMs, actor, keys, bytes, pointers: new Map() };
}

/** A key as the commit has left it so far. */
export function pointerOf(draft: CommitDraft, key: string): Pointer {
  return draft.pointers.get(key) ?? storedPointer(draft.store, key);
}

export function liveOf(draft: CommitDraft, key: string): Live | undefined {
  return pointerOf(draft, key).live;
}

/** A key as the commits before left it. */
function storedPointer(store: StoreDraft, key: string): Pointer {
  return store.pointers.get(key) ?? store.initial.pointers.get(key) ?? nothing;
}

/** The live keys that begin with a prefix, in no particular order. */
export function liveKeysUnder(draft: CommitDraft, prefix: string): string[] {
  const { store } = draft;
  const keys = new Set([
    ...store.initial.pointers.keys(),
    ...store.pointers.keys(),
    ...draft.pointers.keys(),
  ]);
  return [...keys].filter((key) => key.startsWith(prefix) && liveOf(draft, key) !== undefined);
}

/** Gives a key new content. `bytes` is that of key, value and metadata. */
export function put(
  draft: CommitDraft,
  key: string,
  { content, bytes, expiresAtMs }: { content: Content; bytes: number; expiresAtMs: number | null },
): void {
  const before = liveOf(draft, key);
  const createdAtMs = before?.createdAtMs ?? draft.nowMs;
  draft.keys += before === undefined ? 1 : 0;
  draft.bytes += bytes - (before?.bytes ?? 0);
  const live = { revision: draft.revision, bytes, createdAtMs, expiresAtMs, content };
  draft.pointers.set(key, { live, head: draft.revision });
}

/** Ends a live key. */
export function remove(draft: CommitDraft, key: string, live: Live): void {
  draft.keys -= 1;
  draft.bytes -= live.bytes;
  draft.pointers.set(key, { live: undefined, head: draft.revision });
}

/** What a value counts for under a key, with its metadata. */
export function bytesOf(key: string, valueBytes: number, metadata: string | null): number {
  return utf8Bytes(key) + valueBytes + (metadata === null ? 0 : utf8Bytes(metadata));
}

/**
 * Takes a commit over into the store. What counts is each key before and after the whole commit: a key that
 * came and went within it leaves no trace, and a commit that changes nothing takes no revision.
 *
 * @returns the revision at which the commit's outcome can be seen
 */
export function take(draft: CommitDraft, deadKind: 'delete' | 'expire'): number {
  const { store, revision, actor } = draft;
  const versions: Version[] = [];
  for (const [key, { live }] of draft.pointers) {
    const before = storedPointer(store, key);
    if (live === undefined && before.live === undefined) continue;
    const kind = live === undefined ? deadKind : 'set';
    versions.push({ revision, key, previousRevision: before.head, kind, live, actor });
  }
  if (versions.length === 0) return store.revision;
  for (const { key, live } of versions) store.pointers.set(key, { live, head: revision });
  store.versions.push(...versions);
  store.revision = revision;
  store.keys = draft.keys;
  store.bytes = draft.bytes;
  return revision;
}

/** The revision that `take` would return. */
export function outcomeRevision(draft: CommitDraft): number {
  for (const [key, { live }] of draft.pointers) {
    if (live !== undefined || storedPointer(draft.store, key).live !== undefined) return draft.revision;
  }
  return draft.store.revision;
}
