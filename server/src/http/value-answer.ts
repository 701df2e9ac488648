import type { IncomingMessage, ServerResponse } from 'node:http';
import type { StoredValue } from '../engine/reader.js';
import { metadataHeader } from './value-headers.js';

/** A string joined to the head leaves in one write; beyond this size, copying costs more than a second write. */
const joinedBytesMax = 16_384;

/** Answers a stored value, or 304 when `unchanged`. */
export function answerValue(
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  stored: StoredValue,
  unchanged: boolean,
): void {
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
    new Date(stored.writtenAt).toUTCString(),
    'halo-revision',
    revision,
    'halo-created-at',
    stored.createdAt,
  ];
  if (stored.expiresAt !== null) head.push('halo-expires-at', stored.expiresAt);
  if (stored.metadata !== null) head.push('halo-metadata', metadataHeader(stored.metadata));
  if (unchanged) {
    response.writeHead(304, head).end();
    return;
  }
  head.push('content-type', stored.contentType, 'content-length', String(stored.value.length));
  response.writeHead(200, head);
  if (request.method === 'HEAD') response.end();
  else if (stored.value.length <= joinedBytesMax) response.end(stored.value.toString('latin1'), 'latin1');
  else response.end(stored.value);
}
