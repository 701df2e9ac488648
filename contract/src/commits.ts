import { type Static, type TObject, Type } from 'typebox';
import { Timestamp } from './accounts.js';
import { Metadata, Revision } from './entries.js';
import { limits } from './limits.js';

const strict = { additionalProperties: false } as const;

const Key = Type.String({ description: '1 to 1,024 bytes of UTF-8.' });
/** Signed 64-bit integers travel as text: a JavaScript number holds only 53 bits of them. */
const Integer64 = Type.String({
  pattern: '^-?(0|[1-9][0-9]{0,18})$',
  description: 'A signed 64-bit integer in decimal.',
  examples: ['1', '-9223372036854775808'],
});
const Ttl = Type.Number({ exclusiveMinimum: 0, description: 'Seconds to live, to the millisecond.' });
const Prefix = Type.String({ pattern: '/$', description: 'Ends with a slash.', examples: ['drafts/'] });
const FromTo = Type.Object({ from: Key, to: Key }, strict);
const PrefixFromTo = Type.Object({ from: Prefix, to: Prefix }, strict);

const SetValue = Type.Object(
  {
    key: Key,
    value: Type.Optional(Type.String({ description: 'Text, stored as UTF-8.' })),
    value_base64: Type.Optional(Type.String({ description: 'Bytes, instead of `value`.' })),
    content_type: Type.Optional(
      Type.String({
        description: '`text/plain; charset=utf-8` for `value`, else `application/octet-stream`.',
      }),
    ),
    metadata: Type.Optional(Type.Union([Metadata, Type.Null()])),
    ttl: Type.Optional(Type.Union([Ttl, Type.Literal('keep')])),
    expires_at: Type.Optional(Timestamp),
  },
  strict,
);
const Add = Type.Object({ key: Key, by: Integer64 }, strict);
const Bound = Type.Object({ key: Key, value: Integer64 }, strict);
const Touch = Type.Object(
  {
    key: Key,
    ttl: Type.Optional(Type.Union([Ttl, Type.Null()], { description: 'null: never expire.' })),
    expires_at: Type.Optional(Type.Union([Timestamp, Type.Null()])),
  },
  strict,
);
const Restore = Type.Object({ key: Key, revision: Revision }, strict);
const Delete = Type.Object({ key: Key }, strict);
const DeletePrefix = Type.Object({ prefix: Prefix }, strict);

/** One member, which names what is to be done. */
function only<Name extends string, Schema extends TObject>(name: Name, schema: Schema) {
  return Type.Object({ [name]: schema } as Record<Name, Schema>, strict);
}

export const MutationRequest = Type.Union(
  [
    only('set', SetValue),
    only('delete', Delete),
    only('add', Add),
    only('min', Bound),
    only('max', Bound),
    only('touch', Touch),
    only('restore', Restore),
    only('copy', FromTo),
    only('move', FromTo),
    only('delete_prefix', DeletePrefix),
    only('copy_prefix', PrefixFromTo),
    only('move_prefix', PrefixFromTo),
  ],
  { $id: 'Mutation', description: 'Exactly one of these.' },
);
export type MutationRequest = Static<typeof MutationRequest>;

/** The schema of each kind of mutation, for validation that names the member at fault. */
export const mutationSchemas = {
  set: SetValue,
  delete: Delete,
  add: Add,
  min: Bound,
  max: Bound,
  touch: Touch,
  restore: Restore,
  copy: FromTo,
  move: FromTo,
  delete_prefix: DeletePrefix,
  copy_prefix: PrefixFromTo,
  move_prefix: PrefixFromTo,
} as const;

export const CheckRequest = Type.Object(
  { key: Key, revision: Type.Integer({ ...Revision, description: '0: the key must not exist.' }) },
  { ...strict, $id: 'Check' },
);

export const CommitRequest = Type.Object(
  {
    checks: Type.Optional(Type.Array(CheckRequest, { maxItems: limits.checksMax })),
    mutations: Type.Array(MutationRequest, { minItems: 1, maxItems: limits.mutationsMax }),
    idempotency_key: Type.Optional(Type.String({ minLength: 1, maxLength: limits.idempotencyKeyLengthMax })),
  },
  { ...strict, $id: 'CommitRequest' },
);
export type CommitRequest = Static<typeof CommitRequest>;

export const MutationAnswer = Type.Object(
  {
    key: Type.Optional(Type.String({ description: 'The key that was changed, or the prefix.' })),
    revision: Revision,
    created: Type.Optional(Type.Boolean({ description: 'The key did not exist before.' })),
    value: Type.Optional(Type.String({ description: 'The new number, for add, min and max.' })),
    count: Type.Optional(Type.Integer({ description: 'How many keys a prefix or an undo changed.' })),
  },
  { ...strict, $id: 'MutationAnswer' },
);

export const CommitAnswer = Type.Object(
  { revision: Revision, results: Type.Array(MutationAnswer) },
  { ...strict, $id: 'CommitAnswer' },
);
export type CommitAnswer = Static<typeof CommitAnswer>;

export const DryRunQuery = Type.Object(
  { dry_run: Type.Optional(Type.Boolean({ description: 'Answer as the write would, and change nothing.' })) },
  { ...strict, $id: 'DryRunQuery' },
);

export const UndoRequest = Type.Object({ revision: Revision }, { ...strict, $id: 'UndoRequest' });
