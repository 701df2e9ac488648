import assert from 'node:assert/strict';
import { afterAll, expect, test } from 'vitest';
import { type HaloServer, makeDataDirectory, removeDataDirectory, startHalo } from '../halo-server.js';
import { expectNoHarm, runFault } from './fault.js';
import { childrenOf, embeddedVersion, freePort, postmasterOf, signalFamily, signalOne } from './processes.js';
import { seed } from './random.js';
import { isWhole, report } from './results.js';

const rounds = isWhole ? 10 : 1;

const data = await makeDataDirectory();
/** Every version keeps its value, so that the log can be compared whole. */
const env = { PORT: String(await freePort()), HALO_HISTORY_VERSIONS: '1000000' };
let server: HaloServer = await startHalo({ data, env });
const postgres = await embeddedVersion(data);
afterAll(async () => {
  await server.stop();
  await removeDataDirectory(data);
});

const restart = async (): Promise<void> => {
  server = await startHalo({ data, env });
};
const nothing = async (): Promise<void> => {};

const kills = [
  { name: 'kill -9 of Halo', strike: () => server.kill9(), heal: restart },
  {
    name: 'kill -9 of the postmaster',
    strike: async () => signalOne(await postmasterOf(data), 'SIGKILL'),
    heal: nothing,
  },
  {
    name: 'kill -9 of all of PostgreSQL',
    strike: async () => signalFamily(await postmasterOf(data), 'SIGKILL'),
    heal: nothing,
  },
  { name: 'kill -9 of a busy PostgreSQL backend', strike: killBackend, heal: nothing },
  {
    name: 'kill -9 of Halo and PostgreSQL at once',
    strike: async () => {
      const postmaster = await postmasterOf(data);
      const killed = server.kill9();
      await signalFamily(postmaster, 'SIGKILL');
      await killed;
    },
    heal: restart,
  },
];

test.each(kills)('$name loses, doubles and invents nothing', async ({ name, strike, heal }) => {
  const { url } = server;
  const result = await runFault({ name, url, seed, postgres, rounds, holdMs: 0, strike, heal });
  await report(result.row);
  expectNoHarm(result);
  // Without a request that failed, nothing was tested.
  expect(result.recording.attempts.some(({ outcome }) => outcome !== 'done')).toBe(true);
});

/** One that serves Halo: its death makes the postmaster end all others and recover. */
async function killBackend(): Promise<void> {
  const backends = (await childrenOf(await postmasterOf(data))).filter(({ title }) =>
    /: halo halo /.test(title),
  );
  const backend = backends.find(({ title }) => !title.endsWith('idle')) ?? backends.at(-1);
  assert.ok(backend !== undefined, 'PostgreSQL has no backend for Halo.');
  signalOne(backend.pid, 'SIGKILL');
}
