-- What keeping history within its bounds has to remember and to find.

-- How far the log has been looked through for keys that have more versions than are kept.
alter table stores add column counted_revision bigint not null default 0;

-- A purged key keeps its place, out of sight: without the pointer nobody could tell that its history was purged
-- from its never having been, and its rows in the log would outlive every other.
alter table trash add column purged boolean not null default false;

-- To find what is over without looking at everything.
create index answers_written_at on answers (written_at);
create index sessions_expires_at on sessions (expires_at);
