/** The Halo SDK. It needs `fetch` and nothing else. */
export type { Accounts, Credentials } from './accounts.js';
export { backoffMs, pause } from './backoff.js';
export type { Commit, Committed, InlineSetOptions } from './commit.js';
export { type EventsOptions, eventsOf, type ServerSentEvent } from './event-source.js';
export type { Expiry } from './expiry.js';
export { createHalo, type Exchange, type Halo, type HaloOptions } from './halo.js';
export { HaloError, type HaloErrorCode } from './problem.js';
export type { HaloSession } from './session.js';
export type { DeleteOptions, GetOptions, ListOptions, PageOptions, SetOptions, Store } from './store.js';
export type { ImportOptions } from './transfer.js';
export {
  type Ask,
  type Cancellable,
  type ConnectionOptions,
  createSender,
  type Query,
  readBytes,
  readJson,
  type Send,
  type SenderOptions,
} from './transport.js';
export type { Settable, Value } from './value.js';
export type { Watched, WatchOptions } from './watch.js';
export type * from './wire.js';
