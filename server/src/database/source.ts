import { mkdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import { StartError } from '../errors.js';
import type { DatabaseAddress } from './database.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './postgres.js';

/** Where the data is. */
export interface DatabaseSource {
  readonly address: DatabaseAddress;
  /** Undefined where the database is not ours to stop. */
  readonly stop: (() => Promise<void>) | undefined;
}

/** What an operator's own tools may hold beside the servers. */
const spareConnections = 20;
/** The embedded PostgreSQL's own setting, which is enough for one process. */
const connectionsDefault = 100;

/**
 * Finds the database that the settings name, or starts Halo's own.
 *
 * @param connections how many the servers may hold, if that is more than one process holds
 * @throws StartError when it cannot be started
 */
export async function openSource(config: Config, logger: Logger, connections = 0): Promise<DatabaseSource> {
  if (config.databaseUrl !== undefined) {
    return { address: { connectionString: config.databaseUrl }, stop: undefined };
  }
  const {
    socketDirectory: host,
    port,
    user,
    database,
    stop,
  } = await startKeptPostgres(config, logger, connections);
  return { address: { host, port, user, database }, stop };
}

/** A PostgreSQL of our own that is started again when it dies; its socket stays where it was. */
async function startKeptPostgres(
  config: Config,
  logger: Logger,
  connections: number,
): Promise<EmbeddedPostgres> {
  await mkdir(config.dataDirectory, { recursive: true, mode: 0o700 }).catch((cause: Error) => {
    const message = `HALO_DATA, ${config.dataDirectory}, cannot be made a directory: ${cause.message}. Name another.`;
    throw new StartError(message, { cause });
  });
  const needed = String(Math.max(connectionsDefault, connections + spareConnections));
  const start = () =>
    startEmbeddedPostgres({
      directory: config.dataDirectory,
      settings: { max_connections: needed },
      log: (line) => logger.debug({ postgres: line }, 'postgres'),
    });
  let current = await start();
  let stopping = false;
  const keep = async (): Promise<void> => {
    while (!stopping) {
      const exit = await current.exited;
      if (stopping) return;
      logger.error({ exit }, 'PostgreSQL ended unexpectedly and is being started again');
      current = await start();
    }
  };
  keep().catch((error: unknown) => {
    // Every request is answered 503 by now; whoever supervises Halo starts it afresh.
    logger.fatal({ err: error }, 'PostgreSQL cannot be started again');
    process.exitCode = 1;
    process.kill(process.pid, 'SIGTERM');
  });
  return {
    ...current,
    stop: async () => {
      stopping = true;
      await current.stop();
    },
  };
}
