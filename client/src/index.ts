/** The Halo SDK. It needs `fetch` and nothing else. */
export type { Accounts, Credentials } from './accounts.js';
export type { Commit, Committed, InlineSetOptions } from './commit.js';
export type { Expiry } from './expiry.js';
export { createHalo, type Exchange, type Halo, type HaloOptions } from './halo.js';
export { HaloError, type HaloErrorCode } from './problem.js';
export type { HaloSession } from './session.js';
export type { DeleteOptions, GetOptions, ListOptions, PageOptions, SetOptions, Store } from './store.js';
export type { ImportOptions } from './transfer.js';
export type { Ask, Cancellable, Query, Send } from './transport.js';
export type { Settable, Value } from './value.js';
export type { Watched, WatchOptions } from './watch.js';
export type * from './wire.js';
