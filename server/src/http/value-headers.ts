import { limits } from 'halo-contract';
import { HaloError } from '../errors.js';
import { parseJson } from './json.js';

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const quoted = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\[\\t\\x20-\\x7e])*"';
/** RFC 9110 section 8.3.1. */
const mediaType = new RegExp(
  `^${token}/${token}(?:[ \\t]*;(?:[ \\t]*${token}=(?:${token}|${quoted}))?)*[ \\t]*$`,
);

/** What a value without a declared type is, RFC 9110 section 8.3. */
const undeclared = 'application/octet-stream';

/**
 * The content type to store with a value, as it was sent.
 *
 * @throws HaloError `unsupported-media-type` when it is malformed or too long
 */
export function contentTypeOf(header: string | undefined): string {
  if (header === undefined || header === '') return undeclared;
  if (header.length <= limits.contentTypeBytesMax && mediaType.test(header)) return header;
  throw new HaloError(
    'unsupported-media-type',
    `Content-Type must be a media type such as text/plain, of at most ${limits.contentTypeBytesMax} bytes.`,
  );
}

/**
 * The metadata to store with a value: the JSON text as it was sent, or null when there is none.
 *
 * @throws HaloError `invalid-value` unless it is a JSON object of at most 1,024 bytes that PostgreSQL can keep
 */
export function metadataOf(header: string | undefined): string | null {
  if (header === undefined || header === '') return null;
  // Node hands headers over as Latin-1; what was sent are bytes of UTF-8.
  return checkMetadata(Buffer.from(header, 'latin1'));
}

/**
 * The text of metadata, after making sure that it can be kept and sent back in a header.
 *
 * @throws HaloError `invalid-value` unless it is a JSON object of at most 1,024 bytes that PostgreSQL can keep
 */
export function checkMetadata(bytes: Buffer): string {
  if (bytes.length > limits.metadataBytesMax) {
    throw refusal(`may have at most ${limits.metadataBytesMax} bytes`);
  }
  let value: unknown;
  try {
    value = parseJson(bytes);
  } catch (error) {
    throw refusal('must be a JSON object in UTF-8 without repeated members', error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refusal('must be a JSON object');
  // Line ends stand only between tokens of JSON, and cannot stand in a header.
  const text = bytes.toString().replace(/[\r\n\t]/g, ' ');
  if (/\\u0000|\\u[dD][89a-fA-F]/.test(text) && !storable(value)) {
    throw refusal('may not contain NUL or lone surrogates');
  }
  return text;
}

/** Metadata in a form that any client reads from a header: JSON with all but ASCII escaped. */
export function metadataHeader(metadata: string): string {
  return metadata.replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Whether every string in the value, names included, is well formed and without NUL. */
function storable(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, member]) => storable(name) && storable(member));
}

function refusal(fault: string, cause?: unknown): HaloError {
  return new HaloError('invalid-value', `The metadata ${fault}.`, {
    cause,
    extra: { pointer: '/metadata' },
  });
}
