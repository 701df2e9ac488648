import { keyFault, limits, utf8Bytes } from 'halo-contract';
import { readMark } from './file-check.js';

/** What an entry of a file would set. */
export interface FileEntry {
  readonly key: string;
  readonly value?: string;
  readonly value_base64?: string;
  readonly content_type?: string;
  readonly metadata?: object | null;
  readonly ttl?: number | 'keep';
  readonly expires_at?: string | null;
}

export type JudgedLine =
  | { readonly kind: 'mark' }
  | { readonly kind: 'entry'; readonly entry: FileEntry; readonly isOver: boolean }
  | { readonly kind: 'fault'; readonly reason: string };

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const members = new Set([
  'key',
  'value',
  'value_base64',
  'content_type',
  'metadata',
  'ttl',
  'expires_at',
  'revision',
  'size',
  'created_at',
  'updated_at',
]);
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const instant = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
const mediaType = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+\s*(?:;|$)/;

/**
 * Judges a line for the preview. The server has the last word and is stricter in rare cases, such as repeated
 * members of a line's JSON.
 */
export function judgeLine(line: Uint8Array, nowMs: number): JudgedLine {
  if (line.length > limits.lineBytesMax) return fault(tooLong);
  if (readMark(line) !== undefined) return { kind: 'mark' };
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(line));
  } catch (error) {
    return fault(error instanceof SyntaxError ? 'The line is not JSON.' : 'The line is not UTF-8.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fault('The line is not a JSON object.');
  }
  const reason = entryFault(value as Partial<Record<keyof FileEntry, unknown>>);
  if (reason !== undefined) return fault(reason);
  const entry = value as FileEntry;
  const isOver = typeof entry.expires_at === 'string' && Date.parse(entry.expires_at) <= nowMs;
  return { kind: 'entry', entry, isOver };
}

export const tooLong = `A line has at most ${limits.lineBytesMax.toLocaleString('en-US')} bytes.`;

function fault(reason: string): JudgedLine {
  return { kind: 'fault', reason };
}

function entryFault(entry: Partial<Record<keyof FileEntry, unknown>>): string | undefined {
  const unknown = Object.keys(entry).find((name) => !members.has(name));
  if (unknown !== undefined) return `There is no member “${unknown.slice(0, 40)}”.`;
  if (typeof entry.key !== 'string') return 'The key is missing, or is not text.';
  return keyFault(entry.key) ?? valueFault(entry) ?? describedFault(entry) ?? expiryFault(entry);
}

function valueFault({ value, value_base64 }: Partial<Record<keyof FileEntry, unknown>>): string | undefined {
  if ((value === undefined) === (value_base64 === undefined)) {
    return 'The line needs either value or value_base64.';
  }
  if (value_base64 !== undefined) {
    if (typeof value_base64 !== 'string' || !base64.test(value_base64)) {
      return 'value_base64 is not base64 with padding.';
    }
    if ((value_base64.length / 4) * 3 - 2 > limits.valueBytesMax) return tooLarge;
    return undefined;
  }
  if (typeof value !== 'string') return 'The value is not text.';
  if (!value.isWellFormed()) return 'The value contains lone surrogates.';
  // Most values need no counting: a UTF-16 unit is at most three bytes.
  const isLarge = value.length * 3 > limits.valueBytesMax && utf8Bytes(value) > limits.valueBytesMax;
  return isLarge ? tooLarge : undefined;
}

const tooLarge = 'The value is larger than 25 MB.';

function describedFault({ content_type, metadata }: Partial<Record<keyof FileEntry, unknown>>) {
  if (content_type !== undefined) {
    const isType = typeof content_type === 'string' && mediaType.test(content_type);
    if (!isType || content_type.length > limits.contentTypeBytesMax) return 'The content type is malformed.';
  }
  if (metadata === undefined || metadata === null) return undefined;
  if (typeof metadata !== 'object' || Array.isArray(metadata)) return 'The metadata is not a JSON object.';
  return undefined;
}

function expiryFault({ ttl, expires_at }: Partial<Record<keyof FileEntry, unknown>>): string | undefined {
  if (ttl !== undefined && ttl !== 'keep' && !(typeof ttl === 'number' && ttl > 0)) {
    return 'The ttl is not a positive number of seconds.';
  }
  if (expires_at === undefined || expires_at === null) return undefined;
  if (ttl !== undefined) return 'ttl and expires_at exclude each other.';
  const isInstant = typeof expires_at === 'string' && instant.test(expires_at);
  return isInstant && !Number.isNaN(Date.parse(expires_at)) ? undefined : 'expires_at is not a time.';
}
