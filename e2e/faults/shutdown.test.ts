import { afterAll, expect, test } from 'vitest';
import { type HaloServer, makeDataDirectory, removeDataDirectory, startHalo } from '../halo-server.js';
import { expectNoHarm, runFault } from './fault.js';
import { embeddedVersion, freePort } from './processes.js';
import { seed } from './random.js';
import { isWhole, report } from './results.js';

const data = await makeDataDirectory();
const env = { PORT: String(await freePort()), HALO_HISTORY_VERSIONS: '1000000' };
let server: HaloServer = await startHalo({ data, env });
afterAll(async () => {
  await server.stop();
  await removeDataDirectory(data);
});

test('a stop under load answers what is in flight, and exits with 0', async () => {
  const signals: number[] = [];
  const result = await runFault({
    name: 'SIGTERM to Halo, and a start afterwards',
    url: server.url,
    seed,
    postgres: await embeddedVersion(data),
    rounds: isWhole ? 10 : 1,
    holdMs: 0,
    strike: async () => {
      signals.push(performance.now());
      expect(await server.terminate()).toBe(0);
    },
    heal: async () => {
      server = await startHalo({ data, env });
    },
  });
  await report(result.row);
  expectNoHarm(result);
  const inFlight = result.recording.attempts.filter(({ startedMs, endedMs }) =>
    signals.some((signalMs) => startedMs < signalMs && endedMs >= signalMs),
  );
  const broken = inFlight.filter(({ outcome }) => outcome === 'no-answer');
  await report({
    what: 'Requests in flight at SIGTERM that got no answer',
    result: String(broken.length),
    of: `${inFlight.length}, in ${signals.length} stops`,
  });
  // Whoever writes into a connection at the moment in which it is closed is reset, unread: HTTP has no other way.
  const late = result.recording.attempts.filter(
    ({ outcome, startedMs }) =>
      outcome === 'no-answer' && !inFlight.some((one) => one.startedMs === startedMs),
  );
  await report({
    what: 'Requests sent after SIGTERM into a connection that was being closed, and reset',
    result: String(late.length),
    of: `${signals.length} stops; their writes are in the table, as unknown outcomes`,
  });
  // Given up after the reset, so that no other try can have done it.
  const stored = new Set(result.stored.log.map(({ value }) => value));
  const given = result.recording.writes.filter(({ outcomes }) => outcomes.join() === 'no-answer');
  expect(given.filter(({ id }) => stored.has(id))).toEqual([]);
  expect(inFlight.length).toBeGreaterThan(0);
  expect(broken).toEqual([]);
});
