import type { ChangedKey, StoreMove } from './store-move.js';
import type { StoredValue } from './stored-value.js';

/**
 * Versions of keys that were read, so that PostgreSQL need not find and hand them out again while they are current.
 * The promise is kept by `readKeys`, not here: each read still asks PostgreSQL, which says in the snapshot that checks
 * the session whether the store's revision is still the one that a version is known at. If it is, nothing in the store
 * has changed; if not, it looks the key up. So a cache can be out of date, and no answer can.
 *
 * What this process commits does not put it out of date: the flight tells which keys it changed, from which revision
 * to which, and everything else that was known at the one is known at the other. When somebody else has committed in
 * between, nothing is known of what they changed, and what was known before is only known as of then.
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
   * @param serverStart when the PostgreSQL that said so began to run, as its binary form has it: after a fail-over that
   * has lost commits, the same revision can be something else, and so nothing is kept from one run to the next
   */
  offer(
    serverStart: Buffer,
    accountId: string,
    key: string,
    at: number,
    version: StoredValue | undefined,
  ): void;
  /** Goes along with a store that this process has changed. */
  follow(serverStart: Buffer, change: StoreMove): void;
  /** When the PostgreSQL that has said everything in here began to run; null at first. */
  readonly serverStart: Buffer | null;
  clear(): void;
}

/** What a key is, as of a revision of its store. */
export interface Known {
  readonly at: number;
  readonly version: StoredValue | undefined;
}

/** What is known of an account's store. */
interface Keys {
  readonly course: Course;
  readonly known: Map<string, Kept>;
}

interface Kept {
  readonly at: number;
  readonly version: KeptVersion | undefined;
}

interface KeptVersion extends Omit<StoredValue, 'value'> {
  /**
   * A small value's bytes as characters: a buffer for each would take a few hundred bytes more and, where values come and
   * go, several times the work of the garbage collector. Those of a larger one as they are, shared with all who read it.
   */
  readonly value: string | Buffer;
}

/** From the first of these revisions of a store to the second, every change was told of. */
interface Course {
  since: number;
  until: number;
}

/** What an entry takes besides the characters and bytes in it: half a million of them took 380 each. */
const entryBytes = 380;
/** What an account takes besides its entries: of 200,000 with one entry, 420 each. */
const accountBytes = 420;
/** From here on values are kept as buffers: below, to copy them costs less than a buffer. */
const bufferBytesMin = 4_096;
/** Larger values would push out many others. */
const valueBytesMax = 1_048_576;
/** Nor may one take more than this part of all. */
const valueShareMax = 1 / 64;
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
  let itsServerStart: Buffer | null = null;
  /** Hashes of keys that were read before, each where it belongs, until another takes its place. */
  const readBefore = new Uint32Array(bytesMax === 0 ? 0 : readBeforeMax);
  const isSmallEnough = ({ length }: Uint8Array) =>
    length <= Math.min(valueBytesMax, bytesMax * valueShareMax);

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

  function courseOf(accountId: string): Course | undefined {
    return (young.get(accountId) ?? old.get(accountId))?.course;
  }

  function put(accountId: string, key: string, kept: Kept): void {
    const course = courseOf(accountId) ?? { since: 0, until: 0 };
    const before = young.get(accountId)?.known.get(key);
    const bytes = bytesOf(key, kept);
    youngBytes += bytes - (before === undefined ? 0 : bytesOf(key, before));
    if (youngBytes > bytesMax / 2) {
      old = young;
      young = new Map();
      youngBytes = bytes;
    }
    let keys = young.get(accountId);
    if (keys === undefined) {
      keys = { course, known: new Map() };
      young.set(accountId, keys);
      youngBytes += accountBytes;
    }
    keys.known.set(key, kept);
  }

  /** From the younger generation. */
  function drop(accountId: string, key: string): void {
    const keys = young.get(accountId)?.known;
    const kept = keys?.get(key);
    if (keys === undefined || kept === undefined) return;
    keys.delete(key);
    youngBytes -= bytesOf(key, kept);
    if (keys.size > 0) return;
    young.delete(accountId);
    youngBytes -= accountBytes;
  }

  return {
    get serverStart() {
      return itsServerStart;
    },
    find(accountId, key) {
      let kept = young.get(accountId)?.known.get(key);
      if (kept === undefined) {
        kept = old.get(accountId)?.known.get(key);
        if (kept === undefined) return undefined;
        put(accountId, key, kept);
      }
      const { version } = kept;
      return { at: asOf(kept, courseOf(accountId)), version: version && unpacked(version) };
    },
    offer(serverStart, accountId, key, at, version) {
      if (bytesMax === 0 || !isWanted(accountId, key)) return;
      if (itsServerStart === null || !itsServerStart.equals(serverStart)) {
        clear();
        // A copy, so that the answer which it came with need not be kept.
        itsServerStart = Buffer.from(serverStart);
      }
      // What was told of the key since is not in it.
      if (at < (courseOf(accountId)?.until ?? 0)) return;
      if (version !== undefined && (version.expiresAtMs !== null || !isSmallEnough(version.value))) return;
      const before = young.get(accountId)?.known.get(key)?.version;
      const isKept = before?.revision === version?.revision;
      put(accountId, key, { at, version: isKept ? before : version && packed(version) });
    },
    follow(serverStart, { accountId, from, revision, writtenAtMs, changed }) {
      const course = courseOf(accountId);
      if (course === undefined || itsServerStart?.equals(serverStart) !== true || revision <= course.until)
        return;
      if (course.until !== from) course.since = from;
      for (const { key, last } of changed) {
        // What is in the older one only was not read for a while: better forgotten than kept up.
        old.get(accountId)?.known.delete(key);
        const kept = young.get(accountId)?.known.get(key);
        // Whoever read it may have seen the change before it was told.
        if (kept === undefined || kept.at >= revision) continue;
        const isKnown = kept.at >= course.since && last !== undefined && isSmallEnough(last.set.value);
        const version = isKnown ? overwritten(kept.version, last, writtenAtMs) : undefined;
        if (version === undefined) drop(accountId, key);
        else put(accountId, key, { at: revision, version });
      }
      course.until = revision;
    },
    clear,
  };
}

/** Until when a key is known to have been the same: until now, if every change since was told of. */
function asOf({ at }: Kept, course: Course | undefined): number {
  return course === undefined || at < course.since ? at : Math.max(at, course.until);
}

/** The version that a key has after it was set; undefined: not one to keep. */
function overwritten(
  before: KeptVersion | undefined,
  last: NonNullable<ChangedKey['last']>,
  writtenAtMs: number,
): KeptVersion | undefined {
  const { set, revision } = last;
  if (set.expiry !== 'never') return undefined;
  const createdAtMs = before?.createdAtMs ?? writtenAtMs;
  const { contentType, metadata } = set;
  const { buffer, byteOffset, length } = set.value;
  // A copy: the memory is that of whoever wrote it.
  const value = small(Buffer.from(buffer, byteOffset, length)) ?? Buffer.from(set.value);
  return { revision, value, contentType, metadata, createdAtMs, writtenAtMs, expiresAtMs: null };
}

function packed(version: StoredValue): KeptVersion {
  const { revision, contentType, metadata, createdAtMs, writtenAtMs, expiresAtMs } = version;
  const bytes = version.value;
  // A copy only if much would be kept that came with it.
  const isNearlyAll = bytes.length > 0.9 * bytes.buffer.byteLength;
  const value = small(bytes) ?? (isNearlyAll ? bytes : Buffer.from(bytes));
  return { revision, value, contentType, metadata, createdAtMs, writtenAtMs, expiresAtMs };
}

function small(bytes: Buffer): string | undefined {
  return bytes.length < bufferBytesMin ? bytes.toString('latin1') : undefined;
}

function unpacked(version: KeptVersion): StoredValue {
  const { revision, contentType, metadata, createdAtMs, writtenAtMs, expiresAtMs } = version;
  const value = typeof version.value === 'string' ? Buffer.from(version.value, 'latin1') : version.value;
  return { revision, value, contentType, metadata, createdAtMs, writtenAtMs, expiresAtMs };
}

function bytesOf(key: string, { version }: Kept): number {
  if (version === undefined) return entryBytes + 2 * key.length;
  return entryBytes + 2 * (key.length + (version.metadata?.length ?? 0)) + version.value.length;
}

/** FNV-1a, of characters instead of bytes. */
function hashOf(text: string, seed: number): number {
  let hash = seed ^ 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
