import { once } from 'node:events';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import {
  BackupError,
  type BackupHeader,
  type BackupTable,
  backupFormat,
  createBackupWriter,
} from './backup-format.js';
import type { DatabaseAddress } from './database.js';
import { databaseError } from './failure.js';
import { openLongConnection } from './long-connection.js';
import { readMigrationNames } from './migrate.js';

/**
 * Every table of Halo, in an order in which they can be filled: accounts before what refers to them. A schema that
 * is older than some of them is backed up without those.
 */
export const haloTables = [
  'accounts',
  'sessions',
  'stores',
  'versions',
  'entries',
  'trash',
  'answers',
  'audit_chains',
  'audit_events',
  'throttles',
  'usage_days',
  'erasures',
  'settings',
  'invites',
] as const;

export interface BackupOptions {
  /** The version of this Halo. */
  readonly halo: string;
  readonly keys: readonly string[];
  /** Told of the header first, and of each table before its rows. */
  readonly onTable: (table: BackupTable, header: BackupHeader) => void;
}

/**
 * Yields a backup of everything as it was at one moment, while servers go on: one transaction reads one snapshot. It
 * takes as much memory as a few reads from a socket. What is slow to take it holds back PostgreSQL's clean-up.
 *
 * @throws BackupError when there is nothing of Halo in the database, or something newer
 * @throws HaloError `unavailable` when PostgreSQL goes away
 */
export async function* backUp(address: DatabaseAddress, options: BackupOptions): AsyncGenerator<Buffer> {
  const client = await openLongConnection(address).catch((error: unknown) => {
    throw databaseError(error, { committing: false });
  });
  try {
    const header = await beginSnapshot(client, options);
    const writer = createBackupWriter();
    yield writer.header(header);
    for (const table of header.tables) {
      options.onTable(table, header);
      for await (const bytes of readTable(client, table)) yield* writer.data(bytes);
      yield writer.tableEnd();
    }
    yield writer.end();
    await client.query('commit');
  } catch (error) {
    throw error instanceof BackupError ? error : databaseError(error, { committing: false });
  } finally {
    // Also in the middle of a COPY, when the backup is taken no further: the connection is cut then.
    await client.end();
  }
}

async function beginSnapshot(client: pg.Client, { halo, keys }: BackupOptions): Promise<BackupHeader> {
  const schema = await readSchema(client);
  const names = await existing(client, haloTables);
  await client.query('begin isolation level repeatable read, read only');
  // Before the snapshot, as it would not see that a table is another one by the time that it is read.
  await client.query(`lock table ${names.map(quoted).join(', ')} in access share mode`);
  const tables: BackupTable[] = [];
  for (const name of names) tables.push(await describeTable(client, name));
  if ((await readSchema(client)) !== schema)
    throw new BackupError('cannot be made while the schema is being brought up to date. Try again');
  return { halo_backup: backupFormat, halo, schema, taken_at: new Date().toISOString(), keys, tables };
}

/** The last migration that was applied, all of which this Halo must know. */
async function readSchema(client: pg.Client): Promise<string> {
  const applied = await readApplied(client);
  const known = await readMigrationNames();
  const schema = applied.at(-1);
  if (schema === undefined) throw new BackupError('cannot be made: there is no Halo in this database');
  if (applied.some((name, index) => name !== known[index])) {
    throw new BackupError(
      `cannot be made by this Halo: the schema of the database is newer, ${schema}. Use the Halo that runs on it`,
    );
  }
  return schema;
}

/** The names of the migrations that were applied, in order; none where there is no schema. */
export async function readApplied(client: pg.Client): Promise<string[]> {
  if ((await existing(client, ['kysely_migration'])).length === 0) return [];
  const { rows } = await client.query<{ name: string }>('select name from kysely_migration order by name');
  return rows.map(({ name }) => name);
}

/** Those of the tables that there are. */
export async function existing(client: pg.Client, names: readonly string[]): Promise<string[]> {
  const query = 'select name from unnest($1::text[]) name where to_regclass(quote_ident(name)) is not null';
  const { rows } = await client.query<{ name: string }>(query, [names]);
  const found = new Set(rows.map(({ name }) => name));
  return names.filter((name) => found.has(name));
}

async function describeTable(client: pg.Client, name: string): Promise<BackupTable> {
  const { rows: columns } = await client.query<{ name: string; sequence: string | null }>(
    `select attname as name, case when attidentity <> '' then pg_get_serial_sequence($1, attname) end as sequence
     from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 and not attisdropped and attgenerated = ''
     order by attnum`,
    [quoted(name)],
  );
  const { rows } = await client.query<{ count: string }>(`select count(*) from ${quoted(name)}`);
  const counters = [];
  for (const { name: column, sequence } of columns) {
    if (sequence === null) continue;
    // Sequences are outside of transactions: what is read here is at least what the snapshot knows.
    const state = await client.query<{ last: string; used: boolean }>(
      `select last_value as last, is_called as used from ${sequence}`,
    );
    for (const { last, used } of state.rows) counters.push({ column, last, used });
  }
  return { name, columns: columns.map(({ name }) => name), rows: Number(rows[0]?.count), counters };
}

async function* readTable(client: pg.Client, { name, columns, rows }: BackupTable): AsyncGenerator<Buffer> {
  const copy = client.query(
    copyTo(`copy ${quoted(name)} (${columns.map(quoted).join(', ')}) to stdout (format binary)`),
  );
  const drained = once(client, 'drain');
  // It is waited for below, unless the copy fails, which says more.
  drained.catch(() => {});
  for await (const bytes of copy) yield bytes as Buffer;
  // The number of rows comes behind the last of them.
  await drained;
  if (copy.rowCount !== rows) throw new Error(`${name} has ${rows} rows, of which ${copy.rowCount} came.`);
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
