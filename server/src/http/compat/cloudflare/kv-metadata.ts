import { limits } from 'halo-contract';
import { parseJson } from '../../json.js';
import { sourcesOf } from '../../json-sources.js';
import { checkMetadata } from '../../value-headers.js';
import { KvRefusal } from './refusal.js';

/**
 * Metadata of Workers KV is any JSON, that of Halo an object. What is no object is kept as the one member, without a
 * name, of an object; and so is an object that looks just like that.
 *
 * @param source JSON text
 * @returns the text to store, or null for none
 * @throws HaloError `invalid-request`, `invalid-value`; `too-large` over 1,024 bytes
 */
export function wrapMetadata(source: string): string | null {
  const bytes = Buffer.from(source);
  if (bytes.length > limits.metadataBytesMax) throw tooLarge(bytes.length);
  const value = parseJson(bytes);
  if (value === null) return null;
  if (isObject(value) && !isWrapper(value)) return checkMetadata(bytes);
  const wrapped = Buffer.from(`{"":${source}}`);
  if (wrapped.length > limits.metadataBytesMax) throw tooLarge(wrapped.length);
  return checkMetadata(wrapped);
}

/** The JSON text that was given; `null` when there is none. */
export function unwrapMetadata(stored: string | null): string {
  if (stored === null) return 'null';
  if (!isWrapper(JSON.parse(stored) as object)) return stored;
  return sourcesOf(stored, '', 1)[0]?.trim() ?? 'null';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWrapper(value: object): boolean {
  const names = Object.keys(value);
  return names.length === 1 && names[0] === '';
}

function tooLarge(bytes: number): KvRefusal {
  const detail = `Metadata of ${bytes} bytes is over the limit of ${limits.metadataBytesMax}.`;
  return new KvRefusal('too-large', 413, detail);
}
