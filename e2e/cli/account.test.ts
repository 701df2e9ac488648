import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditEvent } from 'halo-contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCommandLine } from '../cli.js';
import { startDebianPostgres } from '../consistency/debian-postgres.js';
import { haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';

const postgres = await startDebianPostgres();
const settings = { DATABASE_URL: postgres.databaseUrl, HALO_SECRET: 'a secret of thirty-two bytes at least' };
const server = await startHalo({ env: settings });
const wire = haloAt(server.url);
const line = await openCommandLine({ HALO_URL: server.url });
const { halo } = line;
const file = join(line.home, 'config', 'halo', 'profiles.json');
let person: Person;

const logIn = (more: readonly string[] = [], password = person.password) =>
  halo(['login', '--name', person.name, '--password-stdin', ...more], { input: `${password}\n` });

beforeAll(async () => {
  person = await wire.signUp();
  expect(await logIn()).toMatchObject({ code: 0, errors: '' });
});

afterAll(async () => {
  await server.stop();
  await postgres.stop();
  await line.remove();
});

async function done(words: readonly string[], input = ''): Promise<string> {
  const run = await halo(words, { input });
  expect({ words, code: run.code, errors: run.errors }).toEqual({ words, code: 0, errors: '' });
  return run.text;
}

interface Stored {
  readonly session: { accessToken: string; refreshToken: string; expiresAtMs: number };
}

const readProfiles = async () =>
  JSON.parse(await readFile(file, 'utf8')) as { version: 1; profiles: Record<string, Stored> };

/** Makes the access token look as if it were about to expire, so that the next command renews it. */
async function age(name: string): Promise<string> {
  const stored = await readProfiles();
  const profile = stored.profiles[name];
  if (profile === undefined) throw new Error(`There is no profile ${name}.`);
  const session = { ...profile.session, expiresAtMs: Date.now() };
  await writeFile(
    file,
    JSON.stringify({ ...stored, profiles: { ...stored.profiles, [name]: { ...profile, session } } }),
  );
  return session.refreshToken;
}

test('only the person may read what is kept, and nothing else is left beside it', async () => {
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(file, '..'))).toEqual(['profiles.json']);
  expect(await done(['whoami'])).toContain(person.name);
  const config = await done(['config', '--json']);
  expect(JSON.parse(config)).toMatchObject({ file, account: person.name, credential: 'session' });
  expect(config).not.toContain((await readProfiles()).profiles.default?.session.refreshToken);
});

test('a wrong password and missing ones are told apart', async () => {
  expect(await logIn([], 'another lantern over water')).toMatchObject({
    code: 3,
    errors: expect.stringMatching(/wrong.*\(request \S+\)/),
  });
  expect(await halo(['login', '--name', person.name])).toMatchObject({ code: 2 });
  expect(await halo(['whoami', '--profile', 'nobody'])).toMatchObject({
    code: 3,
    errors: expect.stringMatching(/halo login/),
  });
  expect(await halo(['whoami'], { env: { HALO_TOKEN: 'junk' } })).toMatchObject({ code: 3 });
});

test('commands at once renew one session without logging each other out', async () => {
  const old = await age('default');
  const runs = await Promise.all(
    Array.from({ length: 4 }, (_, index) => halo(['set', `at-once/${index}`, 'x'])),
  );
  expect(runs.map(({ code, errors }) => ({ code, errors }))).toEqual(
    runs.map(() => ({ code: 0, errors: '' })),
  );
  const { session } = (await readProfiles()).profiles.default ?? {};
  expect(session?.refreshToken).not.toBe(old);
  expect((await halo(['get', 'at-once/0'])).code).toBe(0);
  const events = (await done(['audit', 'list', '--json'])).trim().split('\n');
  const names = events.map((text) => (JSON.parse(text) as AuditEvent).event);
  // The first renewed it for all: nobody used the old token again.
  expect(names.filter((name) => name === 'refresh')).toHaveLength(1);
  expect(names).not.toContain('refresh-replayed');
});

test('a profile is for its own server only', async () => {
  const elsewhere = await halo(['whoami', '--url', 'http://127.0.0.1:9'], { env: { HALO_URL: '' } });
  expect(elsewhere).toMatchObject({ code: 3, errors: expect.stringMatching(/is for http:\/\/localhost/) });
});

test('a server that is not there is told of', async () => {
  const env = { HALO_URL: `http://127.0.0.1:${await freePort()}`, HALO_TOKEN: 'halo_x' };
  for (const words of [['get', 'k'], ['set', 'k', 'v'], ['doctor']]) {
    expect((await halo(words, { env })).code, words.join(' ')).toBe(5);
  }
});

test('tokens are made, used within their scope, and revoked', async () => {
  await done(['set', 'shop/one', 'x']);
  const words = [
    'tokens',
    'create',
    'shop',
    '--access',
    'read',
    '--prefix',
    'shop/',
    '--expires',
    '1d',
    '--json',
  ];
  const { id, token } = JSON.parse(await done(words)) as { id: string; token: string };
  expect(await done(['login', '--token-stdin', '--profile', 'shop'], `${token}\n`)).toContain(person.name);
  expect(await done(['get', 'shop/one', '--profile', 'shop'])).toBe('x');
  expect((await halo(['set', 'shop/one', 'y', '--profile', 'shop'])).code).toBe(3);
  expect((await halo(['get', 'at-once/0'], { env: { HALO_TOKEN: token } })).code).toBe(3);
  expect(await done(['doctor', '--profile', 'shop'])).toMatch(/^ok .* only keys with its prefix/m);
  expect(await done(['tokens', 'list'])).toMatch(/shop +read +shop\//);
  await done(['tokens', 'revoke', id]);
  expect((await halo(['get', 'shop/one', '--profile', 'shop'])).code).toBe(3);
  expect((await halo(['tokens', 'revoke', id])).code).toBe(4);
});

test('sessions are listed and ended', async () => {
  await logIn(['--profile', 'other']);
  const sessions = (await done(['sessions', 'list', '--json'])).trim().split('\n');
  const others = sessions.map((text) => JSON.parse(text) as { id: string; current: boolean; device: string });
  expect(others.find(({ current }) => current)?.device).toMatch(/^halo-cli\//);
  await done(['sessions', 'end-others']);
  expect(await halo(['whoami', '--profile', 'other'])).toMatchObject({
    code: 3,
    errors: expect.stringMatching(/ended.*Log in with "halo login"/),
  });
  await logIn(['--profile', 'other']);
  const again = (await done(['sessions', 'list', '--json', '--profile', 'other'])).trim().split('\n');
  const stranger = again
    .map((text) => JSON.parse(text) as { id: string; current: boolean })
    .find((s) => !s.current);
  await done(['sessions', 'end', stranger?.id ?? '', '--profile', 'other']);
  expect((await halo(['whoami'])).code).toBe(3);
  await logIn();
});

test('the trail is verified, and a tampered event is found', async () => {
  const verified = JSON.parse(await done(['audit', 'verify', '--json'])) as {
    last: number;
    last_hash: string;
  };
  expect(await done(['audit', 'verify', '--anchor', verified.last_hash])).toMatch(/are intact.*in its place/);
  expect((await halo(['audit', 'verify', '--anchor', 'ab'.repeat(32)])).code).toBe(1);
  const trail = join(line.home, 'trail.ndjson');
  await writeFile(trail, await done(['audit', 'list', '--limit', '1000', '--json']));
  expect(await done(['audit', 'verify', '--from-file', trail])).toMatch(/^Events 1 to \d+ are intact/);
  await postgres.query(
    `update audit_events set device = 'another' where account_id = ${person.id} and number = 3`,
  );
  expect(await halo(['audit', 'verify'])).toMatchObject({
    code: 1,
    errors: expect.stringMatching(/broken at event 3: it does not have the hash/),
  });
  const lines = (await readFile(trail, 'utf8')).trim().split('\n');
  await writeFile(trail, lines.filter((text) => (JSON.parse(text) as AuditEvent).number !== 2).join('\n'));
  expect((await halo(['audit', 'verify', '--from-file', trail])).errors).toMatch(/at event 2: it is missing/);
});

test('doctor names what is wrong and what to do', async () => {
  await chmod(file, 0o644);
  const run = await halo(['doctor']);
  expect(run.text).toMatch(/^warn Others may read .*chmod 600/m);
  expect(run.text).toContain(`ok   Logged in as ${person.name}, with a log-in.`);
  expect(run).toMatchObject({ code: 0, errors: '' });
  const stranger = await halo(['doctor', '--profile', 'nobody', '--json']);
  expect(stranger.code).toBe(3);
  expect(stranger.text).toMatch(/"state":"fail".*halo login/);
});

test('the operator’s commands are mounted, and the schema is brought up to date', async () => {
  const env = settings;
  expect((await halo(['admin', 'accounts', 'list'], { env })).text).toContain(person.name);
  expect(await halo(['admin', 'accounts', 'show', 'nobody-here'], { env })).toMatchObject({
    code: 1,
    errors: 'There is no account named "nobody-here".\n',
  });
  expect((await halo(['migrate'], { env })).text).toBe('The schema is up to date; nothing was changed.\n');
  expect((await halo(['migrate'], { env: { DATABASE_URL: 'junk' } })).code).toBe(1);
});

test('logging out ends the session on the server', async () => {
  const { session } = (await readProfiles()).profiles.default ?? {};
  await done(['logout']);
  const answer = await wire.request('GET', '/v1/account', { token: session?.accessToken });
  expect(answer.status).toBe(401);
  expect((await halo(['logout'])).code).toBe(3);
  expect((await halo(['whoami'])).code).toBe(3);
});

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  return new Promise((resolve) => {
    const listener = createServer().listen(0, '127.0.0.1', () => {
      const address = listener.address();
      listener.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
