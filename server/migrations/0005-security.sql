-- What keeps an account its owner's: suspended tokens, an audit trail that shows tampering, brakes on guessing,
-- and who may sign up at all.

alter table accounts add column disabled_at timestamptz(3); -- null: it is not

-- The tokens of a disabled account are 'held': no check of a session accepts the kind, and enabling the account
-- makes them tokens again.
alter table sessions drop constraint sessions_kind_check;
alter table sessions add constraint sessions_kind_check check (kind in ('login', 'token', 'held'));

-- Where an account's audit trail ends. Appending locks the row, so that numbers are gapless and each hash covers
-- the one before. Account 0 is the server itself: log-ins under names that nobody has, and accounts that are gone.
create table audit_chains (
  account_id bigint primary key,
  number     bigint not null,
  hash       bytea not null
) with (fillfactor = 50);

create table audit_events (
  account_id    bigint not null,
  number        bigint not null,
  at            timestamptz(3) not null,
  event         text not null,
  actor         text not null,
  session       text,
  subject       text,
  subject_name  text,
  device        text,
  address       text,
  previous_hash bytea not null,
  hash          bytea not null, -- SHA-256; what it covers is in contract/src/audit.ts
  primary key (account_id, number)
);

create index audit_events_at on audit_events (at);

-- Attempts that are counted against guessing, shared by all servers. The subject is a keyed hash: what people
-- type into a name field is at times their password.
create table throttles (
  subject       bytea primary key,
  attempts      integer not null,
  last_at       timestamptz(3) not null,
  blocked_until timestamptz(3) not null
) with (fillfactor = 70);

-- Requests by the day in UTC. Servers add up in memory and write down every minute.
create table usage_days (
  account_id bigint not null,
  day        date not null,
  reads      bigint not null,
  writes     bigint not null,
  primary key (account_id, day)
) with (fillfactor = 70);

-- Accounts that were deleted while their data is being erased, batch by batch.
create table erasures (
  account_id   bigint primary key,
  requested_at timestamptz(3) not null default now()
);

-- What the operator sets while servers run.
create table settings (
  name  text primary key,
  value text not null
);

create table invites (
  id         text collate "C" primary key,
  code_hash  bytea not null unique, -- SHA-256
  uses_left  integer not null,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null
);
