import { type Halo, haloAt } from '../halo.js';
import { type HaloServer, startHalo } from '../halo-server.js';
import { type DebianPostgres, startDebianPostgres } from './debian-postgres.js';

/** Two servers on one PostgreSQL 15. */
export interface TwoServers {
  readonly postgres: DebianPostgres;
  readonly servers: readonly [HaloServer, HaloServer];
  readonly halos: readonly [Halo, Halo];
  /** One of the two, by turns. */
  halo(turn: number): Halo;
  stop(): Promise<void>;
}

export async function startTwoServers(env: Readonly<Record<string, string>> = {}): Promise<TwoServers> {
  const postgres = await startDebianPostgres();
  const settings = {
    DATABASE_URL: postgres.databaseUrl,
    HALO_SECRET: 'a secret that both of these servers share',
    ...env,
  };
  const start = () => startHalo({ env: settings });
  const servers = await Promise.all([start(), start()]).catch(async (error: unknown) => {
    await postgres.stop();
    throw error;
  });
  const halos = [haloAt(servers[0].url), haloAt(servers[1].url)] as const;
  return {
    postgres,
    servers,
    halos,
    halo: (turn) => (turn % 2 === 0 ? halos[0] : halos[1]),
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
      await postgres.stop();
    },
  };
}
