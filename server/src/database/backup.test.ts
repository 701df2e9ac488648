import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { backUp, haloTables } from './backup.js';
import { BackupError, type BackupHeader, checkBackup } from './backup-format.js';
import { restore, TargetError } from './restore.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

let source: TestDatabase;
let target: TestDatabase;

beforeEach(async () => {
  [source, target] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const account = { name: 'ada', name_folded: 'ada', password_hash: 'x' };
  await source.database.kysely.insertInto('accounts').values(account).execute();
});
afterEach(() => Promise.all([source.drop(), target.drop()]));

async function take({ address }: TestDatabase): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  for await (const part of backUp(address, { halo: '0.1.0', keys: [], onTable: () => {} })) parts.push(part);
  return parts;
}

async function* give(parts: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* parts;
}

const names = async ({ database }: TestDatabase) =>
  (await database.kysely.selectFrom('accounts').select(['id', 'name']).orderBy('id').execute()).map(
    ({ id, name }) => `${id} ${name}`,
  );

test('every table of the schema is backed up', async () => {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_name not like 'kysely%'`.execute(source.database.kysely);
  expect([...haloTables].sort()).toEqual(rows.map(({ name }) => name).sort());
});

test('what is restored goes on counting where the original was', async () => {
  const spent = { name: 'bob', name_folded: 'bob', password_hash: 'x' };
  await source.database.kysely.insertInto('accounts').values(spent).execute();
  await source.database.kysely.deleteFrom('accounts').where('name', '=', 'bob').execute();
  const parts = await take(source);
  await restore(target.address, await checkBackup(give(parts)), give(parts));
  const next = { name: 'cleo', name_folded: 'cleo', password_hash: 'x' };
  await target.database.kysely.insertInto('accounts').values(next).execute();
  // The id 2 was another account's, of which traces may be left.
  expect(await names(target)).toEqual(['1 ada', '3 cleo']);
});

describe('what cannot be restored leaves the database as it is', () => {
  const refusal = async (header: BackupHeader, parts: readonly Buffer[]): Promise<unknown> =>
    restore(target.address, header, give(parts)).catch((error: unknown) => error);

  test('a backup that is cut after it was checked', async () => {
    const parts = await take(source);
    const header = await checkBackup(give(parts));
    for (const length of [parts.length - 1, 8, 3, 0])
      expect(await refusal(header, parts.slice(0, length))).toBeInstanceOf(BackupError);
    expect(await names(target)).toEqual([]);
    // The control: nothing but the cut was in the way.
    expect(await refusal(header, parts)).toEqual([]);
    expect(await names(target)).toEqual(['1 ada']);
  });

  test('a backup with other rows than it says', async () => {
    const parts = await take(source);
    const header = await checkBackup(give(parts));
    const tables = header.tables.map((table) => ({ ...table, rows: table.rows + 1 }));
    expect(await refusal({ ...header, tables }, parts)).toBeInstanceOf(BackupError);
    expect(await names(target)).toEqual([]);
  });

  test('a database that is not empty', async () => {
    const parts = await take(source);
    await sql`insert into settings values ('sign-up', 'closed')`.execute(target.database.kysely);
    const error = await refusal(await checkBackup(give(parts)), parts);
    expect(error).toBeInstanceOf(TargetError);
    expect(String(error)).toContain('the table settings');
    expect(await names(target)).toEqual([]);
  });

  test('an empty database with another schema than the backup', async () => {
    const parts = await take(source);
    const header = { ...(await checkBackup(give(parts))), schema: '0001-accounts' };
    expect(await refusal(header, parts)).toBeInstanceOf(TargetError);
  });

  test('a backup of a schema that this Halo does not know', async () => {
    const parts = await take(source);
    const header = { ...(await checkBackup(give(parts))), schema: '9999-later', halo: '7.0.0' };
    expect(String(await refusal(header, parts))).toMatch(/Halo 7\.0\.0 .* 9999-later.* Use a newer Halo/);
  });
});

test('a database that a newer Halo has migrated is not backed up', async () => {
  await sql`insert into kysely_migration values ('9999-later', now()::text)`.execute(source.database.kysely);
  await expect(take(source)).rejects.toThrow(/schema of the database is newer, 9999-later/);
});

test('a backup that PostgreSQL breaks off fails, and says that the database went away', async () => {
  const taking = backUp(source.address, { halo: '0.1.0', keys: [], onTable: () => {} });
  await taking.next();
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and backend_xmin is not null and pid <> pg_backend_pid()`.execute(
    source.database.kysely,
  );
  const rest = async (): Promise<void> => {
    for await (const _part of taking);
  };
  await expect(rest()).rejects.toMatchObject({ code: 'unavailable' });
});

test('a backup that is not taken to its end leaves no connection behind', async () => {
  const taking = backUp(source.address, { halo: '0.1.0', keys: [], onTable: () => {} });
  await taking.next();
  await taking.return(undefined);
  const query = sql<{ count: string }>`select count(*) from pg_stat_activity
    where datname = current_database() and state = 'idle in transaction'`;
  expect((await query.execute(source.database.kysely)).rows).toEqual([{ count: '0' }]);
});
