import { type Static, Type } from 'typebox';
import { Timestamp } from './accounts.js';
import { limits } from './limits.js';

const strict = { additionalProperties: false } as const;
const optionalText = Type.Union([Type.String(), Type.Null()]);

/** What can happen to an account’s security, in the words of `AuditEvent.event`. */
export const auditEvents = {
  'sign-up': 'The account was created and its first session opened.',
  'log-in': 'A session was opened with name and password.',
  'log-in-failed': 'Somebody gave the account’s name and a wrong password, or the account is disabled.',
  refresh: 'A session’s tokens were renewed.',
  'refresh-replayed': 'An old refresh token was used again, so that its session was ended.',
  'log-out': 'A session was ended by whoever held it.',
  'session-ended': 'Another session was ended from the list.',
  'other-sessions-ended': 'All sessions but the acting one were ended.',
  'all-sessions-ended': 'All sessions were ended.',
  'password-changed': 'The password was changed; all other sessions were ended.',
  'password-refused': 'A wrong current password was given within a session.',
  'token-created': 'An API token was made.',
  'token-revoked': 'An API token was revoked.',
  'tokens-revoked': 'All API tokens were revoked.',
  'account-deleted': 'The account was deleted with everything in it.',
  'account-disabled': 'The operator disabled the account.',
  'account-enabled': 'The operator enabled the account again.',
  'limits-set': 'The operator changed the account’s limits.',
} as const;

export type AuditEventName = keyof typeof auditEvents;

export const AuditEvent = Type.Object(
  {
    number: Type.Integer({ minimum: 1, description: 'Counts the account’s events without a gap.' }),
    at: Timestamp,
    event: Type.Unsafe<AuditEventName>(
      Type.Union(Object.keys(auditEvents).map((name) => Type.Literal(name))),
    ),
    actor: Type.Union([Type.Literal('owner'), Type.Literal('operator'), Type.Literal('stranger')], {
      description: '`stranger`: whoever it was did not prove to be the owner.',
    }),
    session: Type.Union([Type.String(), Type.Null()], { description: 'The session that acted.' }),
    subject: Type.Union([Type.String(), Type.Null()], {
      description: 'The session or API token that it was done to.',
    }),
    subject_name: Type.Union([Type.String(), Type.Null()], { description: 'The API token’s name.' }),
    device: Type.Union([Type.String(), Type.Null()], { description: 'The `User-Agent`.' }),
    address: optionalText,
    previous_hash: Type.String({ description: 'The `hash` of the event before; 64 zeros for the first.' }),
    hash: Type.String({
      description:
        'SHA-256 in hexadecimal, over the bytes of `previous_hash` followed by the UTF-8 of the JSON array ' +
        '[number, at, event, actor, session, subject, subject_name, device, address] without spaces.',
    }),
  },
  { ...strict, $id: 'AuditEvent' },
);
export type AuditEvent = Static<typeof AuditEvent>;

export const AuditQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.auditListMax,
        default: limits.auditListDefault,
        description: 'Events a page.',
      }),
    ),
    cursor: Type.Optional(Type.String({ description: 'From the page before.' })),
  },
  { ...strict, $id: 'AuditQuery' },
);
export type AuditQuery = Static<typeof AuditQuery>;

export const AuditPage = Type.Object(
  {
    events: Type.Array(AuditEvent, { description: 'The newest first.' }),
    cursor: Type.Union([Type.String(), Type.Null()], {
      description: 'For the next page; null: it was the last.',
    }),
  },
  { ...strict, $id: 'AuditPage' },
);
export type AuditPage = Static<typeof AuditPage>;

/** What `hash` covers besides the hash before it: the text of `AuditEvent.hash`’s description. */
export function auditText(event: Omit<AuditEvent, 'hash' | 'previous_hash'>): string {
  const { number, at, event: name, actor, session, subject, subject_name, device, address } = event;
  return JSON.stringify([number, at, name, actor, session, subject, subject_name, device, address]);
}

/** What the first event’s `previous_hash` is. */
export const auditOrigin = '0'.repeat(64);
