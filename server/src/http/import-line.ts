import { ExportEnd, ExportHeader, ImportEntry } from 'halo-contract';
import type { SetMutation } from '../engine/commit.js';
import { HaloError } from '../errors.js';
import { parseJson } from './json.js';
import { sourcesOf } from './json-sources.js';
import { parseSet } from './mutation-requests.js';
import { compileValidate } from './validate.js';

/** What a line of an import says. */
export type ImportLine =
  | { readonly kind: 'header' }
  | { readonly kind: 'entry'; readonly set: SetMutation; readonly isOver: boolean }
  | { readonly kind: 'end'; readonly keys: number; readonly sha256: string };

const validateHeader = compileValidate(ExportHeader);
const validateEnd = compileValidate(ExportEnd);
const validateEntry = compileValidate(ImportEntry);

/** Metadata stands in the line's own object. */
const metadataDepth = 1;

/**
 * Reads a line by the rules for a `set`.
 *
 * @throws HaloError `invalid-request`, `invalid-key`, `invalid-value`, `too-large`, `unsupported-media-type`, with
 * a pointer into the line
 */
export function parseImportLine(bytes: Buffer): ImportLine {
  const parsed = parseLine(bytes);
  if (has(parsed, 'halo')) {
    validateHeader(parsed);
    return { kind: 'header' };
  }
  if (has(parsed, 'end')) {
    const { keys, sha256 } = validateEnd(parsed);
    return { kind: 'end', keys, sha256 };
  }
  const { created_at, updated_at, revision, size, expires_at, ...entry } = validateEntry(parsed);
  const hasMetadata = entry.metadata !== undefined;
  const set = parseSet(
    expires_at == null ? entry : { ...entry, expires_at },
    hasMetadata ? sourcesOf(bytes.toString(), 'metadata', metadataDepth) : [],
  );
  return { kind: 'entry', set, isOver: isOver(set) };
}

/** `parseJson` speaks of a body, and knows of no pointer. */
function parseLine(bytes: Buffer): unknown {
  try {
    return parseJson(bytes);
  } catch (error) {
    if (!(error instanceof HaloError)) throw error;
    throw new HaloError(error.code, error.message.replace('The body', 'The line'), { cause: error });
  }
}

/** A key whose time came before it was imported: it would be gone had it been here all along. */
function isOver({ expiry }: SetMutation): boolean {
  return typeof expiry === 'object' && 'atMs' in expiry && expiry.atMs <= Date.now();
}

function has(value: unknown, member: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, member);
}
