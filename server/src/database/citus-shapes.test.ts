import { afterAll, describe, expect, test } from 'vitest';
import { distributed, faultsOf, isDistributed, plain, rules } from './test-citus-shapes.js';
import { createTestDatabase } from './test-database.js';

const { database, drop } = await createTestDatabase();
afterAll(drop);

describe('the rules for statements on Citus', () => {
  test.each(rules)('find a statement that breaks: $name', ({ example, breaks, name, reach }) => {
    expect(breaks(plain(example))).toBe(true);
    expect(faultsOf(example, reach[0] ?? 'one account')).toContain(name);
  });

  test('find none in statements that Citus takes', () => {
    const good = [
      'select revision from stores where account_id = $1::bigint for no key update',
      'delete from "sessions" where "account_id" = $1 and "id" = any($2)',
      'insert into "audit_chains" ("account_id", "number") values ($1, $2) on conflict ("account_id") do update set "number" = audit_chains.number + 1 returning "number"',
      'select e.key from entries e join versions v on v.account_id = $1 and v.key = e.key where e.account_id = $1',
      'update sessions set last_used_at = now() where account_id = $1 and id = $2',
    ];
    for (const text of good) expect(faultsOf(text, 'one account')).toEqual([]);
    expect(
      faultsOf('select account_id, key from answers where written_at <= now() limit 5', 'all accounts'),
    ).toEqual([]);
    expect(isDistributed('select * from settings')).toBe(false);
  });

  test('count each mention of a table, also under the same name', () => {
    const text =
      'select from entries e where e.account_id = $1 and exists (select from entries e where e.key = $2)';
    expect(faultsOf(text, 'one account')).toHaveLength(1);
  });
});

describe('the schema', () => {
  const ask = async (text: string) =>
    (await database.writers.query<{ name: string }>(text, [distributed])).rows.map(({ name }) => name);

  test('has the account first in every unique key of a distributed table', async () => {
    const keys = `
      from pg_index i
      join pg_class t on t.oid = i.indrelid
      join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]
      where i.indisunique and t.relname = any($1)`;
    expect((await ask(`select distinct t.relname as name ${keys} order by 1`)).sort()).toEqual(
      [...distributed].sort(),
    );
    expect(await ask(`select t.relname as name ${keys} and a.attname <> 'account_id'`)).toEqual([]);
  });

  test('has foreign keys from distributed tables to accounts only, and none to them', async () => {
    const found = await ask(`
      select c.conrelid::regclass || ' to ' || c.confrelid::regclass as name from pg_constraint c
      join pg_class source on source.oid = c.conrelid
      join pg_class target on target.oid = c.confrelid
      where c.contype = 'f' and (source.relname = any($1) or target.relname = any($1)) order by 1`);
    expect(found).toEqual(['sessions to accounts', 'stores to accounts']);
  });

  test('has no trigger of its own, no rule and no generated number in a distributed table', async () => {
    const found = await ask(`
      select tgname as name from pg_trigger join pg_class t on t.oid = tgrelid
      where t.relname = any($1) and not tgisinternal
      union all select rulename from pg_rewrite join pg_class t on t.oid = ev_class where t.relname = any($1)
      union all select attname from pg_attribute join pg_class t on t.oid = attrelid
      where t.relname = any($1) and (attidentity <> '' or attgenerated <> '')`);
    expect(found).toEqual([]);
  });

  test('is distributed whole: whatever has an account is in the list', async () => {
    const found = await ask(`
      select t.relname as name from pg_attribute a join pg_class t on t.oid = a.attrelid
      where a.attname = 'account_id' and t.relkind = 'r' and t.relnamespace = 'public'::regnamespace
        and $1::text[] is not null
      order by 1`);
    expect(found.sort()).toEqual([...distributed].sort());
  });
});
