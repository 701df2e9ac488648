import { HaloError } from '../errors.js';

type Revisions = '*' | readonly number[];

/** What `If-Match` and `If-None-Match` ask of a key's revision. */
export interface Condition {
  readonly match: Revisions | undefined;
  readonly noneMatch: Revisions | undefined;
}

/** An entity tag with the comma or end that must follow it, RFC 9110 section 8.8.3. */
const entityTag = /\s*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*)?(?:,|$)/y;
const revision = /^[1-9]\d{0,15}$/;

/**
 * Reads both headers. A tag that Halo never issues is legal and matches nothing.
 *
 * @throws HaloError `invalid-request` for a malformed header
 */
export function conditionOf(
  ifMatch: string | undefined,
  ifNoneMatch: string | undefined,
): Condition | undefined {
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  return {
    // RFC 9110 asks for strong comparison here: a weak tag never matches.
    match: ifMatch === undefined ? undefined : revisionsOf('If-Match', ifMatch, false),
    noneMatch: ifNoneMatch === undefined ? undefined : revisionsOf('If-None-Match', ifNoneMatch, true),
  };
}

function revisionsOf(header: string, value: string, weakCounts: boolean): Revisions {
  const text = value.trim();
  if (text === '*') return '*';
  const revisions: number[] = [];
  let tags = 0;
  entityTag.lastIndex = 0;
  while (entityTag.lastIndex < text.length) {
    const tag = entityTag.exec(text);
    if (tag === null) throw malformed(header);
    if (tag[2] !== undefined) tags += 1;
    if (revision.test(tag[2] ?? '') && (weakCounts || tag[1] === undefined)) revisions.push(Number(tag[2]));
  }
  if (tags === 0) throw malformed(header);
  return revisions;
}

function malformed(header: string): HaloError {
  return new HaloError('invalid-request', `${header} must be * or revisions in quotes, such as "42".`);
}
