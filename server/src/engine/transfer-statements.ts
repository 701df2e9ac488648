import { sessionLives } from '../database/live-session.js';
import type { Statement } from './statements.js';

/**
 * Which keys exist already: $1 account, $2 session, $3 secret hash or null, $4 keys. Columns: the key's place
 * from 1, whether the session reaches it, whether it lives. No row: the session has ended. The limit holds PostgreSQL
 * to looking keys up one by one, also with a plan made while the table was nearly empty.
 */
export const readPresence: Statement = {
  name: 'read_presence',
  text: `
    select k.n, starts_with(k.key, s.prefix), e.key is not null
    from sessions s
    cross join unnest($4::text[]) with ordinality as k (key, n)
    left join lateral (
      select key from entries
      where account_id = $1::bigint and key = k.key and (expires_at is null or expires_at > now())
      limit 1
    ) as e on true
    where s.account_id = $1::bigint and s.id = $2::text and ${sessionLives('$3::bytea')}
    order by k.n`,
};
