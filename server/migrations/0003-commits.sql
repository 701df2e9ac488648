-- What commits need besides the store itself: answers to repeat, and a way to find what has expired.

-- The same idempotency key within 24 hours gets the first answer again.
create table answers (
  account_id bigint not null,
  key        text collate "C" not null,
  hash       bytea not null, -- SHA-256 of what was asked
  answer     text not null,
  written_at timestamptz(3) not null,
  primary key (account_id, key)
);

-- Only keys that expire are in it, so that updates of all others stay on their page.
create index entries_expires_at on entries (expires_at) where expires_at is not null;
