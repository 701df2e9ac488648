import type { Change, ChangedCommit, ChangesPage } from '../engine/changes.js';
import type { SnapshotPart } from '../engine/subscriber.js';
import { entryJson, valueJson } from './entry-json.js';

/** A page of the change feed as JSON. */
export function changesJson({ changes, revision, more }: ChangesPage): string {
  return `{"changes":[${changes.map(changeJson).join(',')}],"revision":${revision},"more":${more}}`;
}

/** What a stream tells of one commit. */
export function commitJson({ revision, changes }: ChangedCommit): string {
  return `{"revision":${revision},"changes":[${changes.map(changeJson).join(',')}]}`;
}

/** What a stream tells of the keys when the log no longer reaches back. */
export function snapshotPartJson({ revision, entries, isComplete }: SnapshotPart): string {
  return `{"revision":${revision},"entries":[${entries.map(entryJson).join(',')}],"complete":${isComplete}}`;
}

function changeJson(change: Change): string {
  const { revision, key, kind, size, contentType, expiresAt, writtenAt, value } = change;
  return (
    `{"revision":${revision},"key":${JSON.stringify(key)},"kind":"${kind}","size":${size},` +
    `"content_type":${JSON.stringify(contentType)},"expires_at":${JSON.stringify(expiresAt)},` +
    `"written_at":"${writtenAt}"${value === undefined ? '' : `,${valueJson(value)}`}}`
  );
}
