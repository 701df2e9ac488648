import { type Static, Type } from 'typebox';
import { Timestamp } from './accounts.js';
import { limits } from './limits.js';

const strict = { additionalProperties: false } as const;

/** A log-in. */
export const Session = Type.Object(
  {
    id: Type.String(),
    device: Type.Union([Type.String(), Type.Null()], { description: 'The `User-Agent` of the log-in.' }),
    address: Type.Union([Type.String(), Type.Null()], { description: 'Where the log-in came from.' }),
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
    current: Type.Boolean({ description: 'Whether it is the session that asks.' }),
  },
  { ...strict, $id: 'Session' },
);
export type Session = Static<typeof Session>;

export const SessionList = Type.Object(
  { sessions: Type.Array(Session, { description: 'The most recently used first.' }) },
  { ...strict, $id: 'SessionList' },
);
export type SessionList = Static<typeof SessionList>;

export const Access = Type.Union([Type.Literal('read'), Type.Literal('write')], {
  description: '`write` includes reading.',
});

/** A credential for programs. */
export const ApiToken = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    access: Access,
    prefix: Type.String({ description: 'It reaches only keys that begin with this.' }),
    created_at: Timestamp,
    last_used_at: Type.Union([Timestamp, Type.Null()], { description: 'To the minute. null: never.' }),
    expires_at: Type.Union([Timestamp, Type.Null()], { description: 'null: never.' }),
  },
  { ...strict, $id: 'ApiToken' },
);
export type ApiToken = Static<typeof ApiToken>;

export const TokenList = Type.Object(
  { tokens: Type.Array(ApiToken, { description: 'The newest first.' }) },
  { ...strict, $id: 'TokenList' },
);
export type TokenList = Static<typeof TokenList>;

export const TokenRequest = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: limits.tokenNameLengthMax,
      description: 'To recognise it by.',
      examples: ['backup script'],
    }),
    access: Access,
    prefix: Type.Optional(
      Type.String({ maxLength: limits.keyBytesMax, description: 'Left out: all keys.', examples: ['app/'] }),
    ),
    expires_in: Type.Optional(
      Type.Integer({
        minimum: limits.tokenSecondsMin,
        maximum: limits.tokenSecondsMax,
        description: 'Seconds. Left out: it does not expire.',
      }),
    ),
  },
  { ...strict, $id: 'TokenRequest' },
);
export type TokenRequest = Static<typeof TokenRequest>;

export const CreatedToken = Type.Object(
  {
    ...ApiToken.properties,
    token: Type.String({ description: 'The secret, for `Authorization: Bearer`. It is never shown again.' }),
  },
  { ...strict, $id: 'CreatedToken' },
);
export type CreatedToken = Static<typeof CreatedToken>;
