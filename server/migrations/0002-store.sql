-- What people keep. `versions` is an append-only log in which each value is written once; everything else
-- points into it. Its key order is the change feed. These tables have no foreign keys: checking one costs as
-- much as the insert, and accounts are only ever deleted by code that deletes their data with them.

-- The hot row of an account: locked by each commit, so that revisions are gapless and in commit order.
-- Nothing but the key is indexed and pages are left mostly empty, so that updates stay on their page (HOT).
create table stores (
  account_id      bigint primary key references accounts (id) on delete cascade,
  revision        bigint not null default 0,
  pruned_revision bigint not null default 0,
  keys            bigint not null default 0, -- live keys
  bytes           bigint not null default 0, -- of live keys, their values and metadata
  keys_max        bigint,                    -- null: the server's default
  bytes_max       bigint
) with (fillfactor = 20);

create table versions (
  account_id        bigint not null,
  revision          bigint not null,
  key               text collate "C" not null,
  previous_revision bigint,          -- the key's version before this one; null: there was none
  kind              text not null check (kind in ('set', 'delete', 'expire')),
  value             bytea,           -- null unless the key lives
  content_type      text,
  metadata          text,            -- JSON as it was sent; jsonb would reorder and round it
  created_at        timestamptz(3),     -- when the key came into being
  expires_at        timestamptz(3),
  actor             text not null,   -- the session that made the change
  written_at        timestamptz(3) not null,
  primary key (account_id, revision, key)
);

-- Uncompressed: values are often compressed already, and slices of large ones can be read without the rest.
alter table versions alter column value set storage external;

-- The pointer to a live key's current version.
create table entries (
  account_id bigint not null,
  key        text collate "C" not null,
  revision   bigint not null,
  bytes      bigint not null, -- what the key counts for in stores.bytes
  created_at timestamptz(3) not null,
  expires_at timestamptz(3),
  primary key (account_id, key)
) with (fillfactor = 70);

-- The pointer to a deleted or expired key's last version.
create table trash (
  account_id bigint not null,
  key        text collate "C" not null,
  revision   bigint not null,
  primary key (account_id, key)
);
