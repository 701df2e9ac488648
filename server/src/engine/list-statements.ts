import { sessionLives } from '../database/live-session.js';
import { entryColumns } from './listed-entry.js';
import type { Statement } from './statements.js';

/**
 * The statements of lists and snapshots. Each begins with the session, which narrows the range of keys to its
 * own prefix: $1 account, $2 session, $3 secret hash or null. No row: the session has ended. Every step goes by
 * primary key; bounds are plain comparisons, because PostgreSQL would not use an `or` to end an index scan.
 */
export type Direction = 'forward' | 'reverse';

const orderOf = (direction: Direction) => (direction === 'forward' ? 'asc' : 'desc');

/** $4 lower bound (inclusive), $5 upper bound (exclusive). One row, or none when the session has ended. */
const reachWith = (more: string) => `
  reach as materialized (
    select t.revision, t.pruned_revision,
           greatest($4::text, s.prefix) as lower, least($5::text, s.prefix_end) as upper${more}
    from sessions s
    join stores t on t.account_id = $1::bigint
    where s.account_id = $1::bigint and s.id = $2::text and ${sessionLives('$3::bytea')}
  )`;

const reach = reachWith('');

/** Also the range as it was before the page: $9 lower bound, $10 upper bound. */
const reachWithWhole = reachWith(`,
           greatest($9::text, s.prefix) as whole_lower, least($10::text, s.prefix_end) as whole_upper`);

/**
 * A version by its whole key. The limit holds PostgreSQL to looking versions up one by one: plans are kept, and
 * one made while tables were nearly empty would otherwise read all of an account's versions, again and again.
 */
const versionOf = (revision: string, key: string) => `
  lateral (
    select * from versions
    where account_id = $1::bigint and revision = ${revision} and key = ${key}
    limit 1
  ) as v`;

/** The condition that a pointer is one of this account and within reach. */
const reached = (pointer: string) => `
  ${pointer}.account_id = $1::bigint and ${pointer}.key >= reach.lower and ${pointer}.key < reach.upper`;

const lives = (entry: string) => `(${entry}.expires_at is null or ${entry}.expires_at > now())`;

/** $8: whether to count the whole range, whatever part of it the page shows. A table of its own: once a page. */
const counted = `
  counted as materialized (
    select case when $8::boolean then (
      select count(*) from entries e
      where e.account_id = $1::bigint and ${lives('e')}
        and e.key >= reach.whole_lower and e.key < reach.whole_upper
    ) end as keys
    from reach
  )`;

/**
 * $7 is how many bytes of values may travel, negative for none at all. The page's first value always travels:
 * a value larger than a page would otherwise never be listed. `octet_length` reads no value that is stored
 * out of line, and the values left out are never read.
 */
const valueInBudget = (page: string) => `
  case when ${page}.through <= $7::bigint or (${page}.sized = 1 and $7::bigint >= 0) then ${page}.value end`;

const sums = (size: string) => `count(${size}) over pages as sized, sum(${size}) over pages as through`;

/**
 * A page of live keys: $6 is the limit, the rest as above. Columns: the store's revision, the count, group and
 * its count (both null), the entry, its value. A row without a key tells only that the session lives.
 */
export function listKeys(direction: Direction): Statement {
  const order = orderOf(direction);
  return {
    name: `list_keys_${direction}`,
    text: `
      with ${reachWithWhole},
      ${counted}
      select reach.revision, counted.keys, null, null, p.key, p.revision, p.size, p.content_type,
             p.metadata, p.created_at, p.written_at, p.expires_at, ${valueInBudget('p')}
      from reach
      cross join counted
      left join lateral (
        select found.*, row_number() over pages as n, ${sums('found.size')}
        from (
          select ${entryColumns('v')}, v.value
          from entries e
          cross join ${versionOf('e.revision', 'e.key')}
          where ${reached('e')} and ${lives('e')}
          order by e.key ${order}
          limit $6::int
        ) as found
        window pages as (order by found.key ${order} rows unbounded preceding)
      ) as p on true
      order by p.n`,
  };
}

/**
 * A page of live keys and groups: $6 to $10 as above, $11 the prefix, $12 the delimiter, $13 a text greater than
 * every key, $14 up to how many keys to count in a group.
 *
 * It is a loose index scan. Each step seeks the next live key, names its group, and goes on behind all keys that
 * begin with that name (before its name, going backwards): what a step costs does not depend on how many keys a
 * group has. Every key with a prefix is less than the prefix followed by $13.
 */
export function listGroups(direction: Direction): Statement {
  const forward = direction === 'forward';
  return {
    name: `list_groups_${direction}`,
    text: `
      with recursive ${reachWithWhole},
      ${counted},
      item as (
        select 0 as n, null::text collate "C" as key, null::bigint as revision, null::text collate "C" as name,
               ${forward ? 'reach.lower' : 'reach.upper'} as edge
        from reach
        union all
        select item.n + 1, next.key, case when named.name is null then next.revision end, named.name,
               ${forward ? 'coalesce(named.name || $13::text, next.key || chr(1))' : 'coalesce(named.name, next.key)'}
        from item
        cross join reach
        cross join lateral (
          select e.key, e.revision, strpos(substr(e.key, length($11::text) + 1), $12::text) as delimited
          from entries e
          where e.account_id = $1::bigint and ${lives('e')}
            and ${forward ? 'e.key >= item.edge and e.key < reach.upper' : 'e.key >= reach.lower and e.key < item.edge'}
          order by e.key ${orderOf(direction)}
          limit 1
        ) as next
        cross join lateral (
          select case when next.delimited > 0
                 then left(next.key, length($11::text) + next.delimited - 1 + length($12::text)) end as name
        ) as named
        where item.n < $6::int
      ),
      page as (
        select item.n, item.name, ${entryColumns('v')}, v.value,
               ${sums('octet_length(v.value)')}
        from item
        cross join reach
        left join ${versionOf('item.revision', 'item.key')} on true
        where item.n > 0
        window pages as (order by item.n rows unbounded preceding)
      )
      select reach.revision, counted.keys, p.name, members.keys, p.key, p.revision, p.size, p.content_type,
             p.metadata, p.created_at, p.written_at, p.expires_at, ${valueInBudget('p')}
      from reach
      cross join counted
      left join page as p on true
      left join lateral (
        select count(*) as keys from (
          select from entries e
          where p.name is not null and ${reached('e')} and ${lives('e')}
            and e.key >= p.name and e.key < p.name || $13::text
          limit $14::int
        ) as member
      ) as members on true
      order by p.n`,
  };
}

const versionOfLink = `cross join ${versionOf('link.revision', 'link.key')}`;

/**
 * A stretch of the keys that live or lie in the trash: each key's first link at or before a revision, whatever
 * it is. The chain ends early where history was pruned.
 */
const links = (candidates: string, at: string) => `
  link as (
    ${candidates}
    union all
    select link.key, v.previous_revision
    from link
    cross join reach
    ${versionOfLink}
    where link.revision > ${at}
  )`;

/** A version that stands for a living key. A value that is null although it was set has been purged. */
const alive = (at: string) => `link.revision <= ${at} and v.kind = 'set' and v.value is not null`;

/**
 * The keys that lived at revision $6 among the first $7 candidates of a range: keys that live or lie in the
 * trash. Columns: the store's revision, its horizon, how many candidates there were, the last of them, and the
 * entry without its value. A row without a key tells the rest all the same.
 */
export function listPast(direction: Direction): Statement {
  const order = orderOf(direction);
  const pointers = (table: string) => `
    (select p.key, p.revision from ${table} p where ${reached('p')} order by p.key ${order} limit $7::int)`;
  return {
    name: `list_past_${direction}`,
    text: `
      with recursive ${reach},
      candidate as materialized (
        select c.key, c.revision
        from reach
        cross join lateral (
          select both_tables.key, both_tables.revision
          from (${pointers('entries')} union all ${pointers('trash')}) as both_tables
          order by both_tables.key ${order}
          limit $7::int
        ) as c
      ),
      ${links('select key, revision from candidate', '$6::bigint')}
      select reach.revision, reach.pruned_revision, (select count(*) from candidate),
             (select key from candidate order by key ${forwardLast(direction)} limit 1), p.*
      from reach
      left join lateral (
        select ${entryColumns('v')} from link ${versionOfLink} where ${alive('$6::bigint')}
      ) as p on true
      order by p.key ${order}`,
  };
}

/** The order that puts first what a list in this direction has last. */
const forwardLast = (direction: Direction) => (direction === 'forward' ? 'desc' : 'asc');

/** How many keys of a range lived at revision $6. */
export const countPast: Statement = {
  name: 'count_past',
  text: `
    with recursive ${reach},
    candidate as (
      select c.key, c.revision
      from reach
      cross join lateral (
        select p.key, p.revision from entries p where ${reached('p')}
        union all
        select p.key, p.revision from trash p where ${reached('p')}
      ) as c
    ),
    ${links('select key, revision from candidate', '$6::bigint')}
    select (select count(*) from link ${versionOfLink} where ${alive('$6::bigint')}) from reach`,
};

/** The values of versions: $4 revisions, $5 keys, which must have been found within reach of the session. */
export const readValues: Statement = {
  name: 'read_values',
  text: `
    select k.n, v.value
    from sessions s
    cross join unnest($4::bigint[], $5::text[]) with ordinality as k (revision, key, n)
    left join ${versionOf('k.revision', 'k.key')} on starts_with(k.key, s.prefix)
    where s.account_id = $1::bigint and s.id = $2::text and ${sessionLives('$3::bytea')}`,
};

/**
 * Keys of one snapshot: $4 the keys, $5 how many bytes their values may have together; beyond it no value
 * travels. Columns: the store's revision, the key's place from 1, whether the session reaches it, the sum of all
 * sizes, the entry (nulls when the key does not exist), its value.
 */
export const readSnapshot: Statement = {
  name: 'read_snapshot',
  text: `
    select r.store_revision, r.n, r.in_scope, r.total, r.key, r.revision, r.size, r.content_type, r.metadata,
           r.created_at, r.written_at, r.expires_at, case when r.total <= $5::bigint and r.in_scope then r.value end
    from (
      select t.revision as store_revision, asked.n, starts_with(asked.key, s.prefix) as in_scope,
             sum(octet_length(v.value)) over () as total, ${entryColumns('v')}, v.value
      from sessions s
      join stores t on t.account_id = $1::bigint
      cross join unnest($4::text[]) with ordinality as asked (key, n)
      left join lateral (
        select revision, key from entries
        where account_id = $1::bigint and key = asked.key and ${lives('entries')}
        limit 1
      ) as e on true
      left join ${versionOf('e.revision', 'e.key')} on true
      where s.account_id = $1::bigint and s.id = $2::text and ${sessionLives('$3::bytea')}
    ) as r`,
};
