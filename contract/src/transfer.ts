import { type Static, Type } from 'typebox';
import { Timestamp } from './accounts.js';
import { mutationSchemas } from './commits.js';
import { Entry, Revision, ValuedEntry } from './entries.js';

const strict = { additionalProperties: false } as const;

/** The lines of an export, each one JSON document. */
export const ndjsonType = 'application/x-ndjson';

export const ExportQuery = Type.Object(
  { prefix: Type.Optional(Type.String({ description: 'Only keys that begin with it.' })) },
  { ...strict, $id: 'ExportQuery' },
);

export const ExportHeader = Type.Object(
  {
    halo: Type.Literal(1, { description: 'The version of this format.' }),
    revision: Type.Optional(Type.Integer({ ...Revision, description: 'What the export shows.' })),
    exported_at: Type.Optional(Timestamp),
  },
  { ...strict, $id: 'ExportHeader', description: 'The first line.' },
);
export type ExportHeader = Static<typeof ExportHeader>;

const { revision: _revision, size: _size, ...exported } = ValuedEntry.properties;

export const ExportEntry = Type.Object(exported, {
  ...strict,
  $id: 'ExportEntry',
  description:
    'A key, in UTF-8 byte order; the value as text when it is UTF-8 and that is no longer than base64.',
});
export type ExportEntry = Static<typeof ExportEntry>;

export const ExportEnd = Type.Object(
  {
    end: Type.Literal(true),
    keys: Type.Integer({ minimum: 0, description: 'How many entry lines there were.' }),
    sha256: Type.String({
      pattern: '^[0-9a-f]{64}$',
      description: 'Of the entry lines, each with its line feed. An export without this line is truncated.',
    }),
  },
  { ...strict, $id: 'ExportEnd', description: 'The last line.' },
);
export type ExportEnd = Static<typeof ExportEnd>;

export const ExportLine = Type.Union([ExportHeader, ExportEntry, ExportEnd], { $id: 'ExportLine' });

export const ImportQuery = Type.Object(
  {
    on_conflict: Type.Optional(
      Type.Union([Type.Literal('skip'), Type.Literal('replace'), Type.Literal('fail')], {
        default: 'fail',
        description: 'What to do about a key that exists: leave it, replace it, or stop before it.',
      }),
    ),
    dry_run: Type.Optional(
      Type.Boolean({
        description:
          'Change nothing. Each few hundred lines are judged by themselves: a key that comes twice, far apart, or a quota that only the whole would exceed goes unnoticed.',
      }),
    ),
  },
  { ...strict, $id: 'ImportQuery' },
);
export type ImportQuery = Static<typeof ImportQuery>;

/** An entry to import: what a `set` takes, and what else stands in exports and lists, which is left aside. */
export const ImportEntry = Type.Object(
  {
    ...mutationSchemas.set.properties,
    expires_at: Type.Optional(Type.Union([Timestamp, Type.Null()])),
    revision: Type.Optional(Revision),
    size: Type.Optional(Entry.properties.size),
    created_at: Type.Optional(Timestamp),
    updated_at: Type.Optional(Timestamp),
  },
  { ...strict, $id: 'ImportEntry' },
);

export const ImportLine = Type.Union([ExportHeader, ImportEntry, ExportEnd], { $id: 'ImportLine' });

const counts = {
  lines: Type.Integer({ description: 'The line up to which everything is done and durable.' }),
  imported: Type.Integer({ description: 'Keys set.' }),
  skipped: Type.Integer({ description: 'Keys left as they were, or that expired before they came.' }),
  failed: Type.Integer({ description: 'Lines that were refused.' }),
  bytes: Type.Integer({ description: 'Read of the request so far.' }),
  revision: Type.Integer({ ...Revision, description: 'Of the last commit, or the account’s before any.' }),
} as const;

const fault = {
  code: Type.String({ description: 'A code of the problem catalogue.' }),
  detail: Type.String(),
  pointer: Type.Optional(Type.String({ description: 'JSON pointer into the line.' })),
} as const;

export const ImportProgress = Type.Object(counts, { ...strict, $id: 'ImportProgress' });
export type ImportProgress = Static<typeof ImportProgress>;

export const ImportFault = Type.Object(
  { error: Type.Object({ line: Type.Integer({ minimum: 1 }), ...fault }, strict) },
  { ...strict, $id: 'ImportFault', description: 'A line that was refused; the import goes on.' },
);
export type ImportFault = Static<typeof ImportFault>;

export const ImportEnd = Type.Object(
  {
    done: Type.Boolean({ description: 'False: the import stopped after `lines`, because of `error`.' }),
    error: Type.Optional(Type.Object({ line: Type.Optional(Type.Integer()), ...fault }, strict)),
    ...counts,
    sha256_ok: Type.Union([Type.Boolean(), Type.Null()], {
      description:
        'Whether the lines are those that were exported; false also for a truncated file; null when there was neither header nor end line.',
    }),
  },
  { ...strict, $id: 'ImportEnd', description: 'The last line.' },
);
export type ImportEnd = Static<typeof ImportEnd>;

export const ImportAnswerLine = Type.Union([ImportProgress, ImportFault, ImportEnd], {
  $id: 'ImportAnswerLine',
});
