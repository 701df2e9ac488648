import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CreatedToken, type Grant, operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { type DebianPostgres, startDebianPostgres } from '../consistency/debian-postgres.js';
import { expectJson, haloAt, type Person, personOf } from '../halo.js';
import { type HaloServer, startHalo } from '../halo-server.js';
import { until } from '../until.js';
import { expectNoHarm, runFault } from './fault.js';
import { seed } from './random.js';
import { isWhole, report } from './results.js';

/** Where Debian puts it. */
const library = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path));
const hourMs = 3_600_000;

const directory = await mkdtemp(join(tmpdir(), 'halo-e2e-clock-'));
// The user postgres reads there, too.
await chmod(directory, 0o755);
const clocks = { halo: join(directory, 'halo'), postgres: join(directory, 'postgres') };
let postgres: DebianPostgres | undefined;
let server: HaloServer | undefined;
afterAll(async () => {
  await server?.stop();
  await postgres?.stop();
  await rm(directory, { recursive: true });
});

/** A process under this has the clock that the file tells, at once when the file changes. */
function clockIn(file: string): Record<string, string> {
  return {
    LD_PRELOAD: library ?? '',
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    // Timers go on by the time that passes, as they do when a machine's clock is set.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
}

const setClock = (who: keyof typeof clocks, hours: number) =>
  writeFile(clocks[who], `${hours < 0 ? '-' : '+'}${Math.abs(hours)}h`, { mode: 0o644 });

async function start(): Promise<{ postgres: DebianPostgres; server: HaloServer }> {
  await setClock('halo', 0);
  await setClock('postgres', 0);
  postgres ??= await startDebianPostgres({ env: clockIn(clocks.postgres) });
  const env = {
    DATABASE_URL: postgres.databaseUrl,
    HALO_SECRET: 'a secret that nobody else has for this alone',
    HALO_HISTORY_VERSIONS: '1000000',
    ...clockIn(clocks.halo),
  };
  server ??= await startHalo({ env });
  return { postgres, server };
}

const jumps = [
  { who: 'halo', hours: 1 },
  { who: 'halo', hours: -1 },
  { who: 'postgres', hours: 1 },
  { who: 'postgres', hours: -1 },
] as const;

test.each(jumps)(
  'the clock of $who moved by $hours h loses, doubles and reorders nothing',
  async ({ who, hours }) => {
    if (library === undefined) return skipClock();
    const { postgres, server } = await start();
    const result = await runFault({
      name: `clock of ${who === 'halo' ? 'Halo' : 'PostgreSQL'} moved by ${hours > 0 ? '+' : ''}${hours} h and back`,
      url: server.url,
      seed,
      postgres: await postgres.version(),
      rounds: isWhole ? 5 : 1,
      holdMs: isWhole ? 2_000 : 500,
      // Access tokens live for 15 minutes by Halo's clock; this one lives by PostgreSQL's, and for long.
      person: await withApiToken(server.url),
      strike: async () => {
        await setClock(who, hours);
        await until(
          'The moved clock',
          async () => Math.abs((await offsetMs(who)) - hours * hourMs) < hourMs / 2,
        );
      },
      heal: () => setClock(who, 0),
    });
    await report(result.row);
    expectNoHarm(result);
  },
);

test('sessions outlive a moved clock by renewing themselves, and expiry goes by the clock of PostgreSQL', async () => {
  if (library === undefined) return skipClock();
  const { server } = await start();
  const halo = haloAt(server.url);
  const person = await halo.signUp();
  await halo.set(person, 'long', 'value', { query: 'ttl=3000' });
  await setClock('halo', 1);
  const late = await halo.get(person, 'long');
  expect(late.status).toBe(401);
  let renewed = personOf(await expectJson<Grant>(await halo.refresh(person.refreshToken), 200));
  expect((await halo.read(renewed, 'long')).toString()).toBe('value');
  await setClock('halo', -1);
  renewed = personOf(await expectJson<Grant>(await halo.refresh(renewed.refreshToken), 200));
  expect((await halo.read(renewed, 'long')).toString()).toBe('value');
  await halo.set(renewed, 'short', 'value', { query: 'ttl=0.2' });
  await until('The end of the short life', async () => (await halo.get(renewed, 'short')).status === 404);
  await setClock('halo', 0);
});

async function skipClock(): Promise<void> {
  await report('clock moved, since libfaketime is not installed here');
}

/** How far a clock is from this process's. */
async function offsetMs(who: keyof typeof clocks): Promise<number> {
  if (who === 'halo') {
    const { headers } = await fetch(`${server?.url}${operations.live.path}`);
    return Date.parse(headers.get('date') ?? '') - Date.now();
  }
  const seconds = await postgres?.query('select extract(epoch from clock_timestamp())');
  return Number(seconds) * 1_000 - Date.now();
}

async function withApiToken(url: string): Promise<Person> {
  const halo = haloAt(url);
  const person = await halo.signUp();
  const response = await halo.post(
    operations.createToken.path,
    { name: 'load', access: 'write' },
    { authorization: `Bearer ${person.accessToken}` },
  );
  const { token } = await expectJson<CreatedToken>(response, 201);
  assert.ok(token.startsWith('halo_'));
  return { ...person, accessToken: token };
}
