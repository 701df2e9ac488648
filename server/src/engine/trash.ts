import type pg from 'pg';
import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { boundTo } from './account-statements.js';
import { boundsOf } from './bounds.js';
import { credentialArrays } from './credentials.js';
import { askAs, firstOf, outOfScope } from './history.js';
import { listTrash, markPurged, purgeVersions, readBuried } from './history-statements.js';
import { rfc3339 } from './instant.js';
import { boundsFrom, readCursor, writeCursor } from './list-cursor.js';
import type { SessionState } from './state.js';
import { parseSession } from './state-rows.js';
import { lockStores, prepared, type Row, readSessions } from './statements.js';
import { transact } from './transaction.js';

/**
 * Deleted and expired keys, until they are pruned. Its promise: when a purge is answered, none of the key's
 * values is in the log any more, and that there were changes still is.
 */
export interface TrashQuery {
  readonly prefix: string;
  readonly limit: number;
  /** From the page before. */
  readonly cursor: string | undefined;
}

export interface TrashPage {
  /** In UTF-8 byte order of their keys. */
  readonly entries: readonly BuriedKey[];
  /** Undefined on the last page. */
  readonly cursor: string | undefined;
}

export interface BuriedKey {
  readonly key: string;
  /** That in which it was deleted or expired. */
  readonly revision: number;
  readonly reason: 'delete' | 'expire';
  /** RFC 3339. */
  readonly deletedAt: string;
  /** Bytes of its last value; null when that was pruned. */
  readonly size: number | null;
}

/**
 * One page of an account's trash.
 *
 * @throws HaloError `invalid-request` for a cursor that Halo did not issue; `session-ended`, `unavailable`
 */
export async function listBuried(
  pool: pg.Pool,
  credential: Credential,
  { prefix, limit, cursor }: TrashQuery,
): Promise<TrashPage> {
  const whole = boundsOf(prefix, undefined, undefined);
  const { lower, upper } = cursor === undefined ? whole : boundsFrom(whole, readCursor(cursor), false);
  // One more than asked for tells whether there is a next page.
  const rows = await askAs(pool, credential, listTrash, [lower, upper, limit + 1]);
  firstOf(rows);
  const entries = rows.flatMap(parseBuried);
  const page = entries.slice(0, limit);
  const last = page.at(-1);
  const more = entries.length > page.length && last !== undefined;
  return { entries: page, cursor: more ? writeCursor({ kind: 'key', name: last.key }) : undefined };
}

/** No key at all for the row that only tells that the session lives. */
function parseBuried([key, revision, reason, deletedAt, size]: Row): BuriedKey[] {
  if (key == null || reason == null || deletedAt == null) return [];
  return [
    {
      key,
      revision: Number(revision),
      reason: reason === 'expire' ? 'expire' : 'delete',
      deletedAt: rfc3339(deletedAt),
      size: size == null ? null : Number(size),
    },
  ];
}

/**
 * Erases all values in the history of a key that lies in the trash.
 *
 * @throws HaloError `not-found` when it does not, `session-ended`, `insufficient-scope`, `unavailable`,
 * `outcome-unknown`
 */
export async function purgeKey(
  pool: pg.Pool,
  credential: Credential,
  key: string,
  dryRun: boolean,
): Promise<void> {
  const { accountId } = credential;
  const refused = await transact(pool, async (ask) => {
    // Under the lock, and read in statements after it: no commit can bring the key back or copy from it meanwhile.
    const bind = boundTo(accountId);
    const [, sessions = [], buried = []] = await ask([
      bind(prepared(lockStores, [accountId])),
      bind(prepared(readSessions, credentialArrays([credential]))),
      prepared(readBuried, [accountId, key]),
    ]);
    const live = sessions.find(([place]) => place != null);
    const refusal = judge(parseSession(live), key, buried.length > 0);
    const writes =
      refusal === undefined && !dryRun
        ? [prepared(purgeVersions, [accountId, key]), prepared(markPurged, [accountId, key])]
        : [];
    return { outcome: refusal, writes };
  });
  if (refused !== undefined) throw refused;
}

function judge(session: SessionState | undefined, key: string, isBuried: boolean): HaloError | undefined {
  if (session === undefined) return new HaloError('session-ended', 'The session has ended.');
  if (session.access !== 'write') return new HaloError('insufficient-scope', 'This token may only read.');
  if (!key.startsWith(session.prefix)) return outOfScope();
  return isBuried ? undefined : new HaloError('not-found', 'There is no such key in the trash.');
}
