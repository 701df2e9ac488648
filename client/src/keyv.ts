import { type Batches, createBatches } from './batches.js';
import type { Expiry } from './expiry.js';
import type { Halo } from './halo.js';
import type { Settable, Value } from './value.js';

export interface HaloKeyvOptions {
  /** Set by Keyv too; keys are stored as `namespace:key`. */
  readonly namespace?: string;
}

/** An entry of `setMany`; `ttl` in milliseconds. */
export interface HaloKeyvEntry {
  readonly key: string;
  readonly value: unknown;
  readonly ttl?: number | undefined;
}

type Listener = (...values: unknown[]) => void;

/**
 * Halo as the store of Keyv 5 and 6. Expiry is Halo's own: what has expired is gone for everybody, not only for Keyv.
 *
 *     const keyv = new Keyv({ store: new HaloKeyv(halo), namespace: 'cache', useKeyPrefix: false });
 *
 * The adapter puts the namespace before keys itself, which Keyv 6 leaves to it and Keyv 5 has to be told with
 * `useKeyPrefix: false`; without, Keyv 5 puts it there once more, which does no harm. Keyv sets the namespace of its
 * adapter, so each Keyv needs an adapter of its own; they may share one Halo.
 */
export class HaloKeyv {
  /** Keyv 5 offers an iterator for stores of dialects that it knows, and Halo's keys are in PostgreSQL. */
  readonly opts: { dialect: string; url: string; [name: string]: unknown } = { dialect: 'postgres', url: '' };
  namespace: string | undefined;

  readonly #halo: Halo;
  readonly #batches: Batches;
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(halo: Halo, { namespace }: HaloKeyvOptions = {}) {
    this.#halo = halo;
    this.#batches = createBatches(halo);
    this.namespace = namespace;
  }

  /** What was set: text, bytes, or what JSON holds. Keyv itself sets text. */
  async get<Content>(key: string): Promise<Content | undefined> {
    try {
      return contentOf<Content>(await this.#halo.get(this.#stored(key)));
    } catch (error) {
      // Keyv 5 tells nobody of a failed get by itself: it would look like a key that is not there.
      this.#emit('error', error);
      throw error;
    }
  }

  async getMany<Content>(keys: string[]): Promise<(Content | undefined)[]> {
    const values = await this.#batches.read(keys.map((key) => this.#stored(key)));
    return values.map((value) => contentOf<Content>(value));
  }

  /** @param ttl in milliseconds; what has expired already is not there afterwards */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    if (isOver(ttl)) await this.delete(key);
    else await this.#halo.set(this.#stored(key), value as Settable, expiryOf(ttl));
    return true;
  }

  /** Sets many keys; up to a thousand of them, or 4 MiB, wholly or not at all. */
  async setMany(entries: readonly HaloKeyvEntry[]): Promise<boolean[]> {
    const over = entries.filter(({ ttl }) => isOver(ttl));
    if (over.length > 0) await this.#batches.delete(over.map(({ key }) => this.#stored(key)));
    const sets = entries
      .filter(({ ttl }) => !isOver(ttl))
      .map(({ key, value, ttl }) => ({
        key: this.#stored(key),
        value: value as Settable,
        options: expiryOf(ttl),
      }));
    await this.#batches.set(sets);
    return entries.map(() => true);
  }

  /** Whether there was such a key. */
  async delete(key: string): Promise<boolean> {
    return (await this.#halo.delete(this.#stored(key))) !== undefined;
  }

  /** Whether there were all of the keys; those that there were are deleted in any case. */
  async deleteMany(keys: string[]): Promise<boolean> {
    const deleted = await this.#batches.delete(keys.map((key) => this.#stored(key)));
    return deleted.every(Boolean);
  }

  async has(key: string): Promise<boolean> {
    return this.#halo.has(this.#stored(key));
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    return this.#batches.has(keys.map((key) => this.#stored(key)));
  }

  /** Deletes the namespace; without one, every key that the client reaches. */
  async clear(): Promise<void> {
    await this.#batches.clear(this.#stored(''));
  }

  /** Every key of the namespace, without it, and its value. */
  async *iterator<Content>(
    namespace: string | undefined = this.namespace,
  ): AsyncGenerator<[string, Content | undefined], void> {
    const prefix = prefixOf(namespace);
    // A page at a time: values that did not fit into the list's page are fetched along with the others.
    let keys: string[] = [];
    const take = async (): Promise<[string, Content | undefined][]> => {
      const values = await this.#batches.read(keys);
      const found = keys.map((key, n): [string, Value | undefined] => [key, values[n]]);
      keys = [];
      return found.flatMap(([key, value]): [string, Content | undefined][] =>
        // One that was deleted or has expired since it was listed.
        value === undefined ? [] : [[key.slice(prefix.length), contentOf<Content>(value)]],
      );
    };
    for await (const { key } of this.#halo.list({ prefix, pageSize: iteratedAtATime })) {
      keys.push(key);
      if (keys.length === iteratedAtATime) yield* await take();
    }
    yield* await take();
  }

  /** There is no connection to close. */
  async disconnect(): Promise<void> {
    this.#emit('disconnect');
  }

  /** Tells of `error`, for a get that failed, and of `disconnect`. All failures are rejections as well. */
  on(event: string, listener: Listener): this {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return this;
  }

  off(event: string, listener: Listener): this {
    this.#listeners.get(event)?.delete(listener);
    return this;
  }

  #emit(event: string, ...values: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(...values);
  }

  #stored(key: string): string {
    return prefixOf(this.namespace) + key;
  }
}

/** Values are fetched together, so that this many may be large. */
const iteratedAtATime = 100;

function prefixOf(namespace: string | undefined): string {
  return namespace === undefined || namespace === '' ? '' : `${namespace}:`;
}

function isOver(ttl: number | undefined): boolean {
  return typeof ttl === 'number' && ttl <= 0;
}

/** A time to live counts from when the server sets the key, so that the clocks of clients do not matter. */
function expiryOf(ttl: number | undefined): Expiry {
  return typeof ttl === 'number' ? { ttl: Math.ceil(ttl) / 1_000 } : {};
}

function contentOf<Content>(value: Value | undefined): Content | undefined {
  if (value === undefined) return undefined;
  if (value.contentType === 'application/json') return value.json<Content>();
  return (value.contentType.startsWith('text/') ? value.text() : value.bytes) as Content;
}
