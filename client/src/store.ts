import { Commit } from './commit.js';
import { type Expiry, wireExpiry } from './expiry.js';
import { keyPath, travelsInPath } from './keys.js';
import { HaloError } from './problem.js';
import { exportStore, type ImportOptions, importStore } from './transfer.js';
import { type Cancellable, readJson, type Send } from './transport.js';
import {
  contentOf,
  inlineContentOf,
  type Settable,
  type Value,
  valueOfEntry,
  valueOfResponse,
} from './value.js';
import { type Watched, type WatchOptions, watch } from './watch.js';
import type {
  ChangesPage,
  CommitAnswer,
  EntryList,
  HistoryPage,
  ImportEnd,
  PutResult,
  ReadAnswer,
  TrashPage,
  ValuedEntry,
} from './wire.js';

export interface GetOptions extends Cancellable {
  /** As the key stood at this revision. */
  readonly revision?: number;
}

export interface SetOptions extends Cancellable, Expiry {
  /** Left out, it follows from the value. */
  readonly contentType?: string;
  /** At most 1,024 bytes as JSON. */
  readonly metadata?: Record<string, unknown>;
  /** Only if the key is at this revision; 0: only if it does not exist. Otherwise `precondition-failed`. */
  readonly ifRevision?: number;
  /** Checks everything and changes nothing. */
  readonly dryRun?: boolean;
}

export interface DeleteOptions extends Cancellable {
  /** Only if the key is at this revision. Otherwise `precondition-failed`. */
  readonly ifRevision?: number;
  /** Checks everything and changes nothing. */
  readonly dryRun?: boolean;
}

export interface ListOptions extends Cancellable {
  readonly prefix?: string;
  /** The first key, inclusive, in UTF-8 byte order. */
  readonly start?: string;
  /** The end, exclusive. */
  readonly end?: string;
  readonly reverse?: boolean;
  /** As of this revision. */
  readonly at?: number;
  /** With values, as far as pages hold them. */
  readonly values?: boolean;
  /** Fetched at a time, 1,000 at most. */
  readonly pageSize?: number;
}

export interface PageOptions extends Omit<ListOptions, 'pageSize'> {
  /** Groups keys that share what comes before it. */
  readonly delimiter?: string;
  /** Keys and groups, 1,000 at most. */
  readonly limit?: number;
  /** Of the page before, asked with the same options. */
  readonly cursor?: string;
  /** Whether to count all keys in the range as well. */
  readonly count?: boolean;
}

/** The keys of one account. */
export interface Store {
  /** The value, or undefined when there is none. Throws `pruned` for a revision that is no longer kept. */
  get(key: string, options?: GetOptions): Promise<Value | undefined>;
  /** The value as text: UTF-8, whatever its content type. */
  getText(key: string, options?: GetOptions): Promise<string | undefined>;
  /** The value as JSON. Throws SyntaxError when it is not. */
  getJson<Content = unknown>(key: string, options?: GetOptions): Promise<Content | undefined>;
  /**
   * Sets a value; once this resolves it is durable. A string is stored as text, bytes as they are, everything else as
   * JSON. It is sent again only when the server said that nothing was done: a lost answer is `outcome-unknown`.
   */
  set(key: string, value: Settable, options?: SetOptions): Promise<PutResult>;
  /** Whether there is such a key. */
  has(key: string, options?: Cancellable): Promise<boolean>;
  /** Moves a key to the trash. Returns the revision, or undefined when there was no such key. */
  delete(key: string, options?: DeleteOptions): Promise<number | undefined>;
  /** All entries of a range, fetched page by page. */
  list(options?: ListOptions): AsyncGenerator<ValuedEntry>;
  /** One page of a list, with groups if asked. */
  page(options?: PageOptions): Promise<EntryList>;
  /** Up to 1,000 keys as of one moment; undefined for those that do not exist. */
  read(
    keys: readonly string[],
    options?: Cancellable,
  ): Promise<{ revision: number; values: (Value | undefined)[] }>;
  /** Begins a commit of many mutations. */
  commit(): Commit;
  /** Reverses a commit in a new one. Throws `undo-conflict` when what it touched has changed since. */
  undo(revision: number, options?: { readonly dryRun?: boolean } & Cancellable): Promise<CommitAnswer>;
  /** A key's versions, newest first. Not for the keys `.` and `..`. */
  history(key: string, options?: Cancellable): AsyncGenerator<HistoryPage['versions'][number]>;
  /** Deleted and expired keys. */
  trash(options?: { readonly prefix?: string } & Cancellable): AsyncGenerator<TrashPage['entries'][number]>;
  /** Erases the values of a key that lies in the trash, for good. Not for the keys `.` and `..`. */
  purge(key: string, options?: { readonly dryRun?: boolean } & Cancellable): Promise<void>;
  /** A page of changes in revision order, after `since`. Throws `pruned` when they are no longer kept. */
  changes(options?: {
    readonly since?: number;
    readonly prefix?: string;
    readonly values?: boolean;
    readonly limit?: number;
    readonly signal?: AbortSignal;
  }): Promise<ChangesPage>;
  /**
   * Each commit once, in order, from now or from a revision on, however often the connection breaks. It ends when the
   * loop is left or the signal aborts, which throws its reason; and throws `session-ended` with the session.
   */
  watch(options?: WatchOptions): AsyncGenerator<Watched>;
  /** Everything, as of one moment, as lines of JSON. The last line is missing when the stream broke off. */
  export(options?: {
    readonly prefix?: string;
    readonly signal?: AbortSignal;
  }): Promise<ReadableStream<Uint8Array>>;
  /**
   * Imports lines as `export` makes them, in many commits. What came before a failure stays. It is never sent again:
   * a lost answer is `outcome-unknown`, and a second import with `onConflict: 'skip'` goes on.
   *
   * @returns the summary; `done` is false when it stopped, with `error` saying why
   */
  import(
    source: Blob | string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    options?: ImportOptions,
  ): Promise<ImportEnd>;
}

/** As many as a page may have. */
const pageSizeDefault = 1_000;

export function createStore(send: Send): Store {
  const commitNow = async (
    request: object,
    { dryRun, signal }: { readonly dryRun: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<CommitAnswer> => {
    const response = await send({
      method: 'POST',
      path: '/v1/commit',
      query: dryRun ? { dry_run: true } : {},
      body: request,
      signal,
      // A commit with an idempotency key is done once, however often it is sent.
      repeat: dryRun || 'idempotency_key' in request ? 'safe' : 'if-refused',
    });
    return readJson<CommitAnswer>(response);
  };

  const read: Store['read'] = async (keys, { signal } = {}) => {
    const body = { keys };
    const response = await send({ method: 'POST', path: '/v1/read', body, signal, repeat: 'safe' });
    const { entries, revision } = await readJson<ReadAnswer>(response);
    return { revision, values: entries.map((entry) => (entry === null ? undefined : valueOfEntry(entry))) };
  };

  const get: Store['get'] = async (key, { revision, signal } = {}) => {
    if (!travelsInPath(key)) {
      if (revision === undefined) return (await read([key], { signal })).values[0];
      // A key is the first of those that begin with it.
      const listed = await page({ prefix: key, at: revision, values: true, limit: 1, signal });
      const [entry] = listed.keys;
      return entry?.key === key ? valueOfEntry(entry) : undefined;
    }
    try {
      const path = `/v1/keys/${keyPath(key)}`;
      return await valueOfResponse(
        key,
        await send({ method: 'GET', path, query: { revision }, signal, repeat: 'safe' }),
      );
    } catch (error) {
      return undefinedIfAbsent(error);
    }
  };

  const page: Store['page'] = async ({ signal, ...query } = {}) => {
    const response = await send({ method: 'GET', path: '/v1/keys', query, signal, repeat: 'safe' });
    return readJson<EntryList>(response);
  };

  async function* pages<Page extends { readonly cursor: string | null }>(
    path: string,
    query: Readonly<Record<string, string | undefined>>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Page> {
    let cursor: string | undefined;
    do {
      const response = await send({
        method: 'GET',
        path,
        query: { ...query, cursor },
        signal,
        repeat: 'safe',
      });
      const next = await readJson<Page>(response);
      yield next;
      cursor = next.cursor ?? undefined;
    } while (cursor !== undefined);
  }

  return {
    get,
    getText: async (key, options) => (await get(key, options))?.text(),
    getJson: async <Content>(key: string, options?: GetOptions) => (await get(key, options))?.json<Content>(),

    async has(key, { signal } = {}) {
      if (!travelsInPath(key)) return (await read([key], { signal })).values[0] !== undefined;
      const ask = { method: 'HEAD', path: `/v1/keys/${keyPath(key)}`, signal, repeat: 'safe' } as const;
      return send(ask).then(
        () => true,
        (error: unknown) => {
          // The answer to a HEAD has no content that could name the code.
          if (error instanceof HaloError && error.status === 404) return false;
          throw error;
        },
      );
    },

    async set(key, value, options = {}) {
      const { contentType, metadata, ifRevision, dryRun = false, signal, ...expiry } = options;
      if (!travelsInPath(key)) {
        const inline = value instanceof Blob ? new Uint8Array(await value.arrayBuffer()) : value;
        const set = {
          key,
          ...inlineContentOf(inline),
          ...(contentType === undefined ? {} : { content_type: contentType }),
          ...(metadata === undefined ? {} : { metadata }),
          ...wireExpiry(expiry),
        };
        const checks = ifRevision === undefined ? [] : [{ key, revision: ifRevision }];
        const { revision, results } = await asPrecondition(
          commitNow({ checks, mutations: [{ set }] }, { dryRun, signal }),
        );
        return { key, revision, created: results[0]?.created ?? false };
      }
      const content = contentOf(value);
      const response = await send({
        method: 'PUT',
        path: `/v1/keys/${keyPath(key)}`,
        query: { ...wireExpiry(expiry), ...(dryRun ? { dry_run: true } : {}) },
        headers: {
          'content-type': contentType ?? content.contentType,
          ...(metadata === undefined ? {} : { 'halo-metadata': asciiJson(metadata) }),
          ...conditionHeader(ifRevision),
        },
        body: content.body,
        signal,
        repeat: 'if-refused',
      });
      return readJson<PutResult>(response);
    },

    async delete(key, { ifRevision, dryRun = false, signal } = {}) {
      try {
        if (!travelsInPath(key)) {
          const checks = ifRevision === undefined ? [] : [{ key, revision: ifRevision }];
          const committed = commitNow({ checks, mutations: [{ delete: { key } }] }, { dryRun, signal });
          return (await asPrecondition(committed)).revision;
        }
        const response = await send({
          method: 'DELETE',
          path: `/v1/keys/${keyPath(key)}`,
          query: dryRun ? { dry_run: true } : {},
          headers: conditionHeader(ifRevision),
          signal,
          repeat: 'if-refused',
        });
        return (await readJson<{ readonly revision: number }>(response)).revision;
      } catch (error) {
        return undefinedIfAbsent(error);
      }
    },

    async *list({ pageSize = pageSizeDefault, ...options } = {}) {
      let cursor: string | undefined;
      do {
        const found = await page({
          ...options,
          limit: pageSize,
          ...(cursor === undefined ? {} : { cursor }),
        });
        yield* found.keys;
        cursor = found.cursor ?? undefined;
      } while (cursor !== undefined);
    },

    page,
    read,
    commit: () => new Commit(commitNow),

    async undo(revision, { dryRun = false, signal } = {}) {
      const query = dryRun ? { dry_run: true } : {};
      const body = { revision };
      const repeat = dryRun ? 'safe' : 'if-refused';
      return readJson<CommitAnswer>(
        await send({ method: 'POST', path: '/v1/undo', query, body, signal, repeat }),
      );
    },

    async *history(key, { signal } = {}) {
      const path = `/v1/history/${keyPath(key)}`;
      for await (const { versions } of pages<HistoryPage>(path, {}, signal)) yield* versions;
    },

    async *trash({ prefix, signal } = {}) {
      for await (const { entries } of pages<TrashPage>('/v1/trash', { prefix }, signal)) yield* entries;
    },

    async purge(key, { dryRun = false, signal } = {}) {
      const query = dryRun ? { dry_run: true } : {};
      const path = `/v1/trash/${keyPath(key)}`;
      await send({ method: 'DELETE', path, query, signal, repeat: 'if-refused' });
    },

    async changes({ signal, ...query } = {}) {
      return readJson<ChangesPage>(
        await send({ method: 'GET', path: '/v1/changes', query, signal, repeat: 'safe' }),
      );
    },

    watch: (options = {}) => watch(send, options),
    export: (options = {}) => exportStore(send, options),
    import: (source, options = {}) => importStore(send, source, options),
  };
}

function conditionHeader(ifRevision: number | undefined): Readonly<Record<string, string>> {
  if (ifRevision === undefined) return {};
  return ifRevision === 0 ? { 'if-none-match': '*' } : { 'if-match': `"${ifRevision}"` };
}

/** Headers carry ASCII only; JSON can say everything in it. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A write that has to be a commit, because its key cannot travel in a path, is refused as every other is. */
async function asPrecondition<Result>(committed: Promise<Result>): Promise<Result> {
  try {
    return await committed;
  } catch (error) {
    if (!(error instanceof HaloError) || error.code !== 'check-failed') throw error;
    const { message, problem } = error;
    const options = { status: 412, cause: error, ...(problem === undefined ? {} : { problem }) };
    throw new HaloError('precondition-failed', message, options);
  }
}

function undefinedIfAbsent(error: unknown): undefined {
  if (error instanceof HaloError && error.code === 'not-found') return undefined;
  throw error;
}
