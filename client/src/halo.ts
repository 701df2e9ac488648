import { type Accounts, createAccounts } from './accounts.js';
import { HaloError } from './problem.js';
import { createSessionKeeper, type HaloSession, sessionOf } from './session.js';
import { createStore, type Store } from './store.js';
import { type ConnectionOptions, createSender, readJson, type Send } from './transport.js';
import type { Grant } from './wire.js';

export interface HaloOptions extends ConnectionOptions {
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

/**
 * Connects to a Halo.
 *
 *     const halo = createHalo({ url: 'http://localhost:5000', token: process.env.HALO_TOKEN });
 *     await halo.set('greeting', 'hello');
 */
export function createHalo(options: HaloOptions = {}): Halo {
  const { token, session, onSession = () => {}, renew, cookie = false, ...connection } = options;
  const sendAlone = createSender(connection);

  const exchange = async (old: HaloSession | undefined): Promise<HaloSession> => {
    const body = cookie ? { cookie } : { refresh_token: old?.refreshToken };
    // The server honours a refresh token for ten seconds after its first use, so that repeating is safe.
    const ask = { method: 'POST', path: '/v1/auth/refresh', body, repeat: 'safe' } as const;
    return sessionOf(await readJson<Grant>(await sendAlone(ask)));
  };

  const renewed: Exchange = renew === undefined ? exchange : (old) => renew(old, exchange);
  const keeper = createSessionKeeper(session, renewed, onSession);
  const send = createSender({
    ...connection,
    ...(token === undefined
      ? { authorization: keeper.authorization, renew: keeper.renew }
      : { authorization: async () => `Bearer ${token}` }),
  });

  return {
    ...createStore(send),
    ...createAccounts(send, sendAlone, keeper, cookie),
    get session() {
      return keeper.current();
    },
    async refresh() {
      if (token !== undefined) throw new HaloError('insufficient-scope', 'An API token is not renewed.');
      const next = await exchange(keeper.current());
      keeper.set(next);
      return next;
    },
    send,
  };
}
