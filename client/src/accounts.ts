import { HaloError } from './problem.js';
import { type HaloSession, type SessionKeeper, sessionOf } from './session.js';
import { readJson, type Send } from './transport.js';
import type {
  AccountView,
  ApiToken,
  AuditPage,
  CreatedToken,
  Grant,
  Session,
  SessionList,
  TokenList,
  UsageReport,
} from './wire.js';

export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/** Who is logged in, and everything about the account that is not its keys. */
export interface Accounts {
  /** Creates an account and logs in. `invite`: a code, where signing up takes one. */
  signUp(credentials: Credentials & { readonly invite?: string }): Promise<HaloSession>;
  logIn(credentials: Credentials): Promise<HaloSession>;
  /** The session is dead on every server when this resolves. One that had ended already is no failure. */
  logOut(): Promise<void>;
  whoAmI(): Promise<AccountView>;
  /** Reads and writes by the day. */
  usage(): Promise<UsageReport['days']>;
  /** Ends every other session and, when asked, API tokens. */
  changePassword(change: {
    readonly current: string;
    readonly next: string;
    readonly revokeTokens?: boolean;
  }): Promise<void>;
  /** Erases the account and everything in it. */
  deleteAccount(password: string): Promise<void>;
  sessions(): Promise<Session[]>;
  endSession(id: string): Promise<void>;
  endOtherSessions(): Promise<void>;
  tokens(): Promise<ApiToken[]>;
  /** The answer's `token` is the secret; it is never shown again. `expiresIn` in seconds. */
  createToken(token: {
    readonly name: string;
    readonly access: 'read' | 'write';
    readonly prefix?: string;
    readonly expiresIn?: number;
  }): Promise<CreatedToken>;
  revokeToken(id: string): Promise<void>;
  /** A page of the security events, newest first. */
  audit(page?: { readonly limit?: number; readonly cursor?: string }): Promise<AuditPage>;
}

/**
 * @param send authenticates
 * @param sendAlone does not: for what begins or renews a session
 * @param cookie whether a browser keeps the refresh token in a cookie
 */
export function createAccounts(
  send: Send,
  sendAlone: Send,
  keeper: SessionKeeper,
  cookie: boolean,
): Accounts {
  const begin = async (path: string, body: object): Promise<HaloSession> => {
    const sent = { ...body, ...(cookie ? { cookie } : {}) };
    const response = await sendAlone({ method: 'POST', path, body: sent, repeat: 'if-refused' });
    const session = sessionOf(await readJson<Grant>(response));
    keeper.set(session);
    return session;
  };
  const get = async <Content>(path: string, query = {}): Promise<Content> =>
    readJson<Content>(await send({ method: 'GET', path, query, repeat: 'safe' }));
  const change = async (method: 'POST' | 'DELETE', path: string, body?: object): Promise<Response> =>
    send({ method, path, repeat: 'if-refused', ...(body === undefined ? {} : { body }) });

  return {
    signUp: (credentials) => begin('/v1/auth/sign-up', credentials),
    logIn: (credentials) => begin('/v1/auth/log-in', credentials),
    async logOut() {
      try {
        await change('POST', '/v1/auth/log-out');
      } catch (error) {
        if (!(error instanceof HaloError) || error.status !== 401) throw error;
      }
      keeper.set(undefined);
    },
    whoAmI: () => get<AccountView>('/v1/account'),
    usage: async () => (await get<UsageReport>('/v1/account/usage')).days,
    async changePassword({ current, next, revokeTokens = false }) {
      const body = { current_password: current, new_password: next, revoke_tokens: revokeTokens };
      await change('POST', '/v1/account/password', body);
    },
    async deleteAccount(password) {
      await change('DELETE', '/v1/account', { password });
      keeper.set(undefined);
    },
    sessions: async () => (await get<SessionList>('/v1/sessions')).sessions,
    async endSession(id) {
      await change('DELETE', `/v1/sessions/${encodeURIComponent(id)}`);
    },
    async endOtherSessions() {
      await change('DELETE', '/v1/sessions');
    },
    tokens: async () => (await get<TokenList>('/v1/tokens')).tokens,
    async createToken({ expiresIn, ...token }) {
      const body = { ...token, ...(expiresIn === undefined ? {} : { expires_in: expiresIn }) };
      return readJson<CreatedToken>(await change('POST', '/v1/tokens', body));
    },
    async revokeToken(id) {
      await change('DELETE', `/v1/tokens/${encodeURIComponent(id)}`);
    },
    audit: (page = {}) => get<AuditPage>('/v1/audit', { ...page }),
  };
}
