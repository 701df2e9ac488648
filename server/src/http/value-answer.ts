import type { StoredValue } from '../engine/stored-value.js';
import { httpDate, rfc3339Date } from './dates.js';
import type { KeyAnswer } from './key-answer.js';
import { metadataHeader } from './value-headers.js';

/** Answers a stored value, or 304 when `unchanged`. The head is written in one go: pieces cost more than their text. */
export function valueAnswer(requestId: string, stored: StoredValue, unchanged: boolean): KeyAnswer {
  const { revision, contentType, metadata, writtenAtMs, createdAtMs, expiresAtMs } = stored;
  const expires = expiresAtMs === null ? '' : `halo-expires-at: ${rfc3339Date(expiresAtMs)}\r\n`;
  const described = metadata === null ? '' : `halo-metadata: ${metadataHeader(metadata)}\r\n`;
  const typed = unchanged ? '' : `content-type: ${contentType}\r\n`;
  // The policy sees to it that stored bytes never become a page of our origin, whatever they claim to be.
  const head = `x-request-id: ${requestId}\r
x-content-type-options: nosniff\r
content-security-policy: sandbox; default-src 'none'\r
cache-control: private, no-cache\r
etag: "${revision}"\r
last-modified: ${httpDate(writtenAtMs)}\r
halo-revision: ${revision}\r
halo-created-at: ${rfc3339Date(createdAtMs)}\r
${expires}${described}${typed}`;
  return unchanged ? { status: 304, head, body: undefined } : { status: 200, head, body: stored.value };
}
