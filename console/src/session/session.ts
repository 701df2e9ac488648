import { type Ask, HaloError, readJson, type Send } from 'halo-client';
import type {
  Account,
  AccountDeletion,
  Credentials,
  Grant,
  RefreshRequest,
  SignUpRequest,
} from 'halo-contract';
import { singleFlight } from './single-flight.js';

/** A token is renewed this long before it expires, so that it cannot expire on its way to the server. */
const renewBeforeMs = 30_000;

/**
 * - `starting`: the refresh cookie is being tried.
 * - `unreachable`: it could not be tried.
 * - `anonymous`: no one is logged in.
 * - `active`: someone is.
 * - `interrupted`: the session ended while a draft was open; the draft waits for the same person to log in.
 */
export type SessionState =
  | { readonly status: 'starting' }
  | { readonly status: 'unreachable'; readonly error: unknown }
  | { readonly status: 'anonymous'; readonly reason: 'no-session' | 'ended' | Farewell }
  | { readonly status: 'active' | 'interrupted'; readonly account: Account; readonly epoch: number };

/** How a person left on purpose. */
type Farewell = 'logged-out' | 'deleted';

export class SessionEndedError extends Error {
  override readonly name = 'SessionEndedError';
}

export interface SessionOptions {
  readonly send: Send;
  readonly now: () => number;
  /** Runs a task while no other tab runs one: tabs share the refresh cookie. */
  readonly exclusively: <T>(task: () => Promise<T>) => Promise<T>;
  /** Tells the other tabs that the session they share is over. */
  readonly announceEnd: () => void;
}

/**
 * The session of this tab. The access token lives in this closure and nowhere else; the refresh token is
 * an HttpOnly cookie that scripts never see.
 */
export function createSession(options: SessionOptions) {
  let state: SessionState = { status: 'starting' };
  let token: { readonly value: string; readonly expiresAtMs: number } | undefined;
  let epoch = 0;
  let drafts = 0;
  const watchers = new Set<() => void>();
  const cleaners = new Set<() => void>();

  function become(next: SessionState): void {
    state = next;
    for (const watcher of watchers) watcher();
  }

  function admit(grant: Grant): void {
    if (state.status === 'active' && state.account.id !== grant.account.id) end();
    if (state.status === 'interrupted' && state.account.id !== grant.account.id) {
      throw new SessionEndedError('Another account has logged in in this browser.');
    }
    token = { value: grant.access_token, expiresAtMs: options.now() + grant.expires_in * 1_000 };
    if (state.status === 'active') return;
    epoch += 1;
    become({ status: 'active', account: grant.account, epoch });
  }

  /** Forgets everything this session has shown, at once; only an open draft is spared. */
  function end(): void {
    token = undefined;
    for (const clean of cleaners) clean();
    // Several requests may hear of the same end; the first has said why.
    if (state.status === 'interrupted' || state.status === 'anonymous') return;
    if (state.status === 'active' && drafts > 0) become({ ...state, status: 'interrupted' });
    else become({ status: 'anonymous', reason: state.status === 'active' ? 'ended' : 'no-session' });
  }

  const refresh = singleFlight(() =>
    options.exclusively(async () => {
      const body: RefreshRequest = { cookie: true };
      // The server takes a refresh token once more for a few seconds after its first use.
      const ask = { method: 'POST', path: '/v1/auth/refresh', body, repeat: 'safe' } as const;
      admit(await readJson<Grant>(await options.send(ask)));
    }),
  );

  async function freshToken(): Promise<string> {
    if (token === undefined || token.expiresAtMs - options.now() < renewBeforeMs) await renew();
    if (token === undefined) throw new SessionEndedError('The session has ended.');
    return token.value;
  }

  async function renew(): Promise<void> {
    // No session, nothing to renew: a request that comes too late must not log anyone in again.
    if (state.status !== 'active') throw new SessionEndedError('The session has ended.');
    try {
      await refresh();
    } catch (error) {
      if (!isRefused(error)) throw error;
      end();
      throw new SessionEndedError('The session has ended.', { cause: error });
    }
  }

  /**
   * Sends a request as the account. A 401 is met with one refresh and one more try. Throws
   * `SessionEndedError` when there is no session any more, besides what `send` throws.
   */
  async function request(ask: Ask): Promise<Response> {
    const asking = epoch;
    const used = await freshToken();
    requireSame(asking);
    try {
      return await options.send(authorized(ask, used));
    } catch (error) {
      if (!isRefused(error)) throw error;
      if (token?.value === used) await renew();
      const renewed = await freshToken();
      requireSame(asking);
      return await options.send(authorized(ask, renewed));
    }
  }

  /** Begins a session with a name and a password, which are never sent twice unasked. */
  async function begin(path: string, body: Credentials | SignUpRequest): Promise<void> {
    const ask = { method: 'POST', path, body: { ...body, cookie: true }, repeat: 'never' } as const;
    admit(await readJson<Grant>(await options.send(ask)));
  }

  /** Another tab may have logged in as someone else: what one account asked must never reach another. */
  function requireSame(asking: number): void {
    if (epoch !== asking) throw new SessionEndedError('Another account has logged in in this browser.');
  }

  /** Leaves on purpose, as the server knows already: with no draft to spare, and for all tabs. */
  function leave(farewell: Farewell): void {
    drafts = 0;
    options.announceEnd();
    end();
    become({ status: 'anonymous', reason: farewell });
  }

  /** Marks that there is a draft until the returned function is called. */
  function holdDraft(): () => void {
    drafts += 1;
    let held = true;
    return () => {
      if (held) drafts = Math.max(0, drafts - 1);
      held = false;
    };
  }

  /** Settles when an interrupted session is active again, or is given up. */
  function resumption(): Promise<void> {
    return new Promise((resolve, reject) => {
      const watcher = () => {
        if (state.status === 'interrupted') return;
        watchers.delete(watcher);
        if (state.status === 'active') resolve();
        else reject(new SessionEndedError('The draft was given up.'));
      };
      watchers.add(watcher);
      watcher();
    });
  }

  return {
    get state() {
      return state;
    },
    get hasDraft() {
      return drafts > 0;
    },
    request,

    /** The same, for saving a draft: if the session ends on the way, it waits for the log-in and tries again. */
    async requestForDraft(ask: Ask): Promise<Response> {
      for (;;) {
        try {
          return await request(ask);
        } catch (error) {
          const waits = error instanceof SessionEndedError && state.status === 'interrupted';
          if (!waits) throw error;
          await resumption();
        }
      }
    },

    /** Tries the refresh cookie, silently: that there is none is no error. */
    async start(): Promise<void> {
      become({ status: 'starting' });
      try {
        await refresh();
      } catch (error) {
        if (isRefused(error)) become({ status: 'anonymous', reason: 'no-session' });
        else become({ status: 'unreachable', error });
      }
    },

    logIn: (credentials: Credentials) => begin('/v1/auth/log-in', credentials),

    signUp: (request: SignUpRequest) => begin('/v1/auth/sign-up', request),

    /** Ends the session on the server first: if that fails the person is still logged in, and is told. */
    async logOut(): Promise<void> {
      try {
        // Of a session that has ended already it is refused, which comes to the same.
        const ask: Ask = { method: 'POST', path: '/v1/auth/log-out', repeat: 'safe' };
        await options.send(token === undefined ? ask : authorized(ask, token.value));
      } catch (error) {
        if (!isRefused(error)) throw error;
      }
      leave('logged-out');
    },

    /**
     * Deletes the account. Erasing takes the server a moment in which this tab may hear already that its session is
     * gone; a draft is held meanwhile, so that this does not count as an end that nobody wanted.
     */
    async deleteAccount(password: string): Promise<void> {
      const body: AccountDeletion = { password };
      const release = holdDraft();
      try {
        await request({ method: 'DELETE', path: '/v1/account', body, repeat: 'never' });
      } finally {
        release();
      }
      leave('deleted');
    },

    /** Gives up the draft that an interrupted session waits with. */
    abandon(): void {
      drafts = 0;
      become({ status: 'anonymous', reason: 'ended' });
    },

    end,

    holdDraft,

    /** Calls back on every change of state, until the returned function is called. */
    watch(watcher: () => void): () => void {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },

    /** Calls back when all that was fetched must be forgotten. */
    onEnd(cleaner: () => void): void {
      cleaners.add(cleaner);
    },
  };
}

/**
 * Whether it is the credential that was refused. A 401 that points at a field is about a password which the person
 * was asked for once more: the session is as good as before, and trying again would count as another guess.
 */
function isRefused(error: unknown): boolean {
  if (!(error instanceof HaloError)) return false;
  return error.status === 401 && error.problem?.pointer === undefined;
}

function authorized(ask: Ask, accessToken: string): Ask {
  return { ...ask, headers: { ...ask.headers, authorization: `Bearer ${accessToken}` } };
}
