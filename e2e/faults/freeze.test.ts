import { afterAll, expect, test } from 'vitest';
import { makeDataDirectory, removeDataDirectory, startHalo } from '../halo-server.js';
import { expectNoHarm, runFault } from './fault.js';
import { embeddedVersion, postmasterOf, signalFamily, signalOne } from './processes.js';
import { seed } from './random.js';
import { isWhole, report } from './results.js';

const data = await makeDataDirectory();
const server = await startHalo({ data, env: { HALO_HISTORY_VERSIONS: '1000000' } });
const postgres = await embeddedVersion(data);
afterAll(async () => {
  await server.stop();
  await removeDataDirectory(data);
});

/** PostgreSQL is given up on after 20 s, and whoever then waits for a new connection has 5 s. */
const errorMsMax = 32_000;
const holds = isWhole ? [10_000, 30_000] : [3_000];

const frozen = [
  { who: 'Halo', signal: async (name: NodeJS.Signals) => signalOne(server.pid, name) },
  { who: 'PostgreSQL', signal: async (name: NodeJS.Signals) => signalFamily(await postmasterOf(data), name) },
];

const freezes = frozen.flatMap((one) => holds.map((holdMs) => ({ ...one, holdMs })));

test.each(freezes)(
  '$who frozen for $holdMs ms loses nothing, and nobody waits for ever',
  async ({ who, signal, holdMs }) => {
    const result = await runFault({
      name: `${who} frozen for ${holdMs / 1_000} s`,
      url: server.url,
      seed,
      postgres,
      rounds: 1,
      holdMs,
      strike: () => signal('SIGSTOP'),
      heal: () => signal('SIGCONT'),
    });
    await report(result.row);
    expectNoHarm(result);
    // Whoever was waiting when it froze has waited until it went on, or was told.
    expect(result.row.longestMs).toBeGreaterThan(Math.min(holdMs, 10_000) * 0.8);
    if (who === 'PostgreSQL') expect(result.row.longestMs).toBeLessThan(errorMsMax);
  },
);
