import { afterAll, expect, test } from 'vitest';
import { startDebianPostgres } from '../consistency/debian-postgres.js';
import { startHalo } from '../halo-server.js';
import { runFault } from './fault.js';
import { signalFamily } from './processes.js';
import { seed } from './random.js';
import { report } from './results.js';

/** PostgreSQL acknowledges what it has only in its memory, and writes it down ten seconds later. */
const careless = { synchronous_commit: 'off', wal_writer_delay: '10s' };

const postgres = await startDebianPostgres({ settings: careless });
const server = await startHalo({
  env: {
    DATABASE_URL: postgres.databaseUrl,
    HALO_SECRET: 'a secret that nobody else has for this alone',
    HALO_HISTORY_VERSIONS: '1000000',
  },
});
const version = await postgres.version();
afterAll(async () => {
  await server.stop();
  await postgres.stop();
});

const kill = {
  url: server.url,
  seed,
  postgres: version,
  // What is lost is what stood in the last page of the log, which may be nothing, once.
  rounds: 3,
  holdMs: 0,
  strike: () => signalFamily(postgres.pid(), 'SIGKILL'),
};

test('a PostgreSQL that does not wait for its disk loses what was acknowledged, and the checker sees it', async () => {
  // The account has to be there afterwards.
  const result = await runFault({
    ...kill,
    name: 'kill -9 of PostgreSQL with synchronous_commit=off',
    heal: () => postgres.startAgain(),
    settle: () => postgres.query('checkpoint'),
  });
  await report({ ...result.row, isControl: true });
  expect(result.verdict.lost.length).toBeGreaterThan(0);
});

test('the same kill of one that waits for its disk loses nothing', async () => {
  await signalFamily(postgres.pid(), 'SIGINT');
  await postgres.startAgain({});
  const result = await runFault({
    ...kill,
    name: 'kill -9 of PostgreSQL, reached by DATABASE_URL',
    heal: () => postgres.startAgain({}),
  });
  await report(result.row);
  expect(result.verdict).toMatchObject({ lost: [], duplicates: [], wrong: [] });
});
