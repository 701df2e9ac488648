import { type Static, Type } from 'typebox';
import { Timestamp } from './accounts.js';
import { Revision, ValuedEntry } from './entries.js';
import { limits } from './limits.js';

const strict = { additionalProperties: false } as const;

const Kind = Type.Union([Type.Literal('set'), Type.Literal('delete'), Type.Literal('expire')]);
const Cursor = Type.Union([Type.String(), Type.Null()], {
  description: 'Pass it to read on; null on the last page.',
});
const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.listMax, default: limits.listDefault })),
  cursor: Type.Optional(Type.String({ description: 'From the page before.' })),
};

export const HistoryQuery = Type.Object(PageQuery, { ...strict, $id: 'HistoryQuery' });

export const HistoryPage = Type.Object(
  {
    versions: Type.Array(
      Type.Object(
        {
          revision: Revision,
          kind: Kind,
          size: Type.Union([Type.Integer(), Type.Null()], {
            description:
              'null when there is no value, or none any more: it was purged, or is one of too many.',
          }),
          content_type: Type.Union([Type.String(), Type.Null()]),
          expires_at: Type.Union([Timestamp, Type.Null()]),
          actor: Type.String({ description: 'What made the change: a device or token by name, or `halo`.' }),
          written_at: Timestamp,
        },
        strict,
      ),
      { description: 'Newest first.' },
    ),
    cursor: Cursor,
  },
  { ...strict, $id: 'HistoryPage' },
);
export type HistoryPage = Static<typeof HistoryPage>;

export const TrashQuery = Type.Object(
  { ...PageQuery, prefix: Type.Optional(Type.String()) },
  { ...strict, $id: 'TrashQuery' },
);

export const TrashPage = Type.Object(
  {
    entries: Type.Array(
      Type.Object(
        {
          key: Type.String(),
          revision: Revision,
          reason: Type.Union([Type.Literal('delete'), Type.Literal('expire')]),
          deleted_at: Timestamp,
          size: Type.Union([Type.Integer(), Type.Null()], {
            description: 'Of the last value; null when pruned.',
          }),
        },
        strict,
      ),
      { description: 'In UTF-8 byte order of their keys.' },
    ),
    cursor: Cursor,
  },
  { ...strict, $id: 'TrashPage' },
);
export type TrashPage = Static<typeof TrashPage>;

export const ChangesQuery = Type.Object(
  {
    since: Type.Optional(
      Type.Integer({
        ...Revision,
        description: 'Only what came after this revision. Left out, a page begins at 0 and a stream now.',
      }),
    ),
    prefix: Type.Optional(Type.String({ description: 'Only keys that begin with it.' })),
    values: Type.Optional(
      Type.Boolean({
        description:
          'With values: 8 MiB a page, which ends early rather than exceed it. Of a commit that alone has more, those are left out that do not fit; get them with their revision.',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.listMax,
        default: limits.listDefault,
        description: 'Changes on a page; a commit that alone has more comes whole. A stream has no pages.',
      }),
    ),
  },
  { ...strict, $id: 'ChangesQuery' },
);

export const Change = Type.Object(
  {
    revision: Revision,
    key: Type.String(),
    kind: Kind,
    size: Type.Union([Type.Integer(), Type.Null()], {
      description: 'Bytes of the value; null when there is none, or it is no longer kept.',
    }),
    content_type: Type.Union([Type.String(), Type.Null()]),
    expires_at: Type.Union([Timestamp, Type.Null()]),
    written_at: Timestamp,
    value: Type.Optional(Type.String({ description: 'When it is UTF-8.' })),
    value_base64: Type.Optional(Type.String({ description: 'When it is not.' })),
  },
  { ...strict, $id: 'Change' },
);
export type Change = Static<typeof Change>;

export const ChangesPage = Type.Object(
  {
    changes: Type.Array(Change, { description: 'In revision order; commits are never split between pages.' }),
    revision: Type.Integer({
      ...Revision,
      description: 'Up to where the page goes, also when it is empty: pass it as `since` to read on.',
    }),
    more: Type.Boolean({ description: 'Whether there was more to read.' }),
  },
  { ...strict, $id: 'ChangesPage' },
);
export type ChangesPage = Static<typeof ChangesPage>;

/** The data of a stream's `event: commit`, whose id is the revision. */
export const CommitEvent = Type.Object(
  { revision: Revision, changes: Type.Array(Change, { description: 'In UTF-8 byte order of their keys.' }) },
  { ...strict, $id: 'CommitEvent' },
);
export type CommitEvent = Static<typeof CommitEvent>;

/**
 * The data of a stream's `event: snapshot`. A part whose revision differs from that of the part before begins the
 * snapshot anew; the last one has an id, its revision, after which the stream goes on with commits.
 */
export const SnapshotEvent = Type.Object(
  {
    revision: Revision,
    entries: Type.Array(ValuedEntry, {
      description: 'In UTF-8 byte order of their keys, as of the revision.',
    }),
    complete: Type.Boolean({ description: 'Whether it is the last part.' }),
  },
  { ...strict, $id: 'SnapshotEvent' },
);
export type SnapshotEvent = Static<typeof SnapshotEvent>;

/** The data of a stream's `event: end`, after which the server closes it. */
export const EndEvent = Type.Object(
  { code: Type.String({ description: 'From the problem catalogue, such as `session-ended`.' }) },
  { ...strict, $id: 'EndEvent' },
);
export type EndEvent = Static<typeof EndEvent>;
