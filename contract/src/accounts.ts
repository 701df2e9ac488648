import { type Static, Type } from 'typebox';
import { limits } from './limits.js';

const strict = { additionalProperties: false } as const;

/** RFC 3339 in UTC with milliseconds, such as `2026-01-31T09:30:00.000Z`. */
export const Timestamp = Type.String({ format: 'date-time', examples: ['2026-01-31T09:30:00.000Z'] });

export const AccountName = Type.String({
  description: `${limits.nameLengthMin} to ${limits.nameLengthMax} letters, digits and . _ - + @; case makes no difference.`,
  minLength: 1,
  maxLength: 256,
  examples: ['ada'],
});

export const Password = Type.String({
  description: `${limits.passwordLengthMin} to ${limits.passwordLengthMax} characters of any kind.`,
  minLength: 1,
  maxLength: 1_024,
  examples: ['a long and private phrase'],
});

const Cookie = Type.Boolean({
  description: 'For browsers: keep the refresh token in an HttpOnly cookie instead of the body.',
});

export const Credentials = Type.Object(
  { name: AccountName, password: Password, cookie: Type.Optional(Cookie) },
  { ...strict, $id: 'Credentials' },
);
export type Credentials = Static<typeof Credentials>;

export const SignUpRequest = Type.Object(
  {
    ...Credentials.properties,
    invite: Type.Optional(
      Type.String({ maxLength: 256, description: 'An invite code, where signing up takes one.' }),
    ),
  },
  { ...strict, $id: 'SignUpRequest' },
);
export type SignUpRequest = Static<typeof SignUpRequest>;

export const RefreshRequest = Type.Object(
  {
    refresh_token: Type.Optional(
      Type.String({ maxLength: 512, description: 'Left out when the cookie carries it.' }),
    ),
    cookie: Type.Optional(Cookie),
  },
  { ...strict, $id: 'RefreshRequest' },
);
export type RefreshRequest = Static<typeof RefreshRequest>;

export const Account = Type.Object(
  { id: Type.String(), name: Type.String(), created_at: Timestamp },
  { ...strict, $id: 'Account' },
);
export type Account = Static<typeof Account>;

export const Grant = Type.Object(
  {
    account: Account,
    access_token: Type.String({ description: 'A JWT for `Authorization: Bearer`.' }),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({ description: 'Seconds until the access token expires.' }),
    refresh_token: Type.Optional(
      Type.String({ description: 'Good for one refresh. Absent when it was put in a cookie.' }),
    ),
  },
  { ...strict, $id: 'Grant' },
);
export type Grant = Static<typeof Grant>;

export const AccountView = Type.Object(
  {
    account: Account,
    limits: Type.Object({ keys: Type.Integer(), bytes: Type.Integer() }, strict),
    usage: Type.Object({ keys: Type.Integer(), bytes: Type.Integer() }, strict),
    revision: Type.Integer({ description: 'The revision of the latest commit.' }),
  },
  { ...strict, $id: 'AccountView' },
);
export type AccountView = Static<typeof AccountView>;

export const AccountDeletion = Type.Object({ password: Password }, { ...strict, $id: 'AccountDeletion' });
export type AccountDeletion = Static<typeof AccountDeletion>;

export const PasswordChange = Type.Object(
  {
    current_password: Password,
    new_password: Password,
    revoke_tokens: Type.Optional(Type.Boolean({ description: 'Whether API tokens end too.' })),
  },
  { ...strict, $id: 'PasswordChange' },
);
export type PasswordChange = Static<typeof PasswordChange>;

export const UsageReport = Type.Object(
  {
    days: Type.Array(
      Type.Object(
        {
          day: Type.String({ format: 'date', description: 'In UTC.' }),
          reads: Type.Integer({ description: 'Requests that read.' }),
          writes: Type.Integer({ description: 'Requests that write.' }),
        },
        strict,
      ),
      { description: `The last ${limits.usageDays} days, oldest first, the current one included.` },
    ),
  },
  { ...strict, $id: 'UsageReport' },
);
export type UsageReport = Static<typeof UsageReport>;

export const KeySet = Type.Object(
  { keys: Type.Array(Type.Record(Type.String(), Type.Unknown())) },
  { $id: 'KeySet' },
);
