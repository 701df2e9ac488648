import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { existing, haloTables, quoted, readApplied } from './backup.js';
import { BackupError, type BackupHeader, type BackupTable, readBackup } from './backup-format.js';
import { type DatabaseAddress, openDatabase } from './database.js';
import { databaseError } from './failure.js';
import { openLongConnection } from './long-connection.js';
import { migrateTo, readMigrationNames } from './migrate.js';
import { prepareSchema } from './schema.js';

/** The database is not one to restore into. The message is a sentence. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}

/**
 * Fills an empty database with what a backup holds. The schema is first brought to the backup's, then all rows are
 * loaded in one transaction, then the schema is brought up to date. Whatever fails, the database stays without rows.
 *
 * @param header of a backup that was found whole: `checkBackup`
 * @returns the migrations that were applied after the rows
 * @throws TargetError when the database is not empty, or has another schema than the backup
 * @throws BackupError when the backup has changed since it was checked, or is of a newer schema
 * @throws StartError when the schema cannot be made
 * @throws HaloError `unavailable` when PostgreSQL goes away
 */
export async function restore(
  address: DatabaseAddress,
  header: BackupHeader,
  bytes: AsyncIterable<Buffer>,
): Promise<string[]> {
  await demandKnownSchema(header);
  const sizes = { cold: 1, readers: 1, writers: 1, scanners: 1, exporters: 1 };
  const database = openDatabase(address, sizes, () => {});
  try {
    await onConnection(address, async (client) => {
      await demandEmpty(client, haloTables);
      const schema = (await readApplied(client)).at(-1);
      if (schema === undefined) await migrateTo(database.kysely, header.schema);
      else if (schema !== header.schema) throw otherSchema(schema, header.schema);
      await load(client, header, bytes);
    });
    const migrations = await prepareSchema(database.kysely, () => {});
    await onConnection(address, async (client) => {
      for (const { name } of header.tables) await client.query(`analyze ${quoted(name)}`);
    });
    return migrations;
  } finally {
    await database.close();
  }
}

async function demandKnownSchema({ schema, halo }: BackupHeader): Promise<void> {
  if ((await readMigrationNames()).includes(schema)) return;
  throw new BackupError(
    `was made by Halo ${halo} with the schema ${schema}, which this Halo does not know. Use a newer Halo`,
  );
}

function otherSchema(found: string, wanted: string): TargetError {
  return new TargetError(
    `The database is empty, but has the schema ${found} already, and the backup has ${wanted}. ` +
      'Restore into a database in which no Halo has started yet.',
  );
}

async function onConnection(
  address: DatabaseAddress,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  let client: pg.Client | undefined;
  try {
    client = await openLongConnection(address);
    await work(client);
  } catch (error) {
    throw isOurs(error) ? error : databaseError(error, { committing: false });
  } finally {
    // Rolls back what has not been committed.
    await client?.end();
  }
}

/** What says already what is wrong. StartError is a sentence too. */
function isOurs(error: unknown): boolean {
  const names = ['BackupError', 'TargetError', 'StartError'];
  return error instanceof Error && names.includes(error.name);
}

async function demandEmpty(client: pg.Client, names: readonly string[]): Promise<void> {
  for (const name of await existing(client, names)) {
    const { rowCount } = await client.query(`select from ${quoted(name)} limit 1`);
    if (rowCount === 0) continue;
    throw new TargetError(
      `The database is not empty: there is something in the table ${name}. Nothing was changed. ` +
        'Restore into an empty database, or with another HALO_DATA.',
    );
  }
}

/** One transaction: all rows of the backup are in the tables in the end, or none. */
async function load(client: pg.Client, header: BackupHeader, bytes: AsyncIterable<Buffer>): Promise<void> {
  const names = header.tables.map(({ name }) => name);
  await client.query('begin');
  // A server that runs here already waits, so that nobody signs up between the look and the load.
  await client.query(`lock table ${names.map(quoted).join(', ')} in access exclusive mode`);
  await demandEmpty(client, names);
  const backup = await readBackup(bytes);
  for (const table of header.tables) await fillTable(client, table, backup.table());
  await backup.end();
  await client.query('commit');
}

async function fillTable(
  client: pg.Client,
  { name, columns, rows, counters }: BackupTable,
  data: AsyncIterable<Buffer>,
): Promise<void> {
  const copy = client.query(
    copyFrom(`copy ${quoted(name)} (${columns.map(quoted).join(', ')}) from stdin (format binary)`),
  );
  await pipeline(Readable.from(data, { objectMode: false }), copy);
  if (copy.rowCount !== rows)
    throw new BackupError(`is damaged: ${name} has ${copy.rowCount} rows, not ${rows}`);
  for (const { column, last, used } of counters) {
    const set = 'select setval(pg_get_serial_sequence($1, $2), $3::bigint, $4)';
    await client.query(set, [quoted(name), column, last, used]);
  }
}
