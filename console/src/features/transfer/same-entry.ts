import type { ValuedEntry } from 'halo-contract';
import type { FileEntry } from './import-line.js';

const textType = 'text/plain; charset=utf-8';
const bytesType = 'application/octet-stream';

/**
 * Returns whether setting what a file has would leave a key as it is, its revision aside. Numbers in metadata
 * are compared as JavaScript reads them, which the preview can live with: it only counts.
 */
export function isSame(file: FileEntry, stored: ValuedEntry): boolean {
  const contentType = file.content_type ?? (file.value === undefined ? bytesType : textType);
  return (
    contentType === stored.content_type &&
    isSameExpiry(file, stored) &&
    isSameJson(file.metadata ?? null, stored.metadata) &&
    isSameValue(file, stored)
  );
}

function isSameExpiry({ ttl, expires_at }: FileEntry, stored: ValuedEntry): boolean {
  if (ttl === 'keep') return true;
  if (ttl !== undefined) return false;
  const here = expires_at ?? null;
  if (here === null || stored.expires_at === null) return here === stored.expires_at;
  return Date.parse(here) === Date.parse(stored.expires_at);
}

function isSameValue(file: FileEntry, stored: ValuedEntry): boolean {
  if (file.value !== undefined && stored.value !== undefined) return file.value === stored.value;
  if (file.value_base64 !== undefined && stored.value_base64 !== undefined) {
    return file.value_base64 === stored.value_base64;
  }
  // The same bytes may be written in either way.
  const here = bytesOf(file);
  const there = bytesOf(stored);
  return here.length === there.length && here.every((byte, index) => byte === there[index]);
}

function bytesOf({ value, value_base64 }: Pick<FileEntry, 'value' | 'value_base64'>): Uint8Array {
  if (value !== undefined) return new TextEncoder().encode(value);
  return Uint8Array.from(atob(value_base64 ?? ''), (character) => character.charCodeAt(0));
}

function isSameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const here = new Map(Object.entries(a));
  const there = new Map(Object.entries(b));
  return here.size === there.size && [...here].every(([name, value]) => isSameJson(value, there.get(name)));
}
