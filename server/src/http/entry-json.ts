import { isUtf8 } from 'node:buffer';
import type { Group } from '../engine/grouping.js';
import type { ListedEntry } from '../engine/listed-entry.js';
import type { Page } from '../engine/lister.js';
import type { Snapshot } from '../engine/snapshot.js';

/**
 * A page of the list as JSON. Written by hand because metadata goes out as the text that came in: parsing and
 * writing it again would round large numbers and drop repeated members.
 */
export function pageJson({ entries, groups, count, cursor, revision }: Page): string {
  const keys = entries.map(entryJson).join(',');
  const prefixes = groups.map(groupJson).join(',');
  const counted = count === undefined ? '' : `"count":${count},`;
  return `{"keys":[${keys}],"prefixes":[${prefixes}],${counted}"cursor":${JSON.stringify(cursor ?? null)},"revision":${revision}}`;
}

/** The answer to a read of many keys. */
export function snapshotJson({ entries, revision }: Snapshot): string {
  const written = entries.map((entry) => (entry === undefined ? 'null' : entryJson(entry))).join(',');
  return `{"entries":[${written}],"revision":${revision}}`;
}

/** The member that carries a value: as text when it is UTF-8, in base64 when it is not. */
export function valueJson(value: Buffer): string {
  return isUtf8(value)
    ? `"value":${JSON.stringify(value.toString())}`
    : `"value_base64":"${value.toString('base64')}"`;
}

/** What lists, reads and snapshots tell of a key. */
export function entryJson(entry: ListedEntry): string {
  const { key, revision, size, contentType, metadata, createdAt, writtenAt, expiresAt, value } = entry;
  return (
    `{"key":${JSON.stringify(key)},"revision":${revision},"size":${size},` +
    `"content_type":${JSON.stringify(contentType)},"metadata":${metadata ?? 'null'},` +
    `"created_at":"${createdAt}","updated_at":"${writtenAt}",` +
    `"expires_at":${expiresAt === null ? 'null' : `"${expiresAt}"`}${value === undefined ? '' : `,${valueJson(value)}`}}`
  );
}

function groupJson({ name, count, more }: Group): string {
  return `{"prefix":${JSON.stringify(name)},"count":${count},"more":${more}}`;
}
