import { sessionLives } from '../database/live-session.js';
import { liveSessionsOf } from './account-statements.js';
import { liveSessions, type Statement } from './statements.js';

/**
 * The statements of the change feed. A page begins with its session, the news of an account with the sessions
 * of all who hear them; both then walk the log in the order of its primary key, which is the order of the feed.
 */
const theSession = `s.account_id = $1::bigint and s.id = $2::text and ${sessionLives('$3::bytea')}`;

/** What `parseChange` reads of the version `v`. `octet_length` reads no value that is stored out of line. */
const changeColumns = `v.revision, v.key, v.kind, octet_length(v.value) as size, v.content_type, v.expires_at, v.written_at`;

/** Where the account is: its revision, its horizon, and what the session may see. $1 to $3 the session. */
export const readPosition: Statement = {
  name: 'read_position',
  text: `
    select t.revision, t.pruned_revision, s.prefix
    from sessions s join stores t on t.account_id = $1::bigint
    where ${theSession}`,
};

/**
 * Changes of keys in a range: $1 to $3 the session, $4 lower bound (inclusive), $5 upper bound (exclusive),
 * $6 after which revision, $7 up to which, $8 how many versions to look at, $9 how many rows to answer; null
 * for the last two: all. Columns: the store's revision, its horizon, whether the key is out of reach, whether the
 * look stopped here, the change. The last version looked at is answered also when it is out of reach: it tells
 * how far the look went. A row without a change tells only that the session lives.
 */
export const readChangesAfter: Statement = {
  name: 'read_changes_after',
  text: `
    select t.revision, t.pruned_revision, c.*
    from sessions s
    join stores t on t.account_id = $1::bigint
    left join lateral (
      select not seen.within as is_out, seen.n = $8::int as is_stop, seen.revision, seen.key, seen.kind, seen.size, seen.content_type, seen.expires_at,
             seen.written_at
      from (
        select v.key >= greatest($4::text, s.prefix) and v.key < least($5::text, s.prefix_end) as within,
               row_number() over (order by v.revision, v.key) as n, ${changeColumns}
        from versions v
        where v.account_id = $1::bigint and v.revision > $6::bigint and v.revision <= $7::bigint
        order by v.revision, v.key
        limit $8::int
      ) as seen
      where seen.within or seen.n = $8::int
      order by seen.revision, seen.key
      limit $9::int
    ) as c on true
    where ${theSession}
    order by c.revision, c.key`,
};

/**
 * What is new in an account, for all who watch it: $1 the account, $2 and $3 their sessions and secret hashes, $4 after
 * which revision, $5 up to which, $6 how many changes; null: all. The first row holds the store's revision, its
 * horizon and the places of the credentials whose sessions live; the others one change each, from the fifth column
 * on. As this is one
 * statement, a session that lives in it had not ended before any change in it was committed.
 */
export const readNews: Statement = {
  name: 'read_news',
  text: `
    with live as (${liveSessionsOf}),
    news as (
      select t.revision::text as a, t.pruned_revision::text as b,
             (select string_agg(live.n::text, ',') from live) as c,
             null::text as d, null::bigint as revision, null::text collate "C" as key, null::text as kind, null::int as size,
             null::text as content_type, null::timestamptz(3) as expires_at, null::timestamptz(3) as written_at
      from stores t where t.account_id = $1::bigint
      union all
      (select null, null, null, null, ${changeColumns}
       from versions v
       where v.account_id = $1::bigint and v.revision > $4::bigint and v.revision <= $5::bigint
       order by v.revision, v.key
       limit $6::int)
    )
    select * from news order by revision nulls first, key`,
};

/** The places of the credentials $1 to $3 whose sessions live. */
export const readLive: Statement = {
  name: 'read_live',
  text: `select live.n from (${liveSessions}) as live`,
};

/** $1 account ids. */
export const readRevisions: Statement = {
  name: 'read_revisions',
  text: 'select account_id, revision from stores where account_id = any($1::bigint[])',
};

/**
 * Values of versions that one of the statements above found within reach of a live session: $1 account,
 * $2 revisions, $3 keys. A version never changes, so that the session need not be asked again. The limit keeps a plan
 * made while the log was short from reading all of it.
 */
export const readChangeValues: Statement = {
  name: 'read_change_values',
  text: `
    select k.n, v.value
    from unnest($2::bigint[], $3::text[]) with ordinality as k (revision, key, n)
    cross join lateral (
      select value from versions
      where account_id = $1::bigint and revision = k.revision and key = k.key
      limit 1
    ) as v
    where v.value is not null`,
};
