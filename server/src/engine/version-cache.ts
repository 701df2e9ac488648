import type { StoredValue } from './stored-value.js';

/**
 * Versions of keys that were read, so that PostgreSQL need not find and hand them out again while they are current.
 * The promise is kept by `readKeys`, not here: each read still asks PostgreSQL, which says in the snapshot that checks
 * the session whether the store's revision is still the one that a version was read at. If it is, nothing in the store
 * has changed; if not, it looks the key up. So a cache can be out of date, and no answer can.
 *
 * Keys that expire are not kept: they end without a new revision.
 */
export interface VersionCache {
  find(accountId: string, key: string): Known | undefined;
  /**
   * Keeps what was read of a key that was read before: most keys of a large store are read once in a long time, and
   * keeping each would cost more than it saves.
   *
   * @param at the store's revision as of which the key was this; undefined `version`: there was no such key
   * @param server which run of PostgreSQL said so: after a fail-over that has lost commits, the same revision can be
   * something else, and so nothing is kept from one run to the next
   */
  offer(server: Buffer, accountId: string, key: string, at: number, version: StoredValue | undefined): void;
  /** The run of PostgreSQL that has said everything in here; null at first. */
  readonly server: Buffer | null;
  clear(): void;
}

/** What a key was, as of a revision of its store. */
export interface Known {
  readonly at: number;
  readonly version: StoredValue | undefined;
}

type Keys = Map<string, Known>;

/** What an entry takes besides the characters and bytes in it: half a million of them took 660 each. */
const entryBytes = 660;
/** Larger values would push out many others, and to find them is a smaller part of what reading them costs. */
const valueBytesMax = 16_384;
/** How many keys are remembered as read before, at most; a power of two. Each takes four bytes. */
const readBeforeMax = 262_144;

/**
 * @param bytesMax how much memory it may take, about; 0: it keeps nothing
 */
export function createVersionCache(bytesMax: number): VersionCache {
  /** Two generations, by account: what the younger has no room for is forgotten with the older one, unless it was used. */
  let young = new Map<string, Keys>();
  let old = new Map<string, Keys>();
  let youngBytes = 0;
  let server: Buffer | null = null;
  /** Hashes of keys that were read before, each where it belongs, until another takes its place. */
  const readBefore = new Uint32Array(bytesMax === 0 ? 0 : readBeforeMax);

  function clear(): void {
    young = new Map();
    old = new Map();
    youngBytes = 0;
  }

  function isWanted(accountId: string, key: string): boolean {
    const hash = hashOf(key, hashOf(accountId, 0));
    const place = hash % readBeforeMax;
    if (readBefore[place] === hash) return true;
    readBefore[place] = hash;
    return false;
  }

  function put(accountId: string, key: string, known: Known): void {
    const { value, metadata } = known.version ?? {};
    const bytes = entryBytes + 2 * (key.length + (metadata?.length ?? 0)) + (value?.length ?? 0);
    let keys = young.get(accountId);
    if (keys?.has(key) !== true) youngBytes += bytes;
    if (youngBytes > bytesMax / 2) {
      old = young;
      young = new Map();
      youngBytes = bytes;
      keys = undefined;
    }
    if (keys === undefined) {
      keys = new Map();
      young.set(accountId, keys);
    }
    keys.set(key, known);
  }

  return {
    get server() {
      return server;
    },
    find(accountId, key) {
      const known = young.get(accountId)?.get(key);
      if (known !== undefined) return known;
      const older = old.get(accountId)?.get(key);
      if (older !== undefined) put(accountId, key, older);
      return older;
    },
    offer(from, accountId, key, at, version) {
      if (bytesMax === 0 || !isWanted(accountId, key)) return;
      if (server === null || !server.equals(from)) {
        clear();
        server = from;
      }
      if (version !== undefined && (version.expiresAtMs !== null || version.value.length > valueBytesMax))
        return;
      const isKept = version === undefined || young.get(accountId)?.get(key)?.version === version;
      put(accountId, key, { at, version: isKept ? version : withOwnValue(version) });
    },
    clear,
  };
}

/** Small buffers are parts of larger ones, all of which one that is kept would keep. */
function withOwnValue(version: StoredValue): StoredValue {
  const value = Buffer.allocUnsafeSlow(version.value.length);
  version.value.copy(value);
  return { ...version, value };
}

/** FNV-1a, of characters instead of bytes. */
function hashOf(text: string, seed: number): number {
  let hash = seed ^ 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
