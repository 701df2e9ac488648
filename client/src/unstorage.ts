import { createBatches } from './batches.js';
import { createHalo, type Halo, type HaloOptions } from './halo.js';
import type { Settable } from './value.js';
import type { Watched } from './watch.js';

export interface HaloDriverOptions extends HaloOptions {
  /** A Halo that there is already; left out, one is made from the other options. */
  readonly halo?: Halo;
  /** The folder that everything lives in; left out, all keys that the client reaches. */
  readonly base?: string;
  /** Seconds that items live unless they say otherwise; left out, for ever. */
  readonly ttl?: number;
  /** Told when watching ends by itself, such as with the session; by default it is logged. */
  readonly onWatchError?: (error: unknown) => void;
}

interface ItemOptions {
  /** Seconds from now, to the millisecond; 0: for ever. */
  readonly ttl?: number;
}

type WatchCallback = (event: 'update' | 'remove', key: string) => unknown;

/**
 * Halo as a driver of unstorage. `a:b` of unstorage is Halo's key `a/b`, so that the console shows folders and other
 * clients find what they expect; keys of Halo that unstorage cannot name are left alone, except by `clear`.
 *
 *     const storage = createStorage({ driver: haloDriver({ url, token, base: 'app' }) });
 */
export default function haloDriver(options: HaloDriverOptions = {}) {
  const halo = options.halo ?? createHalo(options);
  const batches = createBatches(halo);
  const root = folderOf(options.base ?? '');
  const stored = (key: string): string => root + key.replaceAll(':', '/');
  const named = (key: string): string => key.slice(root.length).replaceAll('/', ':');
  const canName = (key: string): boolean => isNameable(key.slice(root.length));
  const expiryOf = ({ ttl = options.ttl }: ItemOptions = {}) =>
    ttl === undefined || ttl === 0 ? {} : { ttl: Math.round(ttl * 1_000) / 1_000 };
  const watching = new Set<AbortController>();

  return {
    name: 'halo',
    options,
    flags: { ttl: true },
    getInstance: (): Halo => halo,

    hasItem: (key: string): Promise<boolean> => halo.has(stored(key)),

    getItem: async (key: string): Promise<string | null> => (await halo.getText(stored(key))) ?? null,

    /** The bytes. */
    getItemRaw: async (key: string): Promise<Uint8Array | null> =>
      (await halo.get(stored(key)))?.bytes ?? null,

    async getItems(items: { key: string }[]): Promise<{ key: string; value: string | null }[]> {
      const values = await batches.read(items.map(({ key }) => stored(key)));
      return items.map(({ key }, n) => ({ key, value: values[n]?.text() ?? null }));
    },

    async setItem(key: string, value: string, item?: ItemOptions): Promise<void> {
      await halo.set(stored(key), value, expiryOf(item));
    },

    /** Text, bytes and blobs as they are, everything else as JSON. */
    async setItemRaw(key: string, value: unknown, item?: ItemOptions): Promise<void> {
      await halo.set(stored(key), value as Settable, expiryOf(item));
    },

    /** Up to a thousand items, or 4 MiB, wholly or not at all. */
    async setItems(
      items: { key: string; value: string; options?: ItemOptions }[],
      common: ItemOptions = {},
    ): Promise<void> {
      await batches.set(
        items.map((item) => ({
          key: stored(item.key),
          value: item.value,
          options: expiryOf({ ...common, ...item.options }),
        })),
      );
    },

    async removeItem(key: string): Promise<void> {
      await halo.delete(stored(key));
    },

    /** What Halo knows of an item; null when there is none. `ttl`: the seconds that are left. */
    async getMeta(key: string) {
      // A key is the first of those that begin with it.
      const [entry] = (await halo.page({ prefix: stored(key), limit: 1 })).keys;
      if (entry === undefined || entry.key !== stored(key)) return null;
      const { revision, size, content_type: contentType, created_at, updated_at, expires_at } = entry;
      return {
        mtime: new Date(updated_at),
        birthtime: new Date(created_at),
        revision,
        size,
        contentType,
        ...(expires_at === null ? {} : { ttl: (Date.parse(expires_at) - Date.now()) / 1_000 }),
      };
    },

    /** unstorage itself leaves out what lies too deep. */
    async getKeys(base = ''): Promise<string[]> {
      const keys: string[] = [];
      for await (const { key } of halo.list({ prefix: stored(base) })) {
        if (canName(key)) keys.push(named(key));
      }
      return keys;
    },

    clear: (base = ''): Promise<void> => batches.clear(stored(base)),

    dispose(): void {
      for (const stopping of watching) stopping.abort();
    },

    /** Tells of every change from here on, whoever makes it, in the order of commits. */
    async watch(callback: WatchCallback): Promise<() => void> {
      const stopping = new AbortController();
      watching.add(stopping);
      const tell = (key: string, event: 'update' | 'remove') => {
        if (canName(key)) callback(event, named(key));
      };
      const follow = async (since: number) => {
        for await (const watched of halo.watch({ since, prefix: root, signal: stopping.signal })) {
          for (const [key, event] of eventsOf(watched)) tell(key, event);
        }
      };
      // Where the account stands now, so that nothing is missed until the stream is open.
      const { revision } = await halo.page({ prefix: root, limit: 1 });
      void follow(revision)
        .catch((error: unknown) => {
          if (!stopping.signal.aborted) (options.onWatchError ?? console.error)(error);
        })
        .finally(() => watching.delete(stopping));
      return () => stopping.abort();
    },
  };
}

function folderOf(base: string): string {
  const name = base.replaceAll(':', '/').replace(/^\/+|\/+$/g, '');
  return name === '' ? '' : `${name}/`;
}

/** Whether unstorage can name a key. It takes colons, slashes and backslashes for one another, and cuts at `?`. */
function isNameable(key: string): boolean {
  return key !== '' && !/[:\\?]|^\/|\/$|\/\//.test(key);
}

function eventsOf(watched: Watched): [string, 'update' | 'remove'][] {
  if (watched.type === 'snapshot') return watched.entries.map(({ key }) => [key, 'update']);
  return watched.changes.map(({ key, kind }) => [key, kind === 'set' ? 'update' : 'remove']);
}
