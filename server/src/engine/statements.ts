import type { QueryArrayConfig } from 'pg';
import { sessionLives } from '../database/live-session.js';

/**
 * The hot statements, all in one place: plain SQL, named and thereby prepared once a connection. Every one
 * begins from account ids and goes on by primary key. Arrays are sent in binary (`arrays.ts`), results come
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
 * Live sessions among the credentials presented: $1 account ids, $2 session ids, $3 secret hashes, null for
 * a verified log-in. `n` is the credential's place, from 1.
 */
const liveSessions = `
  select c.n, c.account_id, s.id, s.access, s.prefix
  from unnest($1::bigint[], $2::text[], $3::bytea[]) with ordinality as c (account_id, id, secret_hash, n)
  join sessions s on s.account_id = c.account_id and s.id = c.id
  where ${sessionLives('c.secret_hash')}`;

/**
 * Reads a flight of keys, each with its own credential: $4 the credential's place, $5 the key. A missing
 * row means that the session has ended; a row without revision, that the key does not exist. Values over
 * $6 bytes are left out, to be fetched one by one: a flight of them would not fit in memory.
 */
export const readKeys: Statement = {
  name: 'read_keys',
  text: `
    with live as (${liveSessions})
    select r.n, starts_with(r.key, live.prefix), e.revision, octet_length(v.value),
           case when octet_length(v.value) <= $6::int then v.value end,
           v.content_type, v.metadata, v.created_at, v.written_at, v.expires_at
    from unnest($4::int[], $5::text[]) with ordinality as r (credential, key, n)
    join live on live.n = r.credential
    left join entries e on e.account_id = live.account_id and e.key = r.key
      and (e.expires_at is null or e.expires_at > now())
    left join versions v on v.account_id = e.account_id and v.revision = e.revision and v.key = e.key`,
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

/** Runs after the lock, in a statement of its own: it sees what the lock waited for. Also tells the time. */
export const readSessions: Statement = {
  name: 'read_sessions',
  text: `select n, access, prefix, clock_timestamp()::timestamptz(3) from (${liveSessions}) as live`,
};

/** What the flight's keys point to: $1 account ids, $2 keys. Runs after the lock, like `readSessions`. */
export const readPointers: Statement = {
  name: 'read_pointers',
  text: `
    select k.n, e.revision, e.bytes, e.created_at, e.expires_at, t.revision
    from unnest($1::bigint[], $2::text[]) with ordinality as k (account_id, key, n)
    left join entries e on e.account_id = k.account_id and e.key = k.key
    left join trash t on t.account_id = k.account_id and t.key = k.key`,
};

/** $12 is when the flight was written: the same for all its rows. */
export const appendVersions: Statement = {
  name: 'append_versions',
  text: `
    insert into versions (account_id, revision, key, previous_revision, kind, value, content_type, metadata,
                          created_at, expires_at, actor, written_at)
    select *, $12::timestamptz
    from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::text[],
                $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[])`,
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
    on conflict (account_id, key) do update set revision = excluded.revision`,
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

/**
 * A page of live keys: $1 account, $2 session, $3 secret hash or null, $4 lower bound (inclusive), $5 upper
 * bound (exclusive), $6 limit. The bounds are narrowed to the session's own prefix; they are plain comparisons,
 * because PostgreSQL would not use an \`or\` to end the index scan. One row without a key tells that the session lives and nothing matched; none, that the session has ended.
 */
export function listKeys(direction: 'forward' | 'reverse'): Statement {
  return {
    name: `list_keys_${direction}`,
    text: `
      select t.revision, p.*
      from sessions s
      join stores t on t.account_id = s.account_id
      left join lateral (
        select e.key, e.revision as entry_revision, octet_length(v.value), v.content_type, v.metadata,
               v.created_at, v.written_at, v.expires_at
        from entries e
        join versions v on v.account_id = e.account_id and v.revision = e.revision and v.key = e.key
        where e.account_id = s.account_id
          and e.key >= greatest($4::text, s.prefix)
          and e.key < least($5::text, s.prefix_end)
          and (e.expires_at is null or e.expires_at > now())
        order by e.key ${direction === 'forward' ? 'asc' : 'desc'}
        limit $6::int
      ) as p on true
      where s.account_id = $1::bigint and s.id = $2::text and ${sessionLives('$3::bytea')}`,
  };
}
