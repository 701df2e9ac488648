import type { QueryArrayConfig } from 'pg';
import { sessionLives } from '../database/live-session.js';
import { foundArrays, pastColumns, type Statement, shortValue, versionColumns } from './statements.js';

/**
 * The statements of `statements.ts` for a flight of one account: $1 is the account itself, where those have an array
 * of accounts, and all other parameters and the answer are the same, but for what `read_keys` needs for a cache, which
 * there is none of here. So bound, each of them concerns one shard of a
 * database that is distributed by account, and says so in a way that Citus sees: every table is held to $1 by a plain
 * comparison, also where a join would imply it. `citus-shapes.test.ts` holds them to that.
 *
 * Deletes and updates name no function in FROM, and nothing changes data within a WITH: Citus takes neither.
 */
export function ofAccount({ name }: { readonly name?: string | undefined }): Statement {
  const text = texts[name ?? ''];
  if (text === undefined) throw new Error(`The statement ${name} has no form for one account.`);
  return { name: `${name}_of_account`, text };
}

/** The same statement with its values, which have to be of that account alone. */
export function boundTo(accountId: string): (query: QueryArrayConfig) => QueryArrayConfig {
  return (query) => ({
    ...query,
    ...ofAccount(query),
    values: [accountId, ...(query.values ?? []).slice(1)],
  });
}

const presented = 'unnest($2::text[], $3::bytea[]) with ordinality as c (id, secret_hash, n)';
const isLive = `s.account_id = $1::bigint and s.id = c.id and ${sessionLives('c.secret_hash')}`;
/** Live sessions among the credentials presented, all of account $1: their places from 1, access and prefix. */
export const liveSessionsOf = `select c.n, s.access, s.prefix from ${presented} join sessions s on ${isLive}`;

const askedKeys = 'unnest($2::text[]) with ordinality as k (key, n)';
const pointers = `
  left join entries e on e.account_id = $1::bigint and e.key = k.key
  left join trash t on t.account_id = $1::bigint and t.key = k.key`;

const linkedVersion = 'v.account_id = $1::bigint and v.revision = link.revision and v.key = link.key';

const texts: Readonly<Record<string, string>> = {
  read_keys: `
    with live as materialized (
      select array_agg(s.id is not null order by c.n) as lives,
             array_agg(s.prefix order by c.n) as prefixes
      from ${presented} left join sessions s on ${isLive}
    )
    select live.lives, live.prefixes, null::bigint[], null::timestamptz, found.*
    from live
    cross join lateral (
      select ${foundArrays}
      from unnest($4::int[], $5::text[]) with ordinality as r (credential, key, n)
      left join entries e on e.account_id = $1::bigint and e.key = r.key and live.lives[r.credential]
        and (e.expires_at is null or e.expires_at > now())
      left join versions v on v.account_id = $1::bigint and v.revision = e.revision and v.key = e.key
    ) as found`,

  lock_stores: `
    select account_id, revision, keys, bytes, keys_max, bytes_max
    from stores where account_id = $1::bigint
    for no key update`,

  read_sessions: `
    select live.n, live.access, live.prefix, clock_timestamp()::timestamptz(3)
    from (select 1) as once left join (${liveSessionsOf}) as live on true`,

  read_live: liveSessionsOf,

  read_pointers: `
    select k.n, e.revision, e.bytes, e.created_at, e.expires_at, t.revision from ${askedKeys} ${pointers}`,

  read_pointers_short: `
    select k.n, e.revision, e.bytes, e.created_at, e.expires_at, t.revision, ${shortValue('v')}
    from ${askedKeys} ${pointers}
    left join versions v on v.account_id = $1::bigint and v.revision = e.revision and v.key = e.key`,

  list_prefixes: `
    select p.n, e.key
    from unnest($2::text[], $3::text[]) with ordinality as p (lower, upper, n)
    cross join lateral (
      select key from entries
      where account_id = $1::bigint and key >= p.lower and key < p.upper
      order by key limit $4::int
    ) as e`,

  read_undone: `
    select u.n, v.key, v.previous_revision, ${pastColumns('p')}
    from unnest($2::bigint[]) with ordinality as u (revision, n)
    join stores s on s.account_id = $1::bigint and s.pruned_revision < u.revision
    join versions v on v.account_id = $1::bigint and v.revision = u.revision
    left join versions p on p.account_id = $1::bigint and p.revision = v.previous_revision and p.key = v.key`,

  read_pasts: `
    with recursive link as (
      select k.n, k.key, k.at, s.pruned_revision, coalesce(e.revision, t.revision) as revision
      from unnest($2::text[], $3::bigint[]) with ordinality as k (key, at, n)
      join stores s on s.account_id = $1::bigint
      ${pointers}
      union all
      select link.n, link.key, link.at, link.pruned_revision, v.previous_revision
      from link
      join versions v on ${linkedVersion}
      where link.revision > link.at and not (v.kind = 'set' and v.value is null)
    )
    select link.n, ${pastColumns('v')}
    from link
    left join versions v on ${linkedVersion}
    where link.revision <= link.at
       or (link.revision is not null and (v.revision is null or (v.kind = 'set' and v.value is null)))
       or (link.revision is null and link.at < link.pruned_revision)`,

  read_answers: `
    select k.n, a.hash, a.answer
    from ${askedKeys}
    join answers a on a.account_id = $1::bigint and a.key = k.key
    where a.written_at > now() - interval '24 hours'`,

  put_answers: `
    insert into answers (account_id, key, hash, answer, written_at)
    select $1::bigint, n.*, $5::timestamptz from unnest($2::text[], $3::bytea[], $4::text[]) as n
    on conflict (account_id, key) do update
    set hash = excluded.hash, answer = excluded.answer, written_at = excluded.written_at`,

  append_versions: `
    insert into versions (${versionColumns})
    select $1::bigint, n.*, $12::timestamptz
    from unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::text[],
                $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[]) as n`,

  append_copies: `
    insert into versions (${versionColumns})
    select $1::bigint, n.revision, n.key, n.previous_revision, n.kind, v.value, v.content_type, v.metadata,
           n.created_at, n.expires_at, n.actor, $11::timestamptz
    from unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[],
                $7::timestamptz[], $8::text[], $9::bigint[], $10::text[])
      as n (revision, key, previous_revision, kind, created_at, expires_at, actor, from_revision, from_key)
    join versions v on v.account_id = $1::bigint and v.revision = n.from_revision and v.key = n.from_key`,

  put_entries: `
    insert into entries (account_id, key, revision, bytes, created_at, expires_at)
    select $1::bigint, n.*
    from unnest($2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[]) as n
    on conflict (account_id, key) do update
    set revision = excluded.revision, bytes = excluded.bytes,
        created_at = excluded.created_at, expires_at = excluded.expires_at`,

  remove_entries: 'delete from entries where account_id = $1::bigint and key = any($2::text[])',

  put_trash: `
    insert into trash (account_id, key, revision)
    select $1::bigint, n.* from unnest($2::text[], $3::bigint[]) as n
    on conflict (account_id, key) do update set revision = excluded.revision, purged = false`,

  remove_trash: 'delete from trash where account_id = $1::bigint and key = any($2::text[])',

  put_stores: `
    update stores set revision = ($2::bigint[])[1], keys = ($3::bigint[])[1], bytes = ($4::bigint[])[1]
    where account_id = $1::bigint`,
};

/** All of them. */
export const accountStatements: readonly Statement[] = Object.keys(texts).map((name) => ofAccount({ name }));
