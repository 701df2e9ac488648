import { limits } from 'halo-contract';
import { HaloError } from '../errors.js';
import type {
  Condition,
  Expiry,
  Mutation,
  NumberMutation,
  RestoreMutation,
  SetMutation,
  TransferMutation,
  TransferPrefixMutation,
  UndoMutation,
} from './commit.js';
import {
  bytesOf,
  type CommitDraft,
  liveKeysUnder,
  liveOf,
  pointerOf,
  put,
  remove,
  type StoreDraft,
} from './draft.js';
import { type Content, type Live, type Past, pastName } from './state.js';

/** What is told of an accepted mutation. */
export interface MutationResult {
  /** The key it set, or the prefix. */
  readonly key: string;
  /** The key did not exist before. */
  readonly created?: boolean;
  /** The new number. */
  readonly value?: string;
  /** How many keys a prefix or an undo changed. */
  readonly count?: number;
}

/** A signed 64-bit integer, as PostgreSQL's bigint. */
const integerMin = -(2n ** 63n);
const integerMax = 2n ** 63n - 1n;
const integerForm = /^-?(0|[1-9]\d{0,18})$/;
const numberContentType = 'text/plain; charset=utf-8';

const notFound = () => new HaloError('not-found', 'There is no such key.');

/** Applies one mutation to the commit so far; a refusal is returned, and refuses the whole commit. */
export function applyMutation(draft: CommitDraft, mutation: Mutation): MutationResult | HaloError {
  switch (mutation.kind) {
    case 'set':
      return applySet(draft, mutation);
    case 'delete': {
      const live = liveOf(draft, mutation.key);
      if (live === undefined) return notFound();
      const failed = checkCondition(mutation.condition, live);
      if (failed !== undefined) return failed;
      remove(draft, mutation.key, live);
      return { key: mutation.key };
    }
    case 'add':
    case 'min':
    case 'max':
      return applyNumber(draft, mutation);
    case 'touch': {
      const live = liveOf(draft, mutation.key);
      if (live === undefined) return notFound();
      const expiresAtMs = expiryOf(mutation.expiry, live, draft.nowMs);
      if (expiresAtMs instanceof HaloError) return expiresAtMs;
      put(draft, mutation.key, { ...live, expiresAtMs });
      return { key: mutation.key };
    }
    case 'restore':
      return applyRestore(draft, mutation);
    case 'copy':
    case 'move':
      return applyTransfer(draft, mutation);
    case 'delete_prefix':
      return applyDeletePrefix(draft, mutation.prefix);
    case 'copy_prefix':
    case 'move_prefix':
      return applyTransferPrefix(draft, mutation);
    case 'undo':
      return applyUndo(draft, mutation);
    case 'sweep':
      return { key: '' };
  }
}

/** Every key or prefix that must lie within a token's own prefix. */
export function scopeOf({ initial }: StoreDraft, mutation: Mutation): readonly string[] {
  switch (mutation.kind) {
    case 'copy':
    case 'move':
    case 'copy_prefix':
    case 'move_prefix':
      return [mutation.from, mutation.to];
    case 'delete_prefix':
      return [mutation.prefix];
    case 'undo':
      return (initial.undone.get(mutation.revision) ?? []).map((change) => change.key);
    case 'sweep':
      return [];
    default:
      return [mutation.key];
  }
}

function applySet(draft: CommitDraft, mutation: SetMutation): MutationResult | HaloError {
  const { key, value, contentType, metadata } = mutation;
  const live = liveOf(draft, key);
  const failed = checkCondition(mutation.condition, live);
  if (failed !== undefined) return failed;
  const expiresAtMs = expiryOf(mutation.expiry, live, draft.nowMs);
  if (expiresAtMs instanceof HaloError) return expiresAtMs;
  const content = { value, contentType, metadata };
  put(draft, key, { content, bytes: bytesOf(key, value.length, metadata), expiresAtMs });
  return { key, created: live === undefined };
}

function applyNumber(draft: CommitDraft, { kind, key, operand }: NumberMutation): MutationResult | HaloError {
  const live = liveOf(draft, key);
  const text = live === undefined ? undefined : shortText(live.content);
  if (live !== undefined && (text === undefined || !isInteger64(text))) {
    return new HaloError(
      'invalid-value',
      'The present value is not a signed 64-bit integer in decimal text.',
    );
  }
  const present = text === undefined ? undefined : BigInt(text);
  const next = reckon(kind, present, operand);
  if (next < integerMin || next > integerMax) {
    return new HaloError('invalid-value', 'The sum does not fit into a signed 64-bit integer.');
  }
  const value = Buffer.from(String(next));
  const content = { value, contentType: numberContentType, metadata: null };
  const expiresAtMs = live?.expiresAtMs ?? null;
  put(draft, key, { content, bytes: bytesOf(key, value.length, null), expiresAtMs });
  return { key, value: String(next) };
}

function reckon(kind: NumberMutation['kind'], present: bigint | undefined, operand: bigint): bigint {
  if (kind === 'add') return (present ?? 0n) + operand;
  if (present === undefined) return operand;
  if (kind === 'min') return operand < present ? operand : present;
  return operand > present ? operand : present;
}

export function isInteger64(text: string): boolean {
  if (!integerForm.test(text)) return false;
  const number = BigInt(text);
  return number >= integerMin && number <= integerMax;
}

function shortText(content: Content): string | undefined {
  return 'value' in content ? Buffer.from(content.value).toString('latin1') : content.short;
}

function applyRestore(draft: CommitDraft, { key, revision }: RestoreMutation): MutationResult | HaloError {
  const created = liveOf(draft, key) === undefined;
  // PostgreSQL was asked before the flight; a revision that the flight itself makes nobody can know yet.
  if (revision > draft.store.initial.revision)
    return new HaloError('not-found', 'There is no such revision yet.');
  const past = draft.store.initial.pasts.get(pastName(key, revision)) ?? 'absent';
  if (past === 'pruned') return new HaloError('pruned', 'That version has been pruned.');
  if (past === 'absent') return new HaloError('not-found', 'The key did not exist at that revision.');
  putPast(draft, key, past);
  return { key, created };
}

function putPast(
  draft: CommitDraft,
  key: string,
  { content, bytes, expiresAtMs }: Exclude<Past, string>,
): void {
  // An expiry that has passed since would take the value away again at once.
  const kept = expiresAtMs !== null && expiresAtMs > draft.nowMs ? expiresAtMs : null;
  put(draft, key, { content, bytes, expiresAtMs: kept });
}

function applyTransfer(draft: CommitDraft, { kind, from, to }: TransferMutation): MutationResult | HaloError {
  const live = liveOf(draft, from);
  if (live === undefined) return new HaloError('not-found', 'There is no such key to take from.');
  const created = liveOf(draft, to) === undefined;
  transfer(draft, live, from, to, kind === 'move');
  return { key: to, created };
}

function transfer(draft: CommitDraft, live: Live, from: string, to: string, moving: boolean): void {
  if (from === to) return;
  const bytes = live.bytes - bytesOf(from, 0, null) + bytesOf(to, 0, null);
  put(draft, to, { content: live.content, bytes, expiresAtMs: live.expiresAtMs });
  if (moving) remove(draft, from, live);
}

function applyDeletePrefix(draft: CommitDraft, prefix: string): MutationResult | HaloError {
  const keys = keysToChange(draft, prefix);
  if (keys instanceof HaloError) return keys;
  for (const key of keys) {
    const live = liveOf(draft, key);
    if (live !== undefined) remove(draft, key, live);
  }
  return { key: prefix, count: keys.length };
}

function applyTransferPrefix(
  draft: CommitDraft,
  { kind, from, to }: TransferPrefixMutation,
): MutationResult | HaloError {
  if (to.startsWith(from) || from.startsWith(to)) {
    return new HaloError('invalid-request', 'One prefix may not contain the other.');
  }
  const keys = keysToChange(draft, from);
  if (keys instanceof HaloError) return keys;
  for (const key of keys) {
    const live = liveOf(draft, key);
    const target = to + key.slice(from.length);
    if (bytesOf(target, 0, null) > limits.keyBytesMax) {
      return new HaloError('invalid-key', 'A key would become longer than 1,024 bytes.', { extra: { key } });
    }
    if (live !== undefined) transfer(draft, live, key, target, kind === 'move_prefix');
  }
  return { key: to, count: keys.length };
}

function keysToChange(draft: CommitDraft, prefix: string): string[] | HaloError {
  const keys = draft.store.initial.crowdedPrefixes.has(prefix) ? undefined : liveKeysUnder(draft, prefix);
  if (keys !== undefined && keys.length <= limits.prefixKeysMax) return keys;
  const detail = `More than ${limits.prefixKeysMax} keys begin with the prefix. Take a longer one.`;
  return new HaloError('too-large', detail, { extra: { maximum: limits.prefixKeysMax } });
}

function applyUndo(draft: CommitDraft, { revision }: UndoMutation): MutationResult | HaloError {
  const changes = draft.store.initial.undone.get(revision);
  if (changes === undefined || changes.some((change) => change.before === 'pruned')) {
    return new HaloError('pruned', 'That commit, or what was before it, has been pruned or never was.');
  }
  const conflicts = changes
    .map(({ key }) => ({ key, revision: pointerOf(draft, key).head ?? 0 }))
    .filter((conflict) => conflict.revision !== revision);
  if (conflicts.length > 0) {
    const detail = 'Some of the keys have changed since.';
    return new HaloError('undo-conflict', detail, { extra: { conflicts } });
  }
  for (const { key, before } of changes) {
    const live = liveOf(draft, key);
    if (typeof before !== 'string') putPast(draft, key, before);
    else if (live !== undefined) remove(draft, key, live);
  }
  return { key: '', count: changes.length };
}

/** When the key is to expire, in milliseconds since 1970; null: never. */
function expiryOf(expiry: Expiry, live: Live | undefined, nowMs: number): number | null | HaloError {
  if (expiry === 'never') return null;
  if (expiry === 'keep') return live?.expiresAtMs ?? null;
  const atMs = 'ttlMs' in expiry ? nowMs + expiry.ttlMs : expiry.atMs;
  if (atMs > nowMs) return atMs;
  return new HaloError('invalid-value', 'The expiry lies in the past.', {
    extra: { pointer: '/expires_at' },
  });
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
