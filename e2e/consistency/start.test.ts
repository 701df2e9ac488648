import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { haloAt } from '../halo.js';
import { makeDataDirectory, type Run, removeDataDirectory, runHalo, startHalo } from '../halo-server.js';

const data = await makeDataDirectory();
const server = await startHalo({ data });
const spare = await makeDataDirectory();
afterAll(async () => {
  await server.stop();
  await removeDataDirectory(data);
  await removeDataDirectory(spare);
});

const secret = 'a secret of thirty-two bytes at least';
const unreachable = 'postgresql://halo:hidden-word@127.0.0.1:1/halo';

type Environment = Readonly<Record<string, string>>;
const refused: readonly (readonly [variable: string, env: Environment])[] = [
  ['APP_SETTINGS', { APP_SETTINGS: 'prod' }],
  ['PORT', { PORT: 'http' }],
  ['PORT', { PORT: '65536' }],
  ['PORT', { PORT: '-1' }],
  ['PORT', { PORT: '80.5' }],
  ['PORT', { PORT: String(server.port) }],
  ['HOST', { HOST: 'not a host' }],
  ['HOST', { HOST: '203.0.113.1' }],
  ['HALO_SECRET', { HALO_SECRET: 'short' }],
  ['HALO_SECRET', { HALO_SECRET: `${secret},short` }],
  ['HALO_SECRET', { DATABASE_URL: unreachable }],
  ['DATABASE_URL', { DATABASE_URL: 'mysql://halo:hidden-word@localhost/halo', HALO_SECRET: secret }],
  ['DATABASE_URL', { DATABASE_URL: 'postgresql://halo:hidden-word@[bad/halo', HALO_SECRET: secret }],
  ['DATABASE_URL', { DATABASE_URL: unreachable, HALO_SECRET: secret }],
  ['HALO_LOG', { HALO_LOG: 'loud' }],
  ['HALO_PASSWORD_MIN', { HALO_PASSWORD_MIN: '7' }],
  ['HALO_ACCOUNT_KEYS_MAX', { HALO_ACCOUNT_KEYS_MAX: 'many' }],
  ['HALO_ACCOUNT_BYTES_MAX', { HALO_ACCOUNT_BYTES_MAX: '-1' }],
  ['HALO_HISTORY_DAYS', { HALO_HISTORY_DAYS: '0' }],
  ['HALO_STOP_DELAY', { HALO_STOP_DELAY: '61' }],
  ['HALO_HISTORY_VERSIONS', { HALO_HISTORY_VERSIONS: 'all' }],
];

test.for(refused)('a start with a wrong %s is refused in a sentence: %o', async ([variable, env]) => {
  const run = await runHalo({ HALO_DATA: spare, ...env });
  expectRefusal(run);
  expect(run.output).toContain(variable);
  expect(run.output).not.toContain('hidden-word');
});

test('a second server on one data directory is refused, and the first does not notice', async () => {
  const halo = haloAt(server.url);
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value');
  const run = await runHalo({ HALO_DATA: data });
  expectRefusal(run);
  expect(run.output).toContain('in use by another Halo');
  expect(run.output).toContain('HALO_DATA');
  expect((await halo.read(person, 'key')).toString()).toBe('value');
  expect((await halo.set(person, 'key', 'another')).revision).toBe(2);
});

test('a data directory that is a file is refused in a sentence', async () => {
  const file = join(spare, 'a file');
  await writeFile(file, '');
  const run = await runHalo({ HALO_DATA: file });
  expectRefusal(run);
  expect(run.output).toContain('HALO_DATA');
});

test('nothing secret is printed by a server at work', async () => {
  const halo = haloAt(server.url);
  const person = await halo.signUp();
  await halo.put(person, 'a key nobody may see', 'a value nobody may see');
  await halo.get(person, 'a key nobody may see%');
  for (const hidden of [person.password, person.accessToken, person.refreshToken, 'nobody may see']) {
    expect(server.output()).not.toContain(hidden);
  }
});

/** One sentence for the operator and exit code 1: no stack, nothing listening. */
function expectRefusal({ code, output }: Run): void {
  expect({ code, output }).toEqual({
    code: 1,
    output: expect.stringMatching(/^Halo cannot start\. [A-Z].*\.\n$/s),
  });
  expect(output).not.toMatch(/^\s+at /m);
}
