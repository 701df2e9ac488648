import { HaloError } from './problem.js';
import type { Grant } from './wire.js';

/** What keeps a person logged in: to be stored as carefully as a password. */
export interface HaloSession {
  readonly accessToken: string;
  /** Absent where a browser keeps it in a cookie. */
  readonly refreshToken?: string | undefined;
  /** When the access token expires, in milliseconds since 1970. */
  readonly expiresAtMs: number;
  readonly account: { readonly id: string; readonly name: string };
}

/** Renewed this long before it expires, so that no request arrives with a token that just did. */
const renewBeforeMs = 30_000;

export interface SessionKeeper {
  readonly current: () => HaloSession | undefined;
  set(session: HaloSession | undefined): void;
  /** The value of `Authorization`, renewed if it is about to expire. */
  authorization(): Promise<string | undefined>;
  /** Renews after a refusal of what was sent. Says whether there is something new to try. */
  renew(refused: HaloError, sent: string | undefined): Promise<boolean>;
}

/**
 * Keeps a log-in's session and renews its tokens: once, however many requests wait for it.
 *
 * @param refresh exchanges the refresh token
 * @param onChange told of each new session, and of undefined when it has ended
 */
export function createSessionKeeper(
  initial: HaloSession | undefined,
  refresh: (session: HaloSession) => Promise<HaloSession>,
  onChange: (session: HaloSession | undefined) => void,
): SessionKeeper {
  let session = initial;
  let renewing: Promise<boolean> | undefined;

  const set = (next: HaloSession | undefined): void => {
    session = next;
    onChange(next);
  };

  const renewNow = (): Promise<boolean> => {
    renewing ??= (async () => {
      const old = session;
      if (old === undefined) return false;
      try {
        const next = await refresh(old);
        // Who logged out or in meanwhile must not get the old session back.
        if (session === old) set(next);
        return true;
      } catch (error) {
        const refused = error instanceof HaloError && error.status === 401;
        if (refused && session === old) set(undefined);
        if (refused) return false;
        throw error;
      }
    })().finally(() => {
      renewing = undefined;
    });
    return renewing;
  };

  const header = () => (session === undefined ? undefined : `Bearer ${session.accessToken}`);

  return {
    current: () => session,
    set,
    async authorization() {
      if (session !== undefined && session.expiresAtMs - Date.now() < renewBeforeMs) await renewNow();
      return header();
    },
    async renew(refused, sent) {
      if (session === undefined) return false;
      // Another request may have renewed it since this one was sent.
      if (header() !== sent) return true;
      // A session that has ended for good has nothing to renew; an expired access token has.
      if (refused.code === 'session-ended') {
        set(undefined);
        return false;
      }
      return renewNow();
    },
  };
}

export function sessionOf(grant: Grant): HaloSession {
  const { id, name } = grant.account;
  return {
    accessToken: grant.access_token,
    refreshToken: grant.refresh_token,
    expiresAtMs: Date.now() + grant.expires_in * 1_000,
    account: { id, name },
  };
}
