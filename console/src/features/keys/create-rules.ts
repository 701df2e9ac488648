import { HaloError } from 'halo-client';
import { keyFault } from 'halo-contract';
import { contentTypeFault, jsonContentType, textContentType } from './content-types.js';
import { keyPath } from './key-path.js';
import { type LifetimeUnit, lifetimeSeconds } from './lifetime.js';
import type { Put } from './requests.js';
import type { Snapshot } from './snapshot.js';
import type { ContentKind } from './value-text.js';

export interface CreateValues {
  readonly key: string;
  readonly kind: ContentKind;
  readonly otherType: string;
  readonly amount: string;
  readonly unit: LifetimeUnit;
}

export const createRules = {
  key: (key: string) => {
    if (key === '') return 'Enter a key.';
    if (keyPath(key) === undefined) {
      return 'The keys “.” and “..” cannot travel in a URL. Set them with POST /v1/commit.';
    }
    return keyFault(key) ?? null;
  },
  otherType: (type: string, { kind }: CreateValues) =>
    kind === 'other' ? (contentTypeFault(type) ?? null) : null,
  amount: (amount: string, { unit }: CreateValues) =>
    lifetimeSeconds(amount, unit) === null ? 'Enter a number above 0, or nothing.' : null,
};

export function contentTypeOf({ kind, otherType }: CreateValues): string {
  if (kind === 'json') return jsonContentType;
  return kind === 'text' ? textContentType : otherType.trim();
}

/** Returns what to send, and what the key will then be, except its revision. */
export function createPut(
  values: CreateValues,
  text: string,
): { put: Put; snapshot: Omit<Snapshot, 'revision'> } {
  const bytes = new TextEncoder().encode(text);
  const seconds = lifetimeSeconds(values.amount, values.unit) ?? undefined;
  const contentType = contentTypeOf(values);
  const now = Date.now();
  return {
    put: {
      key: values.key,
      bytes,
      contentType,
      metadata: undefined,
      over: 0,
      expiry: seconds === undefined ? {} : { ttl: String(seconds) },
    },
    snapshot: {
      key: values.key,
      contentType,
      size: bytes.length,
      body: bytes,
      metadata: undefined,
      createdAt: new Date(now).toISOString(),
      updatedAt: new Date(now).toISOString(),
      expiresAt: seconds === undefined ? undefined : new Date(now + seconds * 1_000).toISOString(),
    },
  };
}

export interface CreateProblem {
  readonly field: 'key' | 'otherType' | 'amount';
  readonly detail: string;
  /** The key is there already. */
  readonly exists: boolean;
}

/** Returns the field that a refusal concerns, or undefined when it concerns none. */
export function createProblem(error: unknown): CreateProblem | undefined {
  if (!(error instanceof HaloError)) return undefined;
  const detail = error.message;
  if (error.code === 'precondition-failed') return { field: 'key', detail, exists: true };
  if (error.code === 'invalid-key') return { field: 'key', detail, exists: false };
  const pointer = error.problem?.pointer ?? '';
  if (/content-type/i.test(pointer) || error.code === 'unsupported-media-type') {
    return { field: 'otherType', detail, exists: false };
  }
  return /ttl|expires_at/.test(pointer) ? { field: 'amount', detail, exists: false } : undefined;
}
