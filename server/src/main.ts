import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createAccounts } from './auth/accounts.js';
import { createActivity } from './auth/activity.js';
import { countAccounts } from './auth/counted-accounts.js';
import { exemptAddresses } from './auth/exempt-addresses.js';
import { createOwnAccount } from './auth/own-account.js';
import { createPasswordHasher } from './auth/passwords.js';
import { openSecretFile } from './auth/secret-file.js';
import { deriveSecrets } from './auth/secrets.js';
import { createSignUpPolicy } from './auth/sign-up-policy.js';
import { createThrottle } from './auth/throttle.js';
import { createTokens } from './auth/tokens.js';
import { createUpkeep } from './auth/upkeep.js';
import type { Config } from './config.js';
import { type DatabaseAddress, type Flight, openDatabase } from './database/database.js';
import { prepareSchema } from './database/schema.js';
import { openSource } from './database/source.js';
import { createEngine } from './engine/engine.js';
import { createSweeper } from './engine/sweeper.js';
import { HaloError, StartError } from './errors.js';
import { createApp } from './http/app.js';
import { createLogger } from './observability/logger.js';
import { createMetrics } from './observability/metrics.js';
import { startSpans } from './observability/spans.js';

export interface RunningServer {
  /** Where it listens, such as `http://localhost:5000`. */
  readonly url: string;
  /** Finishes the requests in flight, then stops everything, PostgreSQL last. */
  stop(): Promise<void>;
}

/**
 * Two flights of each kind keep PostgreSQL busy while Node prepares the next; more only split the load. Scans are
 * no flights: a few at once keep one that counts a million keys from holding up all lists. An export holds back
 * PostgreSQL's clean-up while it lasts; a few at once are plenty, and more are told to come back.
 */
const poolSizes = { cold: 10, readers: 2, writers: 2, scanners: 4, exporters: 3 } as const;
/** Of each kind. Where a flight carries one account only, more have to be out at once for the same load. */
const flightsMax: Readonly<Record<Flight, number>> = { mixed: poolSizes.writers, account: 8 };
/** Values too large for a flight, of up to 25 MiB, that are read at once. */
const largeReadsMax = 4;
const dayMs = 86_400_000;
/** Requests in flight have this long to finish before their connections are cut. */
const drainMsMax = 15_000;

/** Whether PostgreSQL is ready is asked apart from all work. */
const readinessConnections = 1;

/** How many connections a server process may hold: its pools, a wire for each read of the hottest, and the line. */
export function connectionsMax({ flight }: Pick<Config, 'flight'>): number {
  const pooled = Object.values({ ...poolSizes, writers: flightsMax[flight] }).reduce(
    (sum, size) => sum + size,
  );
  const wires = flightsMax[flight] + largeReadsMax;
  // Where flights carry one account only, all writes are planned and the line stays closed.
  const line = flight === 'mixed' ? 1 : 0;
  return pooled + wires + line + readinessConnections;
}

/**
 * Starts Halo: PostgreSQL if it is to run its own, the schema, the engine, the HTTP server.
 *
 * @param given where the database is when another process has seen to that
 * @throws StartError with the remedy when it cannot
 */
export async function startServer(
  config: Config,
  version: string,
  given?: DatabaseAddress,
): Promise<RunningServer> {
  const logger = createLogger(config.logLevel);
  const metrics = createMetrics({ version, isWorker: given !== undefined });
  // What has been started, to be stopped in the opposite order.
  const stops: (() => Promise<unknown>)[] = [async () => logger.info('stopped')];
  const stop = async () => {
    for (const stopOne of stops.splice(0).reverse()) await stopOne();
  };
  let isReady = true;
  try {
    // Before all that is traced, and so stopped after it.
    const spans = config.tracing ? await startSpans({ version, logger }) : undefined;
    if (spans !== undefined) stops.push(spans.stop);
    const source =
      given === undefined ? await openSource(config, logger) : { address: given, stop: undefined };
    if (source.stop !== undefined) stops.push(source.stop);
    const { flight } = config;
    const sizes = { ...poolSizes, writers: flightsMax[flight] };
    const onError = (error: Error) => {
      metrics.countBrokenConnection();
      logger.warn({ err: error }, 'a database connection broke');
    };
    const database = openDatabase(source.address, sizes, onError, flight);
    stops.push(database.close);
    const migrations = await prepareSchema(database.kysely, (reason) => {
      logger.warn({ reason }, 'waiting for a database that takes writes');
    });
    if (migrations.length > 0) logger.info({ migrations }, 'the schema was brought up to date');
    const limits = { keysMax: config.accountKeysMax, bytesMax: config.accountBytesMax };
    const engine = createEngine(database, {
      limits,
      flight,
      readFlightsMax: flightsMax[flight],
      cacheBytesMax: config.cacheBytesMax,
      writeFlightsMax: flightsMax[flight],
      largeReadsMax,
      report: (what, error) => logger.error({ err: error }, what),
      watches: { reads: metrics.flights('read'), writes: metrics.flights('write') },
    });
    stops.push(engine.close);
    metrics.watchDatabase(database);
    metrics.watchStreams(engine.watchCounts);
    const sweeper = createSweeper({
      database,
      end: engine.endExpired,
      retention: { ageMs: config.historyDays * dayMs, versionsMax: config.historyVersions },
      report: (what, error) => logger.warn({ err: error }, what),
      watch: metrics.sweeps,
    });
    sweeper.start();
    stops.push(sweeper.stop);
    const secrets = await deriveSecrets(await secretsOf(config));
    const tokens = createTokens(secrets);
    const throttle = createThrottle({
      database: database.kysely,
      secrets,
      isExempt: exemptAddresses(config.throttleExempt),
      onThrottled: metrics.countThrottled,
    });
    const activity = createActivity(database.kysely, flight);
    const upkeep = createUpkeep({
      database: database.kysely,
      activity,
      throttle,
      auditDays: config.auditDays,
      report: (what, error) => logger.warn({ err: error }, what),
    });
    upkeep.start();
    stops.push(upkeep.stop);
    const { passwordLengthMin } = config;
    const shared = { database: database.kysely, hasher: createPasswordHasher(), throttle, passwordLengthMin };
    const signUpPolicy = createSignUpPolicy({ database: database.kysely, mode: config.signUp });
    const accounts = createAccounts({ ...shared, tokens, secrets, signUpPolicy });
    const app = await createApp({
      logger,
      accounts: countAccounts(accounts, metrics.countSecurityEvent),
      ownAccount: createOwnAccount(shared),
      activity,
      database,
      engine,
      tokens,
      version,
      limits,
      checkReady: () => (isReady ? database.checkReady() : Promise.reject(stoppingError())),
      trustedProxies: config.trustedProxies,
      corsOrigins: config.corsOrigins,
      rateLimit: config.rateLimit,
      metrics,
      metricsToken: config.metricsToken,
      spans,
    });
    stops.push(() => drain(app));
    await listen(app, config);
    const { port } = app.server.address() as AddressInfo;
    const url = `http://${urlHost(config.host)}:${port}`;
    logger.info({ version, url }, 'started');
    const leave = async () => {
      // Whoever balances the load learns of it while every request is still answered.
      isReady = false;
      await delay(config.stopDelayMs);
      await stop();
    };
    return { url, stop: leave };
  } catch (error) {
    await stop();
    throw error;
  }
}

function stoppingError(): HaloError {
  return new HaloError('unavailable', 'The server is stopping.');
}

/** Takes no more connections and waits for the requests in flight, but not for ever. */
async function drain(app: Awaited<ReturnType<typeof createApp>>): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), drainMsMax);
  await app.close();
  clearTimeout(cut);
}

async function secretsOf(config: Config): Promise<readonly string[]> {
  return config.secrets.length > 0
    ? config.secrets
    : [await openSecretFile(join(config.dataDirectory, 'secret'))];
}

async function listen(app: Awaited<ReturnType<typeof createApp>>, { host, port }: Config): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new StartError(`Port ${port} is in use. Stop what listens there, or set PORT to another.`, {
        cause: error,
      });
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new StartError(`Halo cannot listen on ${host}:${port} (${code}). Set HOST and PORT.`, {
        cause: error,
      });
    }
    throw error;
  }
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
