import { sessionLives } from '../database/live-session.js';
import type { Statement } from './statements.js';

/**
 * The statements of history and trash. Each of the first three begins with the session: $1 account, $2 session,
 * $3 secret hash or null. No row: the session has ended. Every step along a key's chain goes by primary key.
 */

const session = `s.account_id = $1::bigint and s.id = $2::text and ${sessionLives('$3::bytea')}`;

/** Where key $4 begins its history, whether it lives or lies in the trash. */
const head = `
  left join entries e on e.account_id = $1::bigint and e.key = $4::text
  left join trash t on t.account_id = $1::bigint and t.key = $4::text`;

/**
 * One step along the chain of key $4: the version of that revision. The limit is more than a promise: it keeps
 * PostgreSQL from joining the other way round, through all versions of the account at every step.
 */
const versionAt = (revision: string, columns: string) => `
  lateral (
    select ${columns} from versions v
    where v.account_id = $1::bigint and v.revision = ${revision} and v.key = $4::text
    limit 1
  ) as v`;

/**
 * Whose session made a change, in words: session ids stay inside, because knowing one helps whoever has got hold
 * of an old refresh token. A session that was ended has no row any more.
 */
const actorName = `
  case when link.actor = 'halo' then 'halo'
       when a.kind = 'token' then coalesce(a.name, 'unnamed token')
       when a.kind = 'login' then coalesce(a.device, 'unknown device')
       else 'ended session' end`;

const listedColumns = `
  v.revision, v.previous_revision, v.kind, octet_length(v.value) as size, v.content_type, v.expires_at, v.actor,
  v.written_at`;

/**
 * Versions of key $4, newest first: from revision $5, or from the newest if it is null; at most $6. Columns:
 * whether the session reaches the key, its newest revision, the version. A row without a version tells the rest.
 */
export const listVersions: Statement = {
  name: 'list_versions',
  text: `
    with recursive live as materialized (
      select starts_with($4::text, s.prefix) as in_scope from sessions s where ${session}
    ),
    newest as materialized (
      select coalesce(e.revision, t.revision) as revision from live ${head} where live.in_scope
    ),
    link as (
      select 1 as n, v.*
      from newest
      cross join ${versionAt('coalesce($5::bigint, newest.revision)', listedColumns)}
      union all
      select link.n + 1, v.*
      from link
      cross join ${versionAt('link.previous_revision', listedColumns)}
      where link.n < $6::int
    )
    select live.in_scope, newest.revision, link.revision, link.kind, link.size, link.content_type,
           link.expires_at, ${actorName}, link.written_at
    from live
    left join newest on true
    left join link on true
    left join sessions a on a.account_id = $1::bigint and a.id = link.actor
    order by link.n`,
};

/** A version that was set and has no value any more: it was purged, or has too many after it. */
const emptied = (version: string) => `(${version}.kind = 'set' and ${version}.value is null)`;

/**
 * Key $4 as it stood at revision $5: its newest link at or before it. Columns: whether the session reaches the
 * key, the store's revision and horizon, the link's revision, its version. No link: the key had no version then.
 * A link without version: its history was pruned before the walk got there.
 *
 * The walk stops at the first version without value, because those before it have none either: without that, it
 * would follow every change of a key that changes all the time.
 */
export const readPast: Statement = {
  name: 'read_past',
  text: `
    with recursive live as materialized (
      select starts_with($4::text, s.prefix) as in_scope, st.revision, st.pruned_revision
      from sessions s join stores st on st.account_id = $1::bigint
      where ${session}
    ),
    link as (
      select coalesce(e.revision, t.revision) as revision from live ${head} where live.in_scope
      union all
      select v.previous_revision
      from link
      cross join ${versionAt('link.revision', 'v.previous_revision, v.kind, v.value')}
      where link.revision > $5::bigint and not ${emptied('v')}
    ),
    found as (
      select link.revision as at, v.*
      from link
      left join ${versionAt('link.revision', 'v.*')} on true
      where link.revision is not null
        and (link.revision <= $5::bigint or v.revision is null or ${emptied('v')})
    )
    select live.in_scope, live.revision, live.pruned_revision, found.at, found.kind, found.value,
           found.content_type, found.metadata, found.created_at, found.written_at, found.expires_at
    from live
    left join found on true`,
};

/**
 * A page of the trash: $4 lower bound (inclusive), $5 upper bound (exclusive), $6 limit. The size is that of the
 * value before the key went, null when it was pruned. A row without a key tells that the session lives. The limits are
 * there for the same reason as in a step along a chain.
 */
export const listTrash: Statement = {
  name: 'list_trash',
  text: `
    select p.*
    from sessions s
    left join lateral (
      select t.key, t.revision, v.kind, v.written_at, octet_length(before.value)
      from trash t
      cross join lateral (
        select kind, written_at, previous_revision from versions
        where account_id = $1::bigint and revision = t.revision and key = t.key
        limit 1
      ) as v
      left join lateral (
        select value from versions
        where account_id = $1::bigint and revision = v.previous_revision and key = t.key
        limit 1
      ) as before on true
      where t.account_id = $1::bigint
        and t.key >= greatest($4::text, s.prefix)
        and t.key < least($5::text, s.prefix_end)
        and not t.purged
      order by t.key
      limit $6::int
    ) as p on true
    where ${session}`,
};

/** Whether key $2 of account $1 lies in the trash: a row or none. Runs after the lock on the store. */
export const readBuried: Statement = {
  name: 'read_buried',
  text: 'select revision from trash where account_id = $1::bigint and key = $2::text and not purged',
};

/**
 * Takes their content from all versions of key $2 of account $1, which lies in the trash. The chain yields where
 * the rows are, and the update goes there: joined by key, PostgreSQL may choose to go through the whole account.
 */
export const purgeVersions: Statement = {
  name: 'purge_versions',
  text: `
    with recursive link as (
      select t.revision as next, null::tid as place
      from trash t where t.account_id = $1::bigint and t.key = $2::text
      union all
      select v.previous_revision, v.ctid
      from link
      cross join lateral (
        select v.ctid, v.previous_revision from versions v
        where v.account_id = $1::bigint and v.revision = link.next and v.key = $2::text
        limit 1
      ) as v
    )
    update versions set value = null, content_type = null, metadata = null
    where account_id = $1::bigint and ctid = any(array(select place from link where place is not null))`,
};

export const markPurged: Statement = {
  name: 'mark_purged',
  text: 'update trash set purged = true where account_id = $1::bigint and key = $2::text',
};
