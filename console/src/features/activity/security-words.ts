import type { AuditEvent, AuditEventName } from 'halo-contract';

interface Words {
  readonly title: string;
  /** Worth a second look: somebody may have tried what they should not, or a door was opened or shut. */
  readonly tone: 'plain' | 'warn' | 'danger';
}

const words: Readonly<Record<AuditEventName, Words>> = {
  'sign-up': { title: 'Account created', tone: 'plain' },
  'log-in': { title: 'Logged in', tone: 'plain' },
  'log-in-failed': { title: 'Log-in refused', tone: 'warn' },
  refresh: { title: 'Session renewed', tone: 'plain' },
  'refresh-replayed': { title: 'Session ended: an old refresh token was used again', tone: 'danger' },
  'log-out': { title: 'Logged out', tone: 'plain' },
  'session-ended': { title: 'Another session ended', tone: 'plain' },
  'other-sessions-ended': { title: 'All other sessions ended', tone: 'plain' },
  'all-sessions-ended': { title: 'All sessions ended', tone: 'warn' },
  'password-changed': { title: 'Password changed', tone: 'warn' },
  'password-refused': { title: 'Wrong current password given', tone: 'warn' },
  'token-created': { title: 'API token made', tone: 'warn' },
  'token-revoked': { title: 'API token revoked', tone: 'plain' },
  'tokens-revoked': { title: 'All API tokens revoked', tone: 'warn' },
  'account-deleted': { title: 'Account deleted', tone: 'danger' },
  'account-disabled': { title: 'Account disabled', tone: 'danger' },
  'account-enabled': { title: 'Account enabled again', tone: 'warn' },
  'limits-set': { title: 'Limits changed', tone: 'plain' },
};

/** Returns what to call an event; one that a newer server tells keeps its own name. */
export function wordsOf({ event, subject_name }: AuditEvent): Words {
  const known = new Map<string, Words>(Object.entries(words)).get(event);
  if (known === undefined) return { title: event, tone: 'plain' };
  return subject_name === null ? known : { ...known, title: `${known.title}: ${subject_name}` };
}

/** Returns who did it when it was not simply the person themselves. */
export function actorOf({ actor }: AuditEvent): string | undefined {
  if (actor === 'operator') return 'by the operator of this server';
  return actor === 'stranger' ? 'by somebody who did not prove to be you' : undefined;
}
