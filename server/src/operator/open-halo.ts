import { type Config, readConfig } from '../config.js';
import { type Database, type DatabaseAddress, openDatabase } from '../database/database.js';
import { type BorrowedPostgres, borrowEmbeddedPostgres, hasCluster } from '../database/postgres-guest.js';
import { prepareSchema } from '../database/schema.js';
import { StartError } from '../errors.js';
import { exitCodes } from './command-error.js';
import type { Terminal } from './terminal.js';

/** What a command works on: the database that the servers use, and their settings. */
export interface OpenHalo {
  readonly config: Config;
  readonly database: Database['kysely'];
  /** What had to be applied to bring the schema up to date. */
  readonly migrations: readonly string[];
}

/** Commands ask one thing after the other; the second connection is for what a list looks up beside it. */
const poolSizes = { cold: 2, readers: 1, writers: 1, scanners: 1, exporters: 1 } as const;

/**
 * Runs a command's work on the database of DATABASE_URL, or else on the embedded PostgreSQL: that of the server
 * which runs on the data directory, or one that is started for this and stopped again.
 *
 * @param ifEmpty whether a data directory that holds nothing yet is an error, as a mistyped HALO_DATA would be, or
 * a place to begin
 * @throws StartError when there is no database to work on
 */
export async function withHalo<Result>(
  terminal: Terminal,
  ifEmpty: 'refuse' | 'begin',
  work: (halo: OpenHalo) => Promise<Result>,
): Promise<Result> {
  return withPostgres(terminal, ifEmpty, async ({ config, address }) => {
    const database = openDatabase(address, poolSizes, () => {});
    try {
      const migrations = await prepareSchema(database.kysely, (reason) => {
        terminal.errors.write(`Waiting for a database that takes writes: ${reason}.\n`);
      });
      return await work({ config, database: database.kysely, migrations });
    } finally {
      await database.close();
    }
  });
}

/** Runs a command's work on the same database as it is: nothing is migrated, and there may be nothing in it. */
export async function withPostgres<Result>(
  terminal: Terminal,
  ifEmpty: 'refuse' | 'begin',
  work: (postgres: { readonly config: Config; readonly address: DatabaseAddress }) => Promise<Result>,
): Promise<Result> {
  const config = readConfig(terminal.environment, { secretNeeded: false });
  const postgres = await reach(config, ifEmpty);
  const stopListening = onInterrupt(postgres.release);
  try {
    return await work({ config, address: postgres.address });
  } finally {
    stopListening();
    await postgres.release();
  }
}

async function reach(
  { databaseUrl, dataDirectory }: Config,
  ifEmpty: 'refuse' | 'begin',
): Promise<BorrowedPostgres> {
  if (databaseUrl !== undefined) {
    return { address: { connectionString: databaseUrl }, release: async () => {} };
  }
  if (ifEmpty === 'refuse' && !(await hasCluster(dataDirectory))) {
    throw new StartError(
      `There is no Halo in ${dataDirectory}. Set HALO_DATA or DATABASE_URL as the server has them.`,
    );
  }
  return borrowEmbeddedPostgres({ directory: dataDirectory, log: () => {} });
}

/** A PostgreSQL that was started for this must not outlive a Ctrl-C; it ends what the command was doing. */
function onInterrupt(release: () => Promise<void>): () => void {
  const interrupt = (): void => {
    void release().finally(() => process.exit(exitCodes.interrupted));
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  return () => {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  };
}
