import { HaloError } from '../errors.js';
import type { Commit } from './commit.js';
import {
  type CommitDraft,
  draftCommit,
  draftStore,
  outcomeRevision,
  pointerOf,
  remove,
  type StoreDraft,
  take,
  type Version,
} from './draft.js';
import { applyMutation, type MutationResult, scopeOf } from './mutations.js';
import type { Pointer, SessionState, State } from './state.js';

/**
 * Decides what a flight of commits does, from the state that PostgreSQL told and nothing else: pure, and
 * tested without a database. Its promises: commits are judged in order, each seeing those accepted before it
 * and nothing of those refused; an accepted commit that changes anything takes exactly one revision, the next
 * of its account; a commit's mutations see the ones before them, and one that is refused refuses them all.
 *
 * Keys of the flight whose time has come are ended first, in a commit of their own: so the log tells of every
 * expiry, and no commit meets a key that is dead but not yet swept.
 */
export function plan(state: State, commits: readonly Commit[]): Plan {
  const drafts = new Map<string, StoreDraft>();
  for (const [accountId, store] of state.stores) {
    const draft = draftStore(store);
    expireDue(draft, state.nowMs);
    drafts.set(accountId, draft);
  }
  const outcomes = commits.map((commit, index) => judge(state, drafts, commit, index));
  return { outcomes, stores: [...drafts].flatMap(finish) };
}

export interface Plan {
  /** One for each commit, in order. */
  readonly outcomes: readonly (Accepted | HaloError)[];
  /** What to write: only stores that change. */
  readonly stores: readonly StoreChange[];
}

export interface Accepted {
  /** The commit's own revision, or the store's when nothing changed. */
  readonly revision: number;
  /** One for each mutation, in order. */
  readonly results: readonly MutationResult[];
}

export interface StoreChange {
  readonly accountId: string;
  /** The store's revision before the flight, and after it. */
  readonly from: number;
  readonly revision: number;
  readonly keys: number;
  readonly bytes: number;
  /** In revision order. */
  readonly versions: readonly Version[];
  readonly pointers: readonly PointerChange[];
  /** To be remembered for 24 h. */
  readonly answers: readonly { readonly key: string; readonly hash: Buffer; readonly answer: string }[];
}

/** How a key's pointer moved over the whole flight. */
export interface PointerChange {
  readonly key: string;
  readonly before: Pointer;
  readonly after: Pointer;
}

/** Who acts when Halo does. */
const systemActor = 'halo';
const system: SessionState = { access: 'write', prefix: '' };

function expireDue(store: StoreDraft, nowMs: number): void {
  const draft = draftCommit(store, nowMs, systemActor);
  for (const [key, { live }] of store.initial.pointers) {
    if (live !== undefined && live.expiresAtMs !== null && live.expiresAtMs <= nowMs)
      remove(draft, key, live);
  }
  take(draft, 'expire');
}

function judge(
  state: State,
  drafts: ReadonlyMap<string, StoreDraft>,
  commit: Commit,
  index: number,
): Accepted | HaloError {
  const session = commit.credential === undefined ? system : state.sessions[index];
  const store = drafts.get(commit.accountId);
  if (session === undefined || store === undefined)
    return new HaloError('session-ended', 'The session has ended.');
  if (session.access !== 'write') return new HaloError('insufficient-scope', 'This token may only read.');
  // Before an answer is given again: it may tell of keys that this token does not reach.
  const outside = findOutside(store, session, commit);
  if (outside !== undefined) return outside;
  const given = answerGiven(store, commit);
  if (given !== undefined) return given;
  const draft = draftCommit(store, state.nowMs, commit.credential?.sessionId ?? systemActor);
  const results = applyAll(draft, commit);
  if (results instanceof HaloError) return results;
  const overQuota = checkQuota(draft);
  if (overQuota !== undefined) return overQuota;
  if (commit.dryRun) return { revision: outcomeRevision(draft), results };
  const accepted = { revision: take(draft, 'delete'), results };
  if (commit.idempotency !== undefined) {
    const { key, hash } = commit.idempotency;
    store.answers.set(key, { hash, answer: JSON.stringify(accepted) });
  }
  return accepted;
}

function answerGiven(store: StoreDraft, { idempotency }: Commit): Accepted | HaloError | undefined {
  if (idempotency === undefined) return undefined;
  const given = store.answers.get(idempotency.key) ?? store.initial.answers.get(idempotency.key);
  if (given === undefined) return undefined;
  if (given.hash.equals(idempotency.hash)) return JSON.parse(given.answer) as Accepted;
  return new HaloError('idempotency-mismatch', 'This idempotency key was used for another commit.');
}

/** Refuses a commit that names anything beyond the session's prefix, whatever else is wrong with it. */
function findOutside(
  store: StoreDraft,
  { prefix }: SessionState,
  { checks, mutations }: Commit,
): HaloError | undefined {
  const refuse = (extra: Record<string, unknown>) =>
    new HaloError('insufficient-scope', 'This token reaches only keys with its prefix.', { extra });
  const check = checks.findIndex(({ key }) => !key.startsWith(prefix));
  if (check !== -1) return refuse({ check });
  const mutation = mutations.findIndex((one) => scopeOf(store, one).some((key) => !key.startsWith(prefix)));
  if (mutation === -1) return undefined;
  return refuse(mutations.length === 1 ? {} : { mutation });
}

function applyAll(draft: CommitDraft, { checks, mutations }: Commit): MutationResult[] | HaloError {
  for (const [index, { key, revision }] of checks.entries()) {
    const current = pointerOf(draft, key).live?.revision ?? 0;
    if (current !== revision) {
      const detail = current === 0 ? 'The key does not exist.' : `The key is at revision ${current}.`;
      return new HaloError('check-failed', detail, { extra: { check: index, key, revision: current } });
    }
  }
  const results: MutationResult[] = [];
  for (const [index, mutation] of mutations.entries()) {
    const result = applyMutation(draft, mutation);
    if (result instanceof HaloError) {
      if (mutations.length === 1) return result;
      return new HaloError(result.code, result.message, { extra: { mutation: index, ...result.extra } });
    }
    results.push(result);
  }
  return results;
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

function finish([accountId, draft]: readonly [string, StoreDraft]): StoreChange[] {
  const { initial, revision, keys, bytes, versions } = draft;
  const answers = [...draft.answers].map(([key, given]) => ({ key, ...given }));
  if (versions.length === 0 && answers.length === 0) return [];
  const pointers = [...draft.pointers].map(([key, after]) => {
    return { key, before: initial.pointers.get(key) ?? { live: undefined, head: undefined }, after };
  });
  return [{ accountId, from: initial.revision, revision, keys, bytes, versions, pointers, answers }];
}
