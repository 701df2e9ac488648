import type pg from 'pg';
import type { QueryArrayConfig } from 'pg';
import type { Database } from '../database/database.js';
import { databaseError } from '../database/failure.js';
import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { type Bounds, boundsAfter, boundsOf } from './bounds.js';
import { demandLive } from './demand-live.js';
import { listKeys } from './list-statements.js';
import { type ListedEntry, parseEntry } from './listed-entry.js';
import { prepared, type Row } from './statements.js';

/**
 * Reads all of an account's keys with their values, a page at a time. Its promises: the pages together are one
 * snapshot, of the revision that is told first; nothing that was read is handed over after the session has ended;
 * and whatever becomes of the reader, the snapshot is let go in bounded time.
 *
 * The snapshot is a REPEATABLE READ transaction, which never sees a session end: it sees `sessions` as they were.
 * So each page is followed by a question on another connection whether the session lives, before it is handed
 * over. A page that was read before the end of the session is thus not handed over after it.
 */
export interface ExportSink {
  /** Called once, before the first page. */
  begin(revision: number): void;
  /** Called once or more. Answers whether to go on: false when nobody reads any more. */
  page(entries: readonly ListedEntry[]): Promise<boolean>;
}

export interface Exporter {
  /**
   * Resolves when all keys that begin with the prefix, and that the session reaches, were handed over, or the
   * sink wanted no more.
   *
   * @throws HaloError before `begin`: `session-ended`, `overloaded`, `unavailable`; after it likewise, and
   * `request-timeout` when it takes too long
   */
  run(credential: Credential, prefix: string, sink: ExportSink): Promise<void>;
}

/** Keys on a page: enough that asking costs little beside reading. */
const pageKeysMax = 500;
/** Bytes of values on a page, unless one value alone is more. */
const pageBytesMax = 1024 * 1024;
/** PostgreSQL cannot clean up behind a snapshot for as long as it lasts: 10 GiB at 6 MiB a second. */
const exportMsMax = 30 * 60_000;
/** The sink's own limit on a page comes first; this one is for when there is nobody to keep it. */
const idleMsMax = 150_000;
const retryAfterS = 5;

export function createExporter({ exporters, readers }: Pick<Database, 'exporters' | 'readers'>): Exporter {
  let running = 0;
  return {
    run: async (credential, prefix, sink) => {
      // Nobody without a session takes a place from those who have one.
      await demandLive(readers, credential);
      if (running >= exporters.options.max) {
        throw new HaloError('overloaded', 'The server has as many exports as it can serve.', { retryAfterS });
      }
      running += 1;
      try {
        await inSnapshot(exporters, (client) => exportPages(client, readers, credential, prefix, sink));
      } catch (error) {
        throw databaseError(error, { committing: false });
      } finally {
        running -= 1;
      }
    },
  };
}

async function inSnapshot(pool: pg.Pool, work: (client: pg.ClientBase) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query('begin isolation level repeatable read read only');
    await client.query(`set local idle_in_transaction_session_timeout = ${idleMsMax}`);
    await work(client);
    await client.query('commit');
    broken = false;
  } finally {
    client.release(broken);
  }
}

async function exportPages(
  client: pg.ClientBase,
  readers: pg.Pool,
  credential: Credential,
  prefix: string,
  sink: ExportSink,
): Promise<void> {
  const deadline = performance.now() + exportMsMax;
  let rest: Bounds | undefined = boundsOf(prefix, undefined, undefined);
  for (let pages = 0; rest !== undefined; pages += 1) {
    if (performance.now() > deadline) {
      throw new HaloError('request-timeout', 'The export took longer than half an hour.');
    }
    const rows = await ask(client, prepared(listKeys('forward'), pageValues(credential, rest)));
    const [first] = rows;
    await demandLive(readers, credential);
    if (first === undefined) throw new HaloError('session-ended', 'The session has ended.');
    if (pages === 0) sink.begin(Number(first[0]));
    const { shown, more } = pageOf(rows);
    if (!(await sink.page(shown))) return;
    const last = shown.at(-1);
    rest = more && last !== undefined ? boundsAfter(rest, last.key, false) : undefined;
  }
}

/** The values of the statement that lists keys: one key more than fits tells that there is another page. */
function pageValues({ accountId, sessionId, secretHash }: Credential, { lower, upper }: Bounds): unknown[] {
  const session = [accountId, sessionId, secretHash ?? null];
  const isCounted = false;
  return [...session, lower, upper, pageKeysMax + 1, pageBytesMax, isCounted, lower, upper];
}

/** The entries up to the first whose value was left out, for the page was full. */
function pageOf(rows: readonly Row[]): { readonly shown: readonly ListedEntry[]; readonly more: boolean } {
  const found = rows.flatMap((row) => parseEntry(row.slice(columnsBeforeEntry)) ?? []);
  const full = found.findIndex(({ value }) => value === undefined);
  const shown = found.slice(0, full === -1 ? pageKeysMax : Math.min(full, pageKeysMax));
  return { shown, more: shown.length < found.length };
}

/** The revision, the count, and a group with its count. */
const columnsBeforeEntry = 4;

async function ask(client: pg.ClientBase, statement: QueryArrayConfig): Promise<readonly Row[]> {
  return (await client.query<string[]>(statement)).rows;
}
