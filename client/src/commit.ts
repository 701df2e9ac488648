import { type Expiry, wireExpiry } from './expiry.js';
import { inlineContentOf, type Settable } from './value.js';
import type { Check, CommitAnswer, CommitRequest, Mutation } from './wire.js';

export interface InlineSetOptions extends Expiry {
  readonly contentType?: string;
  readonly metadata?: Record<string, unknown>;
}

/** What became of a commit. */
export interface Committed {
  readonly revision: number;
  /** One for each mutation, in order. */
  readonly results: CommitAnswer['results'];
}

type SendCommit = (
  request: CommitRequest,
  options: { readonly dryRun: boolean; readonly signal?: AbortSignal },
) => Promise<Committed>;

/**
 * Collects mutations and checks, and commits them all or not at all. Each mutation sees the ones before it. Numbers
 * are signed 64-bit integers, given as bigint or as a safe integer.
 *
 *     await halo.commit().check('stock', 7).add('stock', -1).set('orders/1', order).run();
 */
export class Commit {
  readonly #send: SendCommit;
  readonly #checks: Check[] = [];
  readonly #mutations: Mutation[] = [];
  #idempotencyKey: string | undefined;

  /** @internal Begin with `halo.commit()`. */
  constructor(send: SendCommit) {
    this.#send = send;
  }

  /** Demands that the key is at this revision when the commit begins; 0: that it does not exist. */
  check(key: string, revision: number): this {
    this.#checks.push({ key, revision });
    return this;
  }

  /** As `halo.set`, but for a Blob, which has to be read first: it throws TypeError. */
  set(key: string, value: Settable, options: InlineSetOptions = {}): this {
    const { contentType, metadata, ...expiry } = options;
    const content = inlineContentOf(value);
    return this.#push({
      set: {
        key,
        ...content,
        ...(contentType === undefined ? {} : { content_type: contentType }),
        ...(metadata === undefined ? {} : { metadata }),
        ...wireExpiry(expiry),
      },
    });
  }

  /** Moves a key to the trash. The commit fails with `not-found` if there is none. */
  delete(key: string): this {
    return this.#push({ delete: { key } });
  }

  /** Adds to a number; a key that does not exist counts as 0. */
  add(key: string, by: bigint | number): this {
    return this.#push({ add: { key, by: decimal(by) } });
  }

  /** Sets a number to the smaller of itself and `value`; a key that does not exist is set to it. */
  min(key: string, value: bigint | number): this {
    return this.#push({ min: { key, value: decimal(value) } });
  }

  /** Sets a number to the larger of itself and `value`; a key that does not exist is set to it. */
  max(key: string, value: bigint | number): this {
    return this.#push({ max: { key, value: decimal(value) } });
  }

  /** Changes when a key expires; `never` lets it live on. */
  touch(key: string, expiry: { readonly ttl: number } | { readonly expiresAt: Date } | 'never'): this {
    if (expiry === 'never') return this.#push({ touch: { key, ttl: null } });
    if ('ttl' in expiry) return this.#push({ touch: { key, ttl: expiry.ttl } });
    return this.#push({ touch: { key, expires_at: expiry.expiresAt.toISOString() } });
  }

  /** Sets a key to what it was at a revision. */
  restore(key: string, revision: number): this {
    return this.#push({ restore: { key, revision } });
  }

  /** Copies a value, its content type, metadata and expiry, over whatever `to` was. */
  copy(from: string, to: string): this {
    return this.#push({ copy: { from, to } });
  }

  /** As `copy`, and deletes `from`. */
  move(from: string, to: string): this {
    return this.#push({ move: { from, to } });
  }

  /** Deletes all keys that begin with the prefix, which ends with a slash. */
  deletePrefix(prefix: string): this {
    return this.#push({ delete_prefix: { prefix } });
  }

  /** Copies all keys that begin with `from`; both prefixes end with a slash. */
  copyPrefix(from: string, to: string): this {
    return this.#push({ copy_prefix: { from, to } });
  }

  /** As `copyPrefix`, and deletes what was copied. */
  movePrefix(from: string, to: string): this {
    return this.#push({ move_prefix: { from, to } });
  }

  /** Names the commit, so that however often it is sent within 24 hours, it is done once. Left out, one is made up. */
  idempotencyKey(key: string): this {
    this.#idempotencyKey = key;
    return this;
  }

  /**
   * Commits. Throws `check-failed`, `quota-exceeded`, `outcome-unknown` and what the mutations may come to.
   *
   * @param options.dryRun answers as the commit would, and changes nothing
   */
  run(options: { readonly dryRun?: boolean; readonly signal?: AbortSignal } = {}): Promise<Committed> {
    const { dryRun = false, signal } = options;
    return this.#send(
      {
        checks: this.#checks,
        mutations: this.#mutations,
        // With a name of its own a commit can be sent again after its answer was lost.
        ...(dryRun ? {} : { idempotency_key: this.#idempotencyKey ?? crypto.randomUUID() }),
      },
      { dryRun, ...(signal === undefined ? {} : { signal }) },
    );
  }

  #push(mutation: Mutation): this {
    this.#mutations.push(mutation);
    return this;
  }
}

function decimal(number: bigint | number): string {
  if (typeof number === 'number' && !Number.isSafeInteger(number)) {
    throw new RangeError('A number beyond 2^53 has to be a bigint, and has no fraction.');
  }
  return String(number);
}
