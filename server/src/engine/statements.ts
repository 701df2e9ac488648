import type { QueryArrayConfig } from 'pg';
import { sessionLives } from '../database/live-session.js';

/**
 * The hot statements in one place, but for those of lists, which are in `list-statements.ts`: plain SQL, named
 * and thereby prepared once a connection. Every one begins from account ids and goes on by primary key. Arrays are sent in binary (`arrays.ts`), results come
 * back as text.
 */

/** Leaves each column as the text that PostgreSQL sent: parsing happens where the column's meaning is known. */
const asText = { getTypeParser: () => (text: string) => text };

/** Binds a statement to its values. Rows come as arrays of text or null. */
export function prepared(statement: Statement, values: unknown[]): QueryArrayConfig {
  return { name: statement.name, text: statement.text, values, rowMode: 'array', types: asText };
}

export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** A row of any hot statement. */
export type Row = readonly (string | null)[];

/**
 * At most one row, found by its whole primary key. The limit keeps PostgreSQL from any other plan: one that it makes
 * while tables are empty stays in use while they fill, and a plain join was then seen to read a whole account for each
 * key.
 */
const entryOf = (account: string, key: string) =>
  `lateral (select * from entries where account_id = ${account} and key = ${key} limit 1)`;
const buriedOf = (account: string, key: string) =>
  `lateral (select * from trash where account_id = ${account} and key = ${key} limit 1)`;
const versionOf = (account: string, revision: string, key: string) =>
  `lateral (select * from versions where account_id = ${account} and revision = ${revision} and key = ${key} limit 1)`;

const sessionOf = (account: string, id: string) =>
  `lateral (select * from sessions where account_id = ${account} and id = ${id} limit 1)`;

/**
 * Live sessions among the credentials presented: $1 account ids, $2 session ids, $3 secret hashes, null for
 * a verified log-in. `n` is the credential's place, from 1.
 */
export const liveSessions = `
  select c.n, c.account_id, s.id, s.access, s.prefix
  from unnest($1::bigint[], $2::text[], $3::bytea[]) with ordinality as c (account_id, id, secret_hash, n)
  join sessions s on s.account_id = c.account_id and s.id = c.id
  where ${sessionLives('c.secret_hash')}`;

/**
 * The same as arrays, in one row: a join would compare each key's credential with every other. `accounts` has 0
 * where the session does not live.
 */
const liveArrays = `
  select array_agg(coalesce(s.account_id, 0) order by c.n) as accounts,
         array_agg(coalesce(s.prefix, '') order by c.n) as prefixes
  from unnest($1::bigint[], $2::text[], $3::bytea[]) with ordinality as c (account_id, id, secret_hash, n)
  left join ${sessionOf('c.account_id', 'c.id')} as s on ${sessionLives('c.secret_hash')}`;

/** What `readKeys` answers of the keys of a flight; values over $6 bytes are left out. */
export const foundArrays = `
  array_agg(r.n), array_agg(e.revision), array_agg(case when octet_length(v.value) <= $6::int then v.value end),
  array_agg(v.content_type), array_agg(v.metadata), array_agg(v.created_at), array_agg(v.written_at),
  array_agg(v.expires_at)`;

/**
 * Reads a flight of keys, each with its own credential: $4 the credential's place, $5 the key. $7 and $8 tell what is
 * known of the key: the store's revision as of which it was read, and its own then, 0 when it did not exist; null when
 * nothing is. Both count only where they come from the present run of PostgreSQL, $9 (`version-cache.ts`).
 *
 * Answers one row. Of the credentials: whether the session lives, its prefix, and the store's revision. When this run
 * of PostgreSQL began. Of the keys in stores whose revision is another than the known one, in no particular order: the
 * place from 1, its revision, null when it does not exist, and what it holds, nulls when that revision is known. Values
 * over $6 bytes are left out, to be fetched one by one: a flight of them would not fit in memory.
 */
export const readKeys: Statement = {
  name: 'read_keys',
  text: `
    with live as materialized (
      select array_agg(s.account_id is not null order by c.n) as lives,
             array_agg(s.prefix order by c.n) as prefixes,
             array_agg(t.revision order by c.n) as revisions,
             array_agg(coalesce(s.account_id, 0) order by c.n) as accounts
      from unnest($1::bigint[], $2::text[], $3::bytea[]) with ordinality as c (account_id, id, secret_hash, n)
      left join ${sessionOf('c.account_id', 'c.id')} as s on ${sessionLives('c.secret_hash')}
      left join lateral (select revision from stores where account_id = s.account_id limit 1) as t on true
    )
    select live.lives, live.prefixes, live.revisions, pg_postmaster_start_time(), found.*
    from live
    cross join lateral (
      select ${foundArrays}
      from unnest($4::int[], $5::text[], $7::bigint[], $8::bigint[]) with ordinality
        as r (credential, key, known_at, known, n)
      left join ${entryOf('live.accounts[r.credential]', 'r.key')} as e
        on e.expires_at is null or e.expires_at > now()
      left join lateral (
        select * from versions
        where account_id = e.account_id and revision = e.revision and key = e.key
          and (e.revision is distinct from r.known or pg_postmaster_start_time() is distinct from $9::timestamptz)
        limit 1
      ) as v on true
      where live.revisions[r.credential] is distinct from r.known_at
         or pg_postmaster_start_time() is distinct from $9::timestamptz
    ) as found`,
};

/** The value of one version: $1 account, $2 revision, $3 key. */
export const readValue: Statement = {
  name: 'read_value',
  text: 'select value from versions where account_id = $1 and revision = $2 and key = $3',
};

/** $1 the account ids. Locks in id order, so that flights never wait for each other in a circle. */
export const lockStores: Statement = {
  name: 'lock_stores',
  text: `
    select account_id, revision, keys, bytes, keys_max, bytes_max
    from stores where account_id = any($1::bigint[])
    order by account_id
    for no key update`,
};

/**
 * Runs after the lock, in a statement of its own: it sees what the lock waited for. It also tells the time, and
 * when this run of PostgreSQL began, as its binary form has it: and so answers one row at least.
 */
export const readSessions: Statement = {
  name: 'read_sessions',
  text: `
    select live.n, live.access, live.prefix, clock_timestamp()::timestamptz(3),
           encode(timestamptz_send(pg_postmaster_start_time()), 'hex')
    from (select 1) as once left join (${liveSessions}) as live on true`,
};

/** What the flight's keys point to: $1 account ids, $2 keys. Runs after the lock, like `readSessions`. */
export const readPointers: Statement = {
  name: 'read_pointers',
  text: `
    select k.n, e.revision, e.bytes, e.created_at, e.expires_at, t.revision
    from unnest($1::bigint[], $2::text[]) with ordinality as k (account_id, key, n)
    left join ${entryOf('k.account_id', 'k.key')} as e on true
    left join ${buriedOf('k.account_id', 'k.key')} as t on true`,
};

/** A signed 64-bit integer has at most 20 characters. */
export const shortValue = (version: string) =>
  `case when octet_length(${version}.value) <= 20 then ${version}.value end`;

/** `readPointers` with those values that may be numbers. */
export const readPointersShort: Statement = {
  name: 'read_pointers_short',
  text: `
    select k.n, e.revision, e.bytes, e.created_at, e.expires_at, t.revision, ${shortValue('v')}
    from unnest($1::bigint[], $2::text[]) with ordinality as k (account_id, key, n)
    left join ${entryOf('k.account_id', 'k.key')} as e on true
    left join ${buriedOf('k.account_id', 'k.key')} as t on true
    left join ${versionOf('e.account_id', 'e.revision', 'e.key')} as v on true`,
};

/** The live keys under prefixes: $1 account ids, $2 prefixes, $3 their upper bounds, $4 how many of each. */
export const listPrefixes: Statement = {
  name: 'list_prefixes',
  text: `
    select p.n, e.key
    from unnest($1::bigint[], $2::text[], $3::text[]) with ordinality as p (account_id, lower, upper, n)
    cross join lateral (
      select key from entries
      where account_id = p.account_id and key >= p.lower and key < p.upper
      order by key limit $4::int
    ) as e`,
};

export const pastColumns = (version: string) => `
  ${version}.revision, ${version}.kind, octet_length(${version}.value), octet_length(${version}.metadata),
  ${version}.expires_at, ${shortValue(version)}`;

/**
 * The keys that commits changed, and what each was before: $1 account ids, $2 revisions. None at or below the
 * horizon, where some of a commit's changes may be gone: it must not be undone in part.
 */
export const readUndone: Statement = {
  name: 'read_undone',
  text: `
    select u.n, v.key, v.previous_revision, ${pastColumns('p')}
    from unnest($1::bigint[], $2::bigint[]) with ordinality as u (account_id, revision, n)
    join stores s on s.account_id = u.account_id and s.pruned_revision < u.revision
    join versions v on v.account_id = u.account_id and v.revision = u.revision
    left join ${versionOf('v.account_id', 'v.previous_revision', 'v.key')} as p on true`,
};

/**
 * Walks each key's history back to the version that was newest at a revision: $1 account ids, $2 keys,
 * $3 revisions. No row: the key did not exist then. A row of nulls: the history was pruned before it got there.
 * A version that was set and has no value ends the walk: those before it have none either.
 */
export const readPasts: Statement = {
  name: 'read_pasts',
  text: `
    with recursive link as (
      select k.n, k.account_id, k.key, k.at, s.pruned_revision, coalesce(e.revision, t.revision) as revision
      from unnest($1::bigint[], $2::text[], $3::bigint[]) with ordinality as k (account_id, key, at, n)
      join stores s on s.account_id = k.account_id
      left join ${entryOf('k.account_id', 'k.key')} as e on true
      left join ${buriedOf('k.account_id', 'k.key')} as t on true
      union all
      select link.n, link.account_id, link.key, link.at, link.pruned_revision, v.previous_revision
      from link
      cross join ${versionOf('link.account_id', 'link.revision', 'link.key')} as v
      where link.revision > link.at and not (v.kind = 'set' and v.value is null)
    )
    select link.n, ${pastColumns('v')}
    from link
    left join ${versionOf('link.account_id', 'link.revision', 'link.key')} as v on true
    where link.revision <= link.at
       or (link.revision is not null and (v.revision is null or (v.kind = 'set' and v.value is null)))
       or (link.revision is null and link.at < link.pruned_revision)`,
};

/** Answers given within 24 hours: $1 account ids, $2 idempotency keys. */
export const readAnswers: Statement = {
  name: 'read_answers',
  text: `
    select k.n, a.hash, a.answer
    from unnest($1::bigint[], $2::text[]) with ordinality as k (account_id, key, n)
    join answers a on a.account_id = k.account_id and a.key = k.key
    where a.written_at > now() - interval '24 hours'`,
};

/** $1 account ids, $2 idempotency keys, $3 hashes, $4 answers, $5 when. */
export const putAnswers: Statement = {
  name: 'put_answers',
  text: `
    insert into answers (account_id, key, hash, answer, written_at)
    select *, $5::timestamptz from unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[])
    on conflict (account_id, key) do update
    set hash = excluded.hash, answer = excluded.answer, written_at = excluded.written_at`,
};

export const versionColumns = `account_id, revision, key, previous_revision, kind, value, content_type, metadata,
                        created_at, expires_at, actor, written_at`;

/** $12 is when the flight was written: the same for all its rows. */
export const appendVersions: Statement = {
  name: 'append_versions',
  text: `
    insert into versions (${versionColumns})
    select *, $12::timestamptz
    from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::text[],
                $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[])`,
};

/**
 * Appends versions whose content is that of a version already stored, without its travelling through Halo:
 * $1 to $8 as above but for the content, $9 revision and $10 key of the version to copy from, $11 when.
 */
export const appendCopies: Statement = {
  name: 'append_copies',
  text: `
    insert into versions (${versionColumns})
    select n.account_id, n.revision, n.key, n.previous_revision, n.kind, v.value, v.content_type, v.metadata,
           n.created_at, n.expires_at, n.actor, $11::timestamptz
    from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[],
                $7::timestamptz[], $8::text[], $9::bigint[], $10::text[])
      as n (account_id, revision, key, previous_revision, kind, created_at, expires_at, actor, from_revision, from_key)
    cross join ${versionOf('n.account_id', 'n.from_revision', 'n.from_key')} as v`,
};

/**
 * All that a flight of plain sets does, after `lockStores` in the same transaction: $1 to $3 the credentials, $4 the
 * accounts, then of each set: $5 the place of its credential, $6 of its account, $7 how many revisions after the
 * store's its own is, $8 that of the set before it of the same key or 0, $9 whether it is the last of its key, $10
 * key, $11 value, $12 content type, $13 metadata, $14 what it counts for, $15 milliseconds to live or less than 0; and
 * $16, $17 how many keys and bytes an account may have.
 *
 * Answers whether the flight was plain; if it was not, nothing was written. Then the revision at which each account
 * stood, the places of the sets that created their key, when it was written, and when this run of PostgreSQL began.
 * `verdict` is stricter than the limits: it counts as if every set were new.
 */
export const putPlain: Statement = {
  name: 'put_plain',
  text: `
    with live as materialized (${liveArrays} and s.access = 'write'),
    stored as materialized (
      select array_agg(coalesce(s.revision, 0) order by a.n) as revisions
      from unnest($4::bigint[]) with ordinality as a (account_id, n)
      left join stores s on s.account_id = a.account_id
    ),
    moment as materialized (select clock_timestamp()::timestamptz(3) as now),
    asked as materialized (
      select a.*, live.accounts[a.credential] as account_id, moment.now,
             starts_with(a.key, live.prefixes[a.credential]) as is_in_scope,
             stored.revisions[a.account] + a.step as revision,
             case when a.previous = 0 then e.revision else stored.revisions[a.account] + a.previous end
               as previous_revision,
             e.revision is null as is_new, e.bytes as old_bytes, e.expires_at <= moment.now as is_over,
             coalesce(e.created_at, moment.now) as created_at,
             case when a.ttl >= 0 then moment.now + a.ttl * interval '1 millisecond' end as expires_at
      from live cross join stored cross join moment
      cross join unnest($5::int[], $6::int[], $7::int[], $8::int[], $9::boolean[], $10::text[], $11::bytea[],
                        $12::text[], $13::text[], $14::int[], $15::bigint[]) with ordinality
        as a (credential, account, step, previous, is_last, key, value, content_type, metadata, bytes, ttl, n)
      left join ${entryOf('live.accounts[a.credential]', 'a.key')} as e on true
    ),
    totals as materialized (
      select account_id, count(*) as commits, sum(bytes) as bytes,
             count(*) filter (where is_last and is_new) as keys_added,
             sum(bytes - coalesce(old_bytes, 0)::int) filter (where is_last) as bytes_added,
             bool_and(account_id <> 0 and is_in_scope and is_over is not true) as is_plain
      from asked group by account_id
    ),
    verdict as materialized (
      select bool_and(coalesce(t.is_plain and s.keys + t.commits <= coalesce(s.keys_max, $16::bigint)
                               and s.bytes + t.bytes <= coalesce(s.bytes_max, $17::bigint), false))
             and not exists (
               select from asked a cross join ${buriedOf('a.account_id', 'a.key')} as t where a.is_new
             ) as is_plain
      from totals t left join stores s on s.account_id = t.account_id
    ),
    appended as (
      insert into versions (${versionColumns})
      select a.account_id, a.revision, a.key, a.previous_revision, 'set', a.value, a.content_type, a.metadata,
             a.created_at, a.expires_at, ($2::text[])[a.credential], a.now
      from verdict join asked a on verdict.is_plain
    ),
    pointed as (
      insert into entries (account_id, key, revision, bytes, created_at, expires_at)
      select a.account_id, a.key, a.revision, a.bytes, a.created_at, a.expires_at
      from verdict join asked a on verdict.is_plain where a.is_last
      on conflict (account_id, key) do update
      set revision = excluded.revision, bytes = excluded.bytes, expires_at = excluded.expires_at
    ),
    counted as (
      update stores s
      set revision = s.revision + t.commits, keys = s.keys + t.keys_added, bytes = s.bytes + t.bytes_added
      from verdict join totals t on verdict.is_plain
      where s.account_id = t.account_id
    )
    select verdict.is_plain, stored.revisions,
           (select array_agg(n) from asked where is_new and previous = 0), moment.now, pg_postmaster_start_time()
    from verdict cross join stored cross join moment`,
};

export const putEntries: Statement = {
  name: 'put_entries',
  text: `
    insert into entries as e (account_id, key, revision, bytes, created_at, expires_at)
    select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[])
    on conflict (account_id, key) do update
    set revision = excluded.revision, bytes = excluded.bytes,
        created_at = excluded.created_at, expires_at = excluded.expires_at`,
};

export const removeEntries: Statement = {
  name: 'remove_entries',
  text: `
    delete from entries e using unnest($1::bigint[], $2::text[]) as k (account_id, key)
    where e.account_id = k.account_id and e.key = k.key`,
};

export const putTrash: Statement = {
  name: 'put_trash',
  text: `
    insert into trash (account_id, key, revision)
    select * from unnest($1::bigint[], $2::text[], $3::bigint[])
    on conflict (account_id, key) do update set revision = excluded.revision, purged = false`,
};

export const removeTrash: Statement = {
  name: 'remove_trash',
  text: `
    delete from trash t using unnest($1::bigint[], $2::text[]) as k (account_id, key)
    where t.account_id = k.account_id and t.key = k.key`,
};

export const putStores: Statement = {
  name: 'put_stores',
  text: `
    update stores s set revision = n.revision, keys = n.keys, bytes = n.bytes
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) as n (account_id, revision, keys, bytes)
    where s.account_id = n.account_id`,
};
