import type { InlineSetOptions } from './commit.js';
import { HaloError } from './problem.js';
import type { Store } from './store.js';
import type { Settable, Value } from './value.js';

/** What adapters do with many keys, however many, within what one request may carry. */
export interface Batches {
  /** The values of any number of keys; undefined for those that do not exist. */
  read(keys: readonly string[]): Promise<(Value | undefined)[]>;
  /** Whether the keys exist, without fetching values. */
  has(keys: readonly string[]): Promise<boolean[]>;
  /** Sets any number of keys, in order; each commit of them is done wholly or not at all. */
  set(entries: readonly BatchEntry[]): Promise<void>;
  /** Deletes any number of keys and says which of them there were. */
  delete(keys: readonly string[]): Promise<boolean[]>;
  /** Deletes all keys with a prefix. */
  clear(prefix: string): Promise<void>;
}

export interface BatchEntry {
  readonly key: string;
  readonly value: Settable;
  readonly options?: InlineSetOptions;
}

/** As many as a read or a commit may have. */
const keysMax = 1_000;
/** Characters of a commit: even if each were three bytes of UTF-8, or escaped, most are far below the 32 MiB of one. */
const commitLengthMax = 4 * 1024 * 1024;
/** Requests under way at a time where each key needs its own; browsers do not open more connections either. */
const requestsMax = 6;

export function createBatches(store: Store): Batches {
  const readSome = async (keys: readonly string[]): Promise<(Value | undefined)[]> => {
    try {
      return (await store.read(keys)).values;
    } catch (error) {
      if (!(error instanceof HaloError) || error.code !== 'too-large') throw error;
      // Together they are more than one answer may be.
      return forEach(keys, (key) => store.get(key));
    }
  };

  const deleteSome = async (keys: readonly string[]): Promise<boolean[]> => {
    const commit = store.commit();
    for (const key of keys) commit.delete(key);
    try {
      await commit.run();
      return keys.map(() => true);
    } catch (error) {
      if (!(error instanceof HaloError) || error.code !== 'not-found') throw error;
      // A commit cannot delete what is not there, and would not say all that is missing.
      return forEach(keys, async (key) => (await store.delete(key)) !== undefined);
    }
  };

  return {
    read: async (keys) => (await inTurn(slicesOf(keys), readSome)).flat(),
    has: (keys) => forEach(keys, (key) => store.has(key)),
    async set(entries) {
      await inTurn(commitsOf(entries), async (slice) => {
        const commit = store.commit();
        for (const { key, value, options } of slice) commit.set(key, value, options);
        await commit.run();
      });
    },
    delete: async (keys) => (await inTurn(slicesOf(keys), deleteSome)).flat(),
    async clear(prefix) {
      let keys: string[] = [];
      for await (const { key } of store.list({ prefix })) {
        keys.push(key);
        if (keys.length < keysMax) continue;
        await deleteSome(keys);
        keys = [];
      }
      if (keys.length > 0) await deleteSome(keys);
    },
  };
}

function slicesOf<Item>(items: readonly Item[]): Item[][] {
  const slices: Item[][] = [];
  for (let start = 0; start < items.length; start += keysMax) {
    slices.push(items.slice(start, start + keysMax));
  }
  return slices;
}

/** Cuts what is to be set into commits that are neither too many keys nor too long. One entry may be longer alone. */
function commitsOf(entries: readonly BatchEntry[]): BatchEntry[][] {
  const commits: BatchEntry[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    const more = lengthOf(entry.value);
    const last = commits.at(-1);
    if (last === undefined || last.length === keysMax || length + more > commitLengthMax) {
      commits.push([entry]);
      length = more;
    } else {
      last.push(entry);
      length += more;
    }
  }
  return commits;
}

function lengthOf(value: BatchEntry['value']): number {
  if (typeof value === 'string') return value.length;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength;
  return JSON.stringify(value)?.length ?? 0;
}

async function inTurn<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await act(item));
  return results;
}

/** Acts on each, a few at a time, and returns the results in order. */
async function forEach<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(requestsMax, items.length) }, worker));
  return results;
}
