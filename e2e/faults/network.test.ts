import { afterAll, expect, test } from 'vitest';
import { startDebianPostgres } from '../consistency/debian-postgres.js';
import { startHalo } from '../halo-server.js';
import { until } from '../until.js';
import { expectNoHarm, runFault } from './fault.js';
import { type CommitCut, startPostgresProxy } from './postgres-proxy.js';
import { seed } from './random.js';
import { isWhole, report } from './results.js';

const postgres = await startDebianPostgres();
const proxy = await startPostgresProxy(postgres.socketPath);
const server = await startHalo({
  env: {
    DATABASE_URL: `postgresql://halo@127.0.0.1:${proxy.port}/halo`,
    HALO_SECRET: 'a secret that nobody else has for this alone',
    HALO_HISTORY_VERSIONS: '1000000',
  },
});
const version = await postgres.version();
afterAll(async () => {
  await server.stop();
  await proxy.close();
  await postgres.stop();
});

const common = { url: server.url, seed, postgres: version };
const rounds = isWhole ? 10 : 1;

const pass = async (): Promise<void> => {
  proxy.mode = 'pass';
};

test('connections that are cut under load lose, double and invent nothing', async () => {
  const result = await runFault({
    ...common,
    name: 'network: all connections to PostgreSQL cut',
    rounds: isWhole ? 20 : 2,
    holdMs: 0,
    strike: async () => proxy.cut(),
    heal: pass,
  });
  await report(result.row);
  expectNoHarm(result);
  expect(result.recording.attempts.some(({ outcome }) => outcome === 'unavailable')).toBe(true);
});

test('a PostgreSQL that refuses connections is answered 503 at once', async () => {
  const holdMs = isWhole ? 5_000 : 2_000;
  const result = await runFault({
    ...common,
    name: `network: PostgreSQL out of reach for ${holdMs / 1_000} s`,
    rounds: isWhole ? 5 : 1,
    holdMs,
    strike: async () => {
      proxy.mode = 'refuse';
      proxy.cut();
    },
    heal: pass,
  });
  await report(result.row);
  expectNoHarm(result);
  expect(result.row.firstErrorMs).toBeLessThan(holdMs);
});

test('a connection that stalls is waited for, and nothing is lost', async () => {
  const holdMs = isWhole ? 30_000 : 3_000;
  const result = await runFault({
    ...common,
    name: `network: bytes to and from PostgreSQL stalled for ${holdMs / 1_000} s`,
    rounds: isWhole ? 2 : 1,
    holdMs,
    strike: async () => {
      proxy.mode = 'stall';
    },
    heal: pass,
  });
  await report(result.row);
  expectNoHarm(result);
});

test('a slow network makes answers slow, and nothing else', async () => {
  const result = await runFault({
    ...common,
    name: 'network: 150 ms late in each direction',
    rounds: 1,
    holdMs: isWhole ? 10_000 : 2_000,
    strike: async () => {
      proxy.mode = 'delay';
    },
    heal: pass,
  });
  await report(result.row);
  expectNoHarm(result);
  expect(result.recording.attempts.filter(({ outcome }) => outcome === 'unavailable')).toEqual([]);
});

const cuts: readonly (readonly [CommitCut, string])[] = [
  ['before', 'before COMMIT arrives'],
  ['midway', 'while COMMIT is under way'],
  ['after', 'before the answer to COMMIT arrives'],
];

test.each(cuts)(
  'cut %s COMMIT, a client hears that the outcome is unknown, and a retry has one effect',
  async (cut, name) => {
    const commitsBefore = proxy.commitsCut();
    const wanted = isWhole ? 20 : 5;
    const result = await runFault({
      ...common,
      name: `network: cut ${name}`,
      rounds,
      holdMs: 0,
      strike: async () => {
        const before = proxy.commitsCut();
        proxy.cutAtCommit = cut;
        await until('Commits that were cut', () => proxy.commitsCut() - before >= wanted, 60_000);
      },
      heal: async () => {
        proxy.cutAtCommit = undefined;
      },
    });
    await report(result.row);
    expectNoHarm(result);
    expect(proxy.commitsCut() - commitsBefore).toBeGreaterThanOrEqual(wanted * rounds);
    const { attempts, writes } = result.recording;
    expect(attempts.some(({ outcome }) => outcome === 'outcome-unknown')).toBe(true);
    // What nobody can know is never called a failure: of a flight whose COMMIT was sent, each hears just that.
    const told = writes.filter(({ outcomes }) => outcomes.includes('outcome-unknown'));
    const retried = told.filter((write) => write.told !== undefined);
    expect(retried.length).toBeGreaterThan(0);
    const committed = new Set(result.stored.log.map(({ value }) => value));
    const givenUp = told.filter((write) => write.told === undefined);
    // Behind COMMIT all of them have taken place, and before it none. A commit that its checks would have refused is
    // told the same as the flight that it was in, so that only those without checks tell.
    const unchecked = givenUp.filter(({ counter }) => counter !== undefined);
    if (cut === 'after') expect(unchecked.filter(({ id }) => !committed.has(id))).toEqual([]);
    if (cut === 'before') expect(givenUp.filter(({ id }) => committed.has(id))).toEqual([]);
  },
);
