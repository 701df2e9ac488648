import type { Statement } from './statements.js';

/**
 * The statements of the sweeper. They serve nobody, so that they check no session. All but the two that look for
 * work begin from an account id and go on by primary key, and each does a bounded amount of work.
 */

/**
 * Keys whose time has come, of accounts other than $1; at most $2. The partial index on the expiry gives them in
 * order. Keys without a store would be found for ever: nobody can end them.
 */
export const findExpired: Statement = {
  name: 'find_expired',
  text: `
    select e.account_id, e.key
    from entries e
    join stores s on s.account_id = e.account_id
    where e.expires_at <= now() and e.account_id <> all($1::bigint[])
    order by e.expires_at
    limit $2::int`,
};

/**
 * Stores after account $1, at most $2, and what there is to do: whether the log beyond the horizon begins with
 * something older than $3 milliseconds, and whether there are commits whose keys have not been counted. The log has
 * every revision from the horizon on, so that the next one tells. It is looked up store by store because its
 * time is an aggregate, and grouped because Citus wants that of a subquery that looks outwards.
 */
export const findStores: Statement = {
  name: 'find_stores',
  text: `
    select s.account_id,
           coalesce((
             select min(v.written_at) from versions v
             where v.account_id = s.account_id and v.revision = s.pruned_revision + 1
             group by v.account_id
           ) <= now() - $3::bigint * interval '1 millisecond', false),
           s.counted_revision < s.revision
    from stores s
    where s.account_id > $1::bigint
    order by s.account_id limit $2::int`,
};

/**
 * Locks the store of account $1 as commits do, unless another sweeper is at it: no row then. $2 tells our
 * advisory locks from anybody else's.
 */
export const lockToPrune: Statement = {
  name: 'lock_to_prune',
  text: `
    select pruned_revision from stores
    where account_id = $1::bigint and pg_try_advisory_xact_lock($2::int, hashint8(account_id))
    for no key update`,
};

/**
 * The newest revision among the next $2 rows of account $1's log beyond its horizon before which everything is
 * older than $3 milliseconds, and whether all of those rows are. Runs after the lock, in a statement of its own.
 */
export const findHorizon: Statement = {
  name: 'find_horizon',
  text: `
    with ahead as materialized (
      select v.revision, v.written_at <= now() - $3::bigint * interval '1 millisecond' as old
      from stores s
      cross join lateral (
        select revision, written_at from versions
        where account_id = $1::bigint and revision > s.pruned_revision
        order by revision, key limit $2::int
      ) as v
      where s.account_id = $1::bigint
    )
    select max(revision), count(*) = $2::int
    from ahead
    where revision < coalesce((select min(revision) from ahead where not old), 9223372036854775807)`,
};

/** $1 account, $2 the present horizon (exclusive), $3 the next one (inclusive). */
const passed = `w.account_id = $1::bigint and w.revision > $2::bigint and w.revision <= $3::bigint`;

/** Deletes what each version up to the next horizon superseded. */
export const removeSuperseded: Statement = {
  name: 'remove_superseded',
  text: `
    delete from versions p using versions w
    where ${passed}
      and p.account_id = $1::bigint and p.revision = w.previous_revision and p.key = w.key`,
};

/** Takes the keys that lay in the trash at the next horizon, and still do, out of it. */
export const removeBuried: Statement = {
  name: 'remove_buried',
  text: `
    delete from trash t using versions w
    where ${passed} and w.kind <> 'set'
      and t.account_id = $1::bigint and t.key = w.key and t.revision = w.revision`,
};

/**
 * Deletes what told of the end of those keys: after the two statements above, no other key's end up to the next
 * horizon is left that neither lives nor lies in the trash.
 */
export const removeEnds: Statement = {
  name: 'remove_ends',
  text: `
    delete from versions w
    where ${passed} and w.kind <> 'set'
      and not exists (select from entries e where e.account_id = $1::bigint and e.key = w.key)
      and not exists (select from trash t where t.account_id = $1::bigint and t.key = w.key)`,
};

/** $1 account, $2 its next horizon. */
export const putHorizon: Statement = {
  name: 'put_horizon',
  text: 'update stores set pruned_revision = $2::bigint where account_id = $1::bigint',
};

/**
 * Versions of account $1 that have $3 newer ones of their key or more, and still have a value, among the keys that
 * the next $2 rows of its log changed; at most $4, oldest of a key first. Columns: the revision up to which it
 * looked, whether there is more log, the version. A row without a version tells the rest.
 *
 * To walk a key's chain takes $3 steps even if a single version is too many. So a key is looked at only if the row of
 * one of its changes is drawn, of which every $5th is on average: by a hash of its revision, so that no pattern of
 * changes escapes.
 *
 * Each key's chain is walked from its newest version within those rows, so that every step along it but the
 * first $3 finds work or is the last: what the rows before supersede was emptied with them.
 */
export const findSurplus: Statement = {
  name: 'find_surplus',
  text: `
    with recursive span as materialized (
      select s.counted_revision as after, ahead.more,
             case when ahead.more then ahead.until else s.revision end as until
      from stores s
      cross join lateral (
        select max(next.revision) as until, count(*) = $2::int as more
        from (
          select revision from versions
          where account_id = $1::bigint and revision > s.counted_revision
          order by revision, key limit $2::int
        ) as next
      ) as ahead
      where s.account_id = $1::bigint
    ),
    link as (
      select 1 as n, newest.key, newest.revision, v.previous_revision, false as emptied, false as valued
      from (
        select w.key, max(w.revision) as revision
        from span
        join versions w
          on w.account_id = $1::bigint and w.revision > span.after and w.revision <= span.until
        group by w.key
        having bool_or(hashint8(w.revision) % $5::int = 0)
      ) as newest
      join versions v on v.account_id = $1::bigint and v.revision = newest.revision and v.key = newest.key
      union all
      select link.n + 1, link.key, v.revision, v.previous_revision, v.emptied, v.valued
      from link
      cross join lateral (
        select v.revision, v.previous_revision, v.kind = 'set' and v.value is null as emptied,
               v.value is not null as valued
        from versions v
        where v.account_id = $1::bigint and v.revision = link.previous_revision and v.key = link.key
        limit 1
      ) as v
      where not link.emptied
    )
    select span.until, span.more, surplus.revision, surplus.key
    from span
    left join lateral (
      select revision, key from link where n > $3::int and valued order by n desc limit $4::int
    ) as surplus on true`,
};

/**
 * Takes their content from versions of account $1: $2 revisions, $3 keys. The rows are found one by one, and the
 * update goes where they are: joined by key, PostgreSQL may choose to go through the whole account.
 */
export const emptyVersions: Statement = {
  name: 'empty_versions',
  text: `
    update versions set value = null, content_type = null, metadata = null
    where account_id = $1::bigint and ctid = any(array(
      select v.ctid
      from unnest($2::bigint[], $3::text[]) as k (revision, key)
      cross join lateral (
        select v.ctid from versions v
        where v.account_id = $1::bigint and v.revision = k.revision and v.key = k.key
        limit 1
      ) as v
    ))`,
};

/** $1 account, $2 the revision up to which its log has been looked through. */
export const putCounted: Statement = {
  name: 'put_counted',
  text: `
    update stores set counted_revision = greatest(counted_revision, $2::bigint)
    where account_id = $1::bigint`,
};

/** Answers that are no longer repeated, at most $1. */
export const findOldAnswers: Statement = {
  name: 'find_old_answers',
  text: `
    select account_id, key from answers
    where written_at <= now() - interval '24 hours'
    order by written_at limit $1::int`,
};

/** $1 account, $2 the keys of answers, which may have been given anew. */
export const removeAnswers: Statement = {
  name: 'remove_answers',
  text: `
    delete from answers
    where account_id = $1::bigint and key = any($2::text[]) and written_at <= now() - interval '24 hours'`,
};

/** Sessions whose time is over, at most $1: nothing accepts them any more. */
export const findOldSessions: Statement = {
  name: 'find_old_sessions',
  text: 'select account_id, id from sessions where expires_at <= now() order by expires_at limit $1::int',
};

/** $1 account, $2 session ids. */
export const removeSessions: Statement = {
  name: 'remove_sessions',
  text: `
    delete from sessions
    where account_id = $1::bigint and id = any($2::text[]) and expires_at <= now()`,
};
