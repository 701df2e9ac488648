import type { StoredValue } from '../engine/reader.js';
import { httpDate, rfc3339Date } from './dates.js';
import type { KeyAnswer } from './key-answer.js';
import { metadataHeader } from './value-headers.js';

/** Answers a stored value, or 304 when `unchanged`. */
export function valueAnswer(requestId: string, stored: StoredValue, unchanged: boolean): KeyAnswer {
  const revision = String(stored.revision);
  const head = [
    'x-request-id',
    requestId,
    'x-content-type-options',
    'nosniff',
    // Stored bytes never become a page of our origin, whatever they claim to be.
    'content-security-policy',
    "sandbox; default-src 'none'",
    'cache-control',
    'private, no-cache',
    'etag',
    `"${revision}"`,
    'last-modified',
    httpDate(stored.writtenAtMs),
    'halo-revision',
    revision,
    'halo-created-at',
    rfc3339Date(stored.createdAtMs),
  ];
  if (stored.expiresAtMs !== null) head.push('halo-expires-at', rfc3339Date(stored.expiresAtMs));
  if (stored.metadata !== null) head.push('halo-metadata', metadataHeader(stored.metadata));
  if (unchanged) return { status: 304, head, body: undefined };
  head.push('content-type', stored.contentType);
  return { status: 200, head, body: stored.value };
}
