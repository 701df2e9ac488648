import type { ListedEntry, Page } from '../engine/lister.js';

/**
 * A page of the list as JSON. Written by hand because metadata goes out as the text that came in: parsing and
 * writing it again would round large numbers and drop repeated members.
 */
export function pageJson({ entries, cursor, revision }: Page): string {
  const keys = entries.map(entryJson).join(',');
  return `{"keys":[${keys}],"cursor":${JSON.stringify(cursor ?? null)},"revision":${revision}}`;
}

function entryJson(entry: ListedEntry): string {
  const { key, revision, size, contentType, metadata, createdAt, writtenAt, expiresAt } = entry;
  return (
    `{"key":${JSON.stringify(key)},"revision":${revision},"size":${size},` +
    `"content_type":${JSON.stringify(contentType)},"metadata":${metadata ?? 'null'},` +
    `"created_at":"${createdAt}","updated_at":"${writtenAt}",` +
    `"expires_at":${expiresAt === null ? 'null' : `"${expiresAt}"`}}`
  );
}
