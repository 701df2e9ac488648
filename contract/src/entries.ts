import { type Static, Type } from 'typebox';
import { Timestamp } from './accounts.js';
import { limits } from './limits.js';

const strict = { additionalProperties: false } as const;

export const Revision = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'The number of a commit: gapless and increasing within an account.',
});

/** Any JSON object; it is returned as it was sent, never re-serialised. */
export const Metadata = Type.Unsafe<Record<string, unknown>>(
  Type.Object({}, { additionalProperties: true, description: 'The metadata as it was stored.' }),
);

export const Entry = Type.Object(
  {
    key: Type.String(),
    revision: Revision,
    size: Type.Integer({ description: 'Bytes of the value.' }),
    content_type: Type.String(),
    metadata: Type.Union([Metadata, Type.Null()]),
    created_at: Timestamp,
    updated_at: Timestamp,
    expires_at: Type.Union([Timestamp, Type.Null()]),
  },
  { ...strict, $id: 'Entry' },
);
export type Entry = Static<typeof Entry>;

export const EntryList = Type.Object(
  {
    keys: Type.Array(Entry),
    cursor: Type.Union([Type.String(), Type.Null()], {
      description: 'Pass it to read on; null on the last page.',
    }),
    revision: Revision,
  },
  { ...strict, $id: 'EntryList' },
);
export type EntryList = Static<typeof EntryList>;

export const ListQuery = Type.Object(
  {
    prefix: Type.Optional(Type.String({ description: 'Only keys that begin with it.' })),
    start: Type.Optional(Type.String({ description: 'Only keys at or after it, in UTF-8 byte order.' })),
    end: Type.Optional(Type.String({ description: 'Only keys before it.' })),
    reverse: Type.Optional(Type.Boolean({ description: 'Last key first.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.listMax, default: limits.listDefault })),
    cursor: Type.Optional(Type.String({ description: 'From the page before.' })),
  },
  { ...strict, $id: 'ListQuery' },
);
export type ListQuery = Static<typeof ListQuery>;

export const PutQuery = Type.Object(
  {
    ttl: Type.Optional(
      Type.String({
        description:
          'Seconds to live, fractions allowed to the millisecond, or `keep` for the present expiry.',
        examples: ['3600', '0.5', 'keep'],
      }),
    ),
    expires_at: Type.Optional(Timestamp),
    dry_run: Type.Optional(Type.Boolean({ description: 'Answer as the write would, and change nothing.' })),
  },
  { ...strict, $id: 'PutQuery' },
);
export type PutQuery = Static<typeof PutQuery>;

export const DeleteQuery = Type.Object(
  { dry_run: PutQuery.properties.dry_run },
  { ...strict, $id: 'DeleteQuery' },
);

export const PutResult = Type.Object(
  { key: Type.String(), revision: Revision, created: Type.Boolean() },
  { ...strict, $id: 'PutResult' },
);
export type PutResult = Static<typeof PutResult>;

export const DeleteResult = Type.Object(
  { key: Type.String(), revision: Revision },
  { ...strict, $id: 'DeleteResult' },
);
export type DeleteResult = Static<typeof DeleteResult>;

export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.String(),
    request_id: Type.String(),
    pointer: Type.Optional(Type.String({ description: 'JSON pointer to what is wrong.' })),
    revision: Type.Optional(Revision),
  },
  { additionalProperties: true, $id: 'Problem' },
);
export type Problem = Static<typeof Problem>;
