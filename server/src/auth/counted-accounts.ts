import type { AuditEventName } from 'halo-contract';
import { HaloError } from '../errors.js';
import type { Accounts } from './accounts.js';

/** Counts what people do at the door, for the operator's metrics; the audit trail holds who and when. */
export function countAccounts(accounts: Accounts, count: (event: AuditEventName) => void): Accounts {
  const counted = async <Result>(event: AuditEventName, work: Promise<Result>): Promise<Result> => {
    const result = await work;
    count(event);
    return result;
  };
  return {
    signUp: (request) => counted('sign-up', accounts.signUp(request)),
    logIn: (request) =>
      counted('log-in', accounts.logIn(request)).catch((error: unknown) => {
        const refused = error instanceof HaloError && (error.status === 401 || error.status === 403);
        if (refused) count('log-in-failed');
        throw error;
      }),
    refresh: (token, origin) => counted('refresh', accounts.refresh(token, origin)),
    logOut: (credential, origin) => counted('log-out', accounts.logOut(credential, origin)),
    logOutByRefreshToken: (token, origin) => counted('log-out', accounts.logOutByRefreshToken(token, origin)),
  };
}
