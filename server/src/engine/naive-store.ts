import { HaloError } from '../errors.js';
import type { Commit, Expiry, Mutation } from './commit.js';
import type { SessionState } from './state.js';

/**
 * The rules of a store told the naive way, for tests: one commit at a time on a copy of everything, which is
 * kept or thrown away. Values are text, history is a plain list.
 */
export interface NaiveStore {
  revision: number;
  readonly live: Map<string, NaiveEntry>;
  readonly log: NaiveVersion[];
  readonly answers: Map<string, { readonly hash: string; readonly outcome: string }>;
}

export interface NaiveEntry {
  readonly revision: number;
  readonly value: string;
  readonly metadata: string | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
}

export interface NaiveVersion {
  readonly revision: number;
  readonly key: string;
  readonly kind: string;
  readonly value: string | null;
  readonly metadata: string | null;
  readonly expiresAtMs: number | null;
  readonly previous: number | undefined;
}

export interface NaiveLimits {
  readonly keysMax: number;
  readonly bytesMax: number;
}

export function emptyNaiveStore(): NaiveStore {
  return { revision: 0, live: new Map(), log: [], answers: new Map() };
}

export function naiveBytes({ live }: NaiveStore): number {
  let bytes = 0;
  for (const [key, { value, metadata }] of live) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value) + Buffer.byteLength(metadata ?? '');
  }
  return bytes;
}

/** Ends in one commit everything whose time has come. */
export function expireNaively(store: NaiveStore, nowMs: number): NaiveStore {
  const next = structuredClone(store);
  for (const [key, { expiresAtMs }] of store.live) {
    if (expiresAtMs !== null && expiresAtMs <= nowMs) next.live.delete(key);
  }
  return record(store, next, 'expire');
}

/** @returns the refusal's code, or the revision and what each mutation told */
export function judgeNaively(
  store: NaiveStore,
  commit: Commit,
  session: SessionState | undefined,
  limits: NaiveLimits,
  nowMs: number,
): { outcome: string; next: NaiveStore } {
  if (session === undefined) return { outcome: 'session-ended', next: store };
  if (session.access === 'read') return { outcome: 'insufficient-scope', next: store };
  const named = [
    ...commit.checks.map(({ key }) => key),
    ...commit.mutations.flatMap((one) => reachOf(store, one)),
  ];
  if (!named.every((key) => key.startsWith(session.prefix)))
    return { outcome: 'insufficient-scope', next: store };
  const { idempotency } = commit;
  const given = idempotency === undefined ? undefined : store.answers.get(idempotency.key);
  if (idempotency !== undefined && given !== undefined) {
    const same = given.hash === idempotency.hash.toString();
    return { outcome: same ? given.outcome : 'idempotency-mismatch', next: store };
  }
  try {
    const draft = structuredClone(store);
    for (const { key, revision } of commit.checks) {
      demand((store.live.get(key)?.revision ?? 0) === revision, 'check-failed');
    }
    const told = commit.mutations.map((mutation) => apply(store, draft, mutation, nowMs));
    demand(draft.live.size <= limits.keysMax || draft.live.size <= store.live.size, 'quota-exceeded');
    demand(naiveBytes(draft) <= limits.bytesMax || naiveBytes(draft) <= naiveBytes(store), 'quota-exceeded');
    const next = record(store, draft, 'delete');
    const outcome = `${next.revision}: ${told.join('; ')}`;
    if (commit.dryRun) return { outcome, next: store };
    if (idempotency !== undefined)
      next.answers.set(idempotency.key, { hash: idempotency.hash.toString(), outcome });
    return { outcome, next };
  } catch (error) {
    if (error instanceof HaloError) return { outcome: error.code, next: store };
    throw error;
  }
}

function demand(holds: boolean, code: HaloError['code']): asserts holds {
  if (!holds) throw new HaloError(code, code);
}

function reachOf(store: NaiveStore, mutation: Mutation): string[] {
  if ('from' in mutation) return [mutation.from, mutation.to];
  if ('prefix' in mutation) return [mutation.prefix];
  if (mutation.kind === 'undo')
    return store.log.filter((one) => one.revision === mutation.revision).map((one) => one.key);
  return 'key' in mutation ? [mutation.key] : [];
}

const marked = -1;

/** Entries set by the commit carry the revision -1 until it is recorded. */
function write(
  draft: NaiveStore,
  key: string,
  entry: Omit<NaiveEntry, 'revision' | 'createdAtMs'>,
  nowMs: number,
): void {
  const createdAtMs = draft.live.get(key)?.createdAtMs ?? nowMs;
  draft.live.set(key, { ...entry, createdAtMs, revision: marked });
}

function apply(store: NaiveStore, draft: NaiveStore, mutation: Mutation, nowMs: number): string {
  const { live } = draft;
  switch (mutation.kind) {
    case 'set': {
      const present = live.get(mutation.key);
      checkCondition(mutation.condition, present, store.revision + 1);
      const expiresAtMs = expiryOf(mutation.expiry, present, nowMs);
      const value = Buffer.from(mutation.value).toString();
      write(draft, mutation.key, { value, metadata: mutation.metadata, expiresAtMs }, nowMs);
      return `${mutation.key} ${present === undefined}`;
    }
    case 'delete': {
      const present = live.get(mutation.key);
      demand(present !== undefined, 'not-found');
      checkCondition(mutation.condition, present, store.revision + 1);
      live.delete(mutation.key);
      return mutation.key;
    }
    case 'add':
    case 'min':
    case 'max': {
      const present = live.get(mutation.key);
      demand(present === undefined || /^-?(0|[1-9]\d*)$/.test(present.value), 'invalid-value');
      const number = present === undefined ? undefined : BigInt(present.value);
      let sum = mutation.operand;
      if (mutation.kind === 'add') sum += number ?? 0n;
      else if (number !== undefined && (mutation.kind === 'min' ? number < sum : number > sum)) sum = number;
      demand(sum >= -(2n ** 63n) && sum < 2n ** 63n, 'invalid-value');
      write(
        draft,
        mutation.key,
        { value: String(sum), metadata: null, expiresAtMs: present?.expiresAtMs ?? null },
        nowMs,
      );
      return `${mutation.key} = ${sum}`;
    }
    case 'touch': {
      const present = live.get(mutation.key);
      demand(present !== undefined, 'not-found');
      write(
        draft,
        mutation.key,
        { ...present, expiresAtMs: expiryOf(mutation.expiry, present, nowMs) },
        nowMs,
      );
      return mutation.key;
    }
    case 'restore': {
      const created = !live.has(mutation.key);
      const past = pastOf(store, mutation.key, mutation.revision);
      demand(past !== undefined, 'not-found');
      write(draft, mutation.key, revived(past, nowMs), nowMs);
      return `${mutation.key} ${created}`;
    }
    case 'copy':
    case 'move': {
      const { from, to } = mutation;
      const present = live.get(from);
      demand(present !== undefined, 'not-found');
      const created = !live.has(to);
      moveOne(draft, from, to, mutation.kind === 'move', nowMs);
      return `${to} ${created}`;
    }
    case 'delete_prefix': {
      const keys = [...live.keys()].filter((key) => key.startsWith(mutation.prefix));
      for (const key of keys) live.delete(key);
      return `${mutation.prefix} × ${keys.length}`;
    }
    case 'copy_prefix':
    case 'move_prefix': {
      const { from, to } = mutation;
      demand(!to.startsWith(from) && !from.startsWith(to), 'invalid-request');
      const keys = [...live.keys()].filter((key) => key.startsWith(from));
      for (const key of keys)
        moveOne(draft, key, to + key.slice(from.length), mutation.kind === 'move_prefix', nowMs);
      return `${to} × ${keys.length}`;
    }
    case 'undo':
      return undo(store, draft, mutation.revision, nowMs);
    case 'sweep':
      return '';
  }
}

function moveOne(draft: NaiveStore, from: string, to: string, moving: boolean, nowMs: number): void {
  const present = draft.live.get(from);
  if (present === undefined || from === to) return;
  write(draft, to, present, nowMs);
  if (moving) draft.live.delete(from);
}

function undo(store: NaiveStore, draft: NaiveStore, revision: number, nowMs: number): string {
  const changes = store.log.filter((version) => version.revision === revision);
  demand(changes.length > 0, 'pruned');
  for (const { key } of changes) {
    const newest = store.log.findLast((version) => version.key === key)?.revision;
    const touched = draft.live.get(key)?.revision === marked || (store.live.has(key) && !draft.live.has(key));
    demand(newest === revision && !touched, 'undo-conflict');
  }
  for (const { key, previous } of changes) {
    const past = previous === undefined ? undefined : pastOf(store, key, previous);
    if (past === undefined) draft.live.delete(key);
    else write(draft, key, revived(past, nowMs), nowMs);
  }
  return ` × ${changes.length}`;
}

function pastOf({ log }: NaiveStore, key: string, revision: number): NaiveVersion | undefined {
  const version = log.findLast((one) => one.key === key && one.revision <= revision);
  return version?.value === null ? undefined : version;
}

function revived({ value, metadata, expiresAtMs }: NaiveVersion, nowMs: number) {
  const kept = expiresAtMs !== null && expiresAtMs > nowMs ? expiresAtMs : null;
  return { value: value ?? '', metadata, expiresAtMs: kept };
}

function expiryOf(expiry: Expiry, present: NaiveEntry | undefined, nowMs: number): number | null {
  if (expiry === 'never') return null;
  if (expiry === 'keep') return present?.expiresAtMs ?? null;
  const atMs = 'ttlMs' in expiry ? nowMs + expiry.ttlMs : expiry.atMs;
  demand(atMs > nowMs, 'invalid-value');
  return atMs;
}

function checkCondition(
  condition: Extract<Mutation, { kind: 'set' }>['condition'],
  present: NaiveEntry | undefined,
  nextRevision: number,
): void {
  const revision = present?.revision === marked ? nextRevision : present?.revision;
  const { match, noneMatch } = condition ?? {};
  const isIn = (asked: '*' | readonly number[]) =>
    revision !== undefined && (asked === '*' || asked.includes(revision));
  demand(match === undefined || isIn(match), 'precondition-failed');
  demand(noneMatch === undefined || !isIn(noneMatch), 'precondition-failed');
}

/** Compares before and after, and writes one version for each key that changed. */
function record(before: NaiveStore, after: NaiveStore, deadKind: string): NaiveStore {
  const revision = before.revision + 1;
  const changed: NaiveVersion[] = [];
  for (const key of new Set([...before.live.keys(), ...after.live.keys()])) {
    const [was, is] = [before.live.get(key), after.live.get(key)];
    if (is !== undefined && is.revision !== marked) continue;
    if (is === undefined && was === undefined) continue;
    const previous = before.log.findLast((version) => version.key === key)?.revision;
    const { value = null, metadata = null, expiresAtMs = null } = is ?? {};
    changed.push({
      revision,
      key,
      kind: is === undefined ? deadKind : 'set',
      value,
      metadata,
      expiresAtMs,
      previous,
    });
    if (is !== undefined) after.live.set(key, { ...is, revision });
  }
  if (changed.length === 0) return after;
  after.log.push(...changed);
  after.revision = revision;
  return after;
}
