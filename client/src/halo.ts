import { type Accounts, createAccounts } from './accounts.js';
import { HaloError } from './problem.js';
import { createSessionKeeper, type HaloSession, sessionOf } from './session.js';
import { createStore, type Store } from './store.js';
import { createTransport, readJson, type Send, type TransportOptions } from './transport.js';
import type { Grant } from './wire.js';

export interface HaloOptions {
  /** Where Halo is, such as `https://halo.example`; in a browser left out for the page's own origin. */
  readonly url?: string;
  /** An API token. Without one, log in, or hand over a `session`. */
  readonly token?: string;
  /** A session that was kept from before. */
  readonly session?: HaloSession;
  /** Told of every new session, to be kept, and of undefined when there is none any more. */
  readonly onSession?: (session: HaloSession | undefined) => void;
  /**
   * Instead of renewing at once, for processes that share one kept session: answer the session that another of them
   * has renewed already, or what `exchange` makes of the one that is kept. An old refresh token that is used again
   * ends the session.
   */
  readonly renew?: (session: HaloSession, exchange: Exchange) => Promise<HaloSession>;
  /** In a browser, on Halo's own origin: keep the refresh token in a cookie that scripts cannot read. */
  readonly cookie?: boolean;
  /** How often a request is tried again after what may pass; 3 by default. */
  readonly retries?: number;
  /** How long to wait for an answer to begin, in milliseconds; 30,000 by default, 0 for ever. */
  readonly timeoutMs?: number;
  /** Instead of the platform's own. */
  readonly fetch?: typeof fetch;
}

/** Trades a session's refresh token for new ones. */
export type Exchange = (session: HaloSession) => Promise<HaloSession>;

/** A Halo, as one person or program sees it. */
export interface Halo extends Store, Accounts {
  /** Who is logged in; undefined without a log-in, also with an API token. */
  readonly session: HaloSession | undefined;
  /** Renews the session now; a browser does so to come back with its cookie. */
  refresh(): Promise<HaloSession>;
  /** Sends any request, authenticated and with the same retries. */
  readonly send: Send;
}

const retriesDefault = 3;
const timeoutMsDefault = 30_000;

/**
 * Connects to a Halo.
 *
 *     const halo = createHalo({ url: 'http://localhost:5000', token: process.env.HALO_TOKEN });
 *     await halo.set('greeting', 'hello');
 */
export function createHalo(options: HaloOptions = {}): Halo {
  const { token, cookie = false } = options;
  const shared = {
    url: (options.url ?? '').replace(/\/+$/, ''),
    // Called as a method of anything else, some platforms' fetch refuses.
    fetch: options.fetch ?? ((...request: Parameters<typeof fetch>) => fetch(...request)),
    retries: options.retries ?? retriesDefault,
    timeoutMs: options.timeoutMs ?? timeoutMsDefault,
  } satisfies Partial<TransportOptions>;

  const sendAlone = createTransport({
    ...shared,
    authorization: async () => undefined,
    renew: async () => false,
  });

  const exchange = async (session: HaloSession | undefined): Promise<HaloSession> => {
    const body = cookie ? { cookie } : { refresh_token: session?.refreshToken };
    // The server honours a refresh token for ten seconds after its first use, so that repeating is safe.
    const ask = { method: 'POST', path: '/v1/auth/refresh', body, repeat: 'safe' } as const;
    return sessionOf(await readJson<Grant>(await sendAlone(ask)));
  };

  const { renew, onSession = () => {} } = options;
  const renewed: Exchange = renew === undefined ? exchange : (session) => renew(session, exchange);
  const keeper = createSessionKeeper(options.session, renewed, onSession);
  const send = createTransport({
    ...shared,
    authorization: token === undefined ? keeper.authorization : async () => `Bearer ${token}`,
    renew: token === undefined ? keeper.renew : async () => false,
  });

  return {
    ...createStore(send),
    ...createAccounts(send, sendAlone, keeper, cookie),
    get session() {
      return keeper.current();
    },
    async refresh() {
      if (token !== undefined) throw new HaloError('insufficient-scope', 'An API token is not renewed.');
      const session = await exchange(keeper.current());
      keeper.set(session);
      return session;
    },
    send,
  };
}
