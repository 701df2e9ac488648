import { keyFault } from 'halo-contract';
import { HaloError } from '../errors.js';
import { type Bounds, boundsAfter, boundsAfterPrefix } from './bounds.js';

/** Where a page of a list ended: after a key, or after all keys of a group. */
export interface Place {
  readonly kind: 'key' | 'group';
  readonly name: string;
}

/** Marks the cursor of a group: a group’s name may itself be a key. Not in the alphabet of base64url. */
const groupMark = '~';

export function writeCursor({ kind, name }: Place): string {
  return `${Buffer.from(name).toString('base64url')}${kind === 'group' ? groupMark : ''}`;
}

/** @throws HaloError `invalid-request` for what `writeCursor` cannot have written */
export function readCursor(cursor: string): Place {
  const kind = cursor.endsWith(groupMark) ? 'group' : 'key';
  const encoded = kind === 'group' ? cursor.slice(0, -groupMark.length) : cursor;
  const place: Place = { kind, name: Buffer.from(encoded, 'base64url').toString() };
  if (writeCursor(place) === cursor && keyFault(place.name) === undefined) return place;
  throw new HaloError('invalid-request', 'The cursor is not one that Halo issued.', {
    extra: { pointer: '/cursor' },
  });
}

/** The part of a list that is still to come after a place. */
export function boundsFrom(bounds: Bounds, { kind, name }: Place, reverse: boolean): Bounds {
  return kind === 'group' ? boundsAfterPrefix(bounds, name, reverse) : boundsAfter(bounds, name, reverse);
}
