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

/** An entry with its value, as text when it is UTF-8 and in base64 when it is not. */
export const ValuedEntry = Type.Object(
  {
    ...Entry.properties,
    value: Type.Optional(Type.String({ description: 'When it is UTF-8.' })),
    value_base64: Type.Optional(Type.String({ description: 'When it is not.' })),
  },
  { ...strict, $id: 'ValuedEntry' },
);
export type ValuedEntry = Static<typeof ValuedEntry>;

export const EntryList = Type.Object(
  {
    keys: Type.Array(ValuedEntry),
    prefixes: Type.Array(
      Type.Object(
        {
          prefix: Type.String({ description: 'Up to and including the delimiter.' }),
          count: Type.Integer({ description: 'Keys under it that are in the range, counted up to 1,000.' }),
          more: Type.Boolean({
            description: 'There are more keys than `count`; with `at`, there may be: not all were looked at.',
          }),
        },
        strict,
      ),
      { description: 'With `delimiter`: groups of keys, in the place of their keys.' },
    ),
    count: Type.Optional(
      Type.Integer({ description: 'With `count`: all keys in the range, whatever the page.' }),
    ),
    cursor: Type.Union([Type.String(), Type.Null()], {
      description:
        'Pass it, with the same query, to read on; null on the last page. With `values` or `at` a page may have fewer entries than `limit`, or none, and still not be the last.',
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
    delimiter: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 16,
        description:
          'Group keys that share what comes before it, after `prefix`; groups count for `limit` as keys do.',
      }),
    ),
    reverse: Type.Optional(Type.Boolean({ description: 'Last key first.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.listMax, default: limits.listDefault })),
    cursor: Type.Optional(Type.String({ description: 'From the page before.' })),
    values: Type.Optional(Type.Boolean({ description: 'With values, as far as a page holds them.' })),
    count: Type.Optional(Type.Boolean({ description: 'Also count all keys in the range.' })),
    at: Type.Optional(Type.Integer({ ...Revision, description: 'As of this revision.' })),
  },
  { ...strict, $id: 'ListQuery' },
);
export type ListQuery = Static<typeof ListQuery>;

export const GetQuery = Type.Object(
  {
    revision: Type.Optional(
      Type.Integer({
        ...Revision,
        description: 'As it stood at this revision, even if it has expired since.',
      }),
    ),
  },
  { ...strict, $id: 'GetQuery' },
);

export const ReadRequest = Type.Object(
  { keys: Type.Array(Type.String(), { minItems: 1, maxItems: limits.readKeysMax }) },
  { ...strict, $id: 'ReadRequest' },
);

export const ReadAnswer = Type.Object(
  {
    entries: Type.Array(Type.Union([ValuedEntry, Type.Null()]), {
      description: 'In the order asked; null: absent.',
    }),
    revision: Revision,
  },
  { ...strict, $id: 'ReadAnswer' },
);
export type ReadAnswer = Static<typeof ReadAnswer>;

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
