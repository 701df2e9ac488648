import { HaloError } from './problem.js';
import { type HaloSession, type SessionKeeper, sessionOf } from './session.js';
import { type Cancellable, readJson, type Send } from './transport.js';
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
  signUp(
    credentials: Credentials & { readonly invite?: string },
    options?: Cancellable,
  ): Promise<HaloSession>;
  /** Begins a session, which this Halo uses from then on. Throws `unauthenticated` for a wrong name or password. */
  logIn(credentials: Credentials, options?: Cancellable): Promise<HaloSession>;
  /** The session is dead on every server when this resolves. One that had ended already is no failure. */
  logOut(options?: Cancellable): Promise<void>;
  /** The account, how full it is, and its newest revision. */
  whoAmI(options?: Cancellable): Promise<AccountView>;
  /** Reads and writes by the day. */
  usage(options?: Cancellable): Promise<UsageReport['days']>;
  /** Ends every other session and, when asked, API tokens. */
  changePassword(
    change: { readonly current: string; readonly next: string; readonly revokeTokens?: boolean },
    options?: Cancellable,
  ): Promise<void>;
  /** Erases the account and everything in it. */
  deleteAccount(password: string, options?: Cancellable): Promise<void>;
  /** Where the account is logged in, the most recently used first. */
  sessions(options?: Cancellable): Promise<Session[]>;
  /** Ends a log-in on every server. Throws `not-found` when there is none of that id. */
  endSession(id: string, options?: Cancellable): Promise<void>;
  /** Ends all log-ins but this one; API tokens stay. */
  endOtherSessions(options?: Cancellable): Promise<void>;
  /** The API tokens without their secrets, the newest first. */
  tokens(options?: Cancellable): Promise<ApiToken[]>;
  /** The answer's `token` is the secret; it is never shown again. `expiresIn` in seconds. */
  createToken(
    token: {
      readonly name: string;
      readonly access: 'read' | 'write';
      readonly prefix?: string;
      readonly expiresIn?: number;
    },
    options?: Cancellable,
  ): Promise<CreatedToken>;
  /** Revokes an API token on every server. Throws `not-found` when there is none of that id. */
  revokeToken(id: string, options?: Cancellable): Promise<void>;
  /** A page of the security events, newest first. */
  audit(page?: { readonly limit?: number; readonly cursor?: string } & Cancellable): Promise<AuditPage>;
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
  const begin = async (path: string, body: object, signal: AbortSignal | undefined): Promise<HaloSession> => {
    const sent = { ...body, ...(cookie ? { cookie } : {}) };
    const response = await sendAlone({ method: 'POST', path, body: sent, signal, repeat: 'if-refused' });
    const session = sessionOf(await readJson<Grant>(response));
    keeper.set(session);
    return session;
  };
  const get = async <Content>(path: string, { signal, ...query }: Cancellable = {}): Promise<Content> =>
    readJson<Content>(await send({ method: 'GET', path, query, signal, repeat: 'safe' }));
  const post = (path: string, body: object | undefined, { signal }: Cancellable = {}): Promise<Response> =>
    send({ method: 'POST', path, signal, repeat: 'if-refused', ...(body === undefined ? {} : { body }) });
  const remove = async (path: string, { signal }: Cancellable = {}, body?: object): Promise<void> => {
    const content = body === undefined ? {} : { body };
    await send({ method: 'DELETE', path, signal, repeat: 'if-refused', ...content });
  };

  return {
    signUp: (credentials, { signal } = {}) => begin('/v1/auth/sign-up', credentials, signal),
    logIn: (credentials, { signal } = {}) => begin('/v1/auth/log-in', credentials, signal),
    async logOut(options) {
      try {
        await post('/v1/auth/log-out', undefined, options);
      } catch (error) {
        if (!(error instanceof HaloError) || error.status !== 401) throw error;
      }
      keeper.set(undefined);
    },
    whoAmI: (options) => get<AccountView>('/v1/account', options),
    usage: async (options) => (await get<UsageReport>('/v1/account/usage', options)).days,
    async changePassword({ current, next, revokeTokens = false }, options) {
      const body = { current_password: current, new_password: next, revoke_tokens: revokeTokens };
      await post('/v1/account/password', body, options);
    },
    async deleteAccount(password, options) {
      await remove('/v1/account', options, { password });
      keeper.set(undefined);
    },
    sessions: async (options) => (await get<SessionList>('/v1/sessions', options)).sessions,
    endSession: (id, options) => remove(`/v1/sessions/${encodeURIComponent(id)}`, options),
    endOtherSessions: (options) => remove('/v1/sessions', options),
    tokens: async (options) => (await get<TokenList>('/v1/tokens', options)).tokens,
    async createToken({ expiresIn, ...token }, options) {
      const body = { ...token, ...(expiresIn === undefined ? {} : { expires_in: expiresIn }) };
      return readJson<CreatedToken>(await post('/v1/tokens', body, options));
    },
    revokeToken: (id, options) => remove(`/v1/tokens/${encodeURIComponent(id)}`, options),
    audit: (page) => get<AuditPage>('/v1/audit', page),
  };
}
