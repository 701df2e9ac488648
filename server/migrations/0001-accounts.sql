-- Who may come in. `account_id` leads every key, so that the schema can be distributed by account.

create table accounts (
  id            bigint generated always as identity primary key,
  name          text collate "C" not null, -- as the person wrote it
  name_folded   text collate "C" not null, -- NFKC, lower case: what makes it unique
  password_hash text not null,
  created_at    timestamptz(3) not null default now()
);

create unique index accounts_name_folded on accounts (name_folded);

-- Log-ins and API tokens are both sessions: one check in the data statement covers them. A session that
-- was ended has no row.
create table sessions (
  account_id    bigint not null references accounts (id) on delete cascade,
  id            text collate "C" not null,
  kind          text not null check (kind in ('login', 'token')),
  name          text,
  secret_hash   bytea not null, -- SHA-256 of the refresh token's or API token's secret
  previous_hash bytea,          -- of the refresh token's immediate parent
  rotated_at    timestamptz(3),
  access        text not null default 'write' check (access in ('read', 'write')),
  prefix        text collate "C" not null default '', -- only keys that begin with it
  prefix_end    text collate "C",                     -- the first key after them; null: there is none
  device        text,
  address       text,
  created_at    timestamptz(3) not null default now(),
  last_used_at  timestamptz(3) not null default now(),
  expires_at    timestamptz(3) not null,
  primary key (account_id, id)
);
