import { readJson } from 'halo-client';
import type { DeleteResult, PutQuery, PutResult } from 'halo-contract';
import { session } from '../../session/browser-session.js';
import { metadataHeader } from './detail/metadata-text.js';
import { keyPath } from './key-path.js';
import { readSnapshot, type Snapshot } from './snapshot.js';

export async function getSnapshot(key: string, signal?: AbortSignal): Promise<Snapshot> {
  return readSnapshot(key, await session.request({ method: 'GET', path: pathOf(key), signal }));
}

/** Returns the whole value, however long. */
export async function getBlob(key: string): Promise<Blob> {
  const response = await session.request({ method: 'GET', path: pathOf(key) });
  return response.blob();
}

export interface Put {
  readonly key: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly metadata: string | undefined;
  /** The revision the key must still have, or 0 if it must not exist. */
  readonly over: number;
  readonly expiry: Pick<PutQuery, 'ttl' | 'expires_at'>;
}

/** Writes a value, and waits for the log-in if the session ends on the way. */
export async function putValue(put: Put): Promise<PutResult> {
  const response = await session.requestForDraft({
    method: 'PUT',
    path: pathOf(put.key),
    query: put.expiry,
    headers: {
      'Content-Type': put.contentType,
      ...(put.metadata === undefined ? {} : { 'Halo-Metadata': metadataHeader(put.metadata) }),
      ...(put.over === 0 ? { 'If-None-Match': '*' } : { 'If-Match': `"${put.over}"` }),
    },
    body: put.bytes,
  });
  return readJson(response);
}

/** Deletes the revision that the person has seen, and no other. */
export async function deleteKey(key: string, revision: number): Promise<DeleteResult> {
  const headers = { 'If-Match': `"${revision}"` };
  return readJson(await session.request({ method: 'DELETE', path: pathOf(key), headers }));
}

export function pathOf(key: string): string {
  const path = keyPath(key);
  // The screens explain `.` and `..` before they ask for anything.
  if (path === undefined) throw new Error('This key cannot travel in a path.');
  return `/v1/keys/${path}`;
}
