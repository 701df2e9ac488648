import { type Grant, operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { expectJson, type Halo, haloAt, type Person, personOf } from '../halo.js';
import { type HaloServer, startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';
import { securityOf, withToken } from '../security.js';
import { startDebianPostgres } from './debian-postgres.js';

const [old, young] = ['the old secret of thirty-two bytes', 'the new secret of thirty-two bytes'];
const postgres = await startDebianPostgres();
let running: HaloServer[] = [];
afterAll(async () => {
  await stop();
  await postgres.stop();
});

async function stop(): Promise<void> {
  await Promise.all(running.map((server) => server.stop()));
  running = [];
}

/** Replaces all servers by one for each of the settings. */
async function deploy(...secrets: readonly string[]): Promise<Halo[]> {
  await stop();
  running = await Promise.all(
    secrets.map((secret) => startHalo({ env: { DATABASE_URL: postgres.databaseUrl, HALO_SECRET: secret } })),
  );
  return running.map(({ url }) => haloAt(url));
}

async function keyIds(halo: Halo): Promise<string[]> {
  const response = await halo.request('GET', operations.jwks.path);
  const { keys } = await expectJson<{ keys: { kid: string }[] }>(response, 200);
  return keys.map(({ kid }) => kid);
}

function keyIdOf({ accessToken }: Person): unknown {
  const [header = ''] = accessToken.split('.');
  return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: unknown }).kid;
}

async function refreshed(halo: Halo, { refreshToken }: Person): Promise<Person> {
  return personOf(await expectJson<Grant>(await halo.refresh(refreshToken), 200));
}

test('a secret is replaced without logging anybody out, and the old one is worth nothing once it is gone', async () => {
  const [before] = await deploy(old);
  if (before === undefined) throw new Error('There is a server.');
  const person = await before.signUp();
  const idle = await before.logIn(person);
  const token = withToken(person, await securityOf(before).createToken(person));
  await before.set(person, 'key', 'value');
  const [oldKey] = await keyIds(before);
  expect(keyIdOf(person)).toBe(oldKey);

  // The first secret signs. While servers are replaced, some sign with one and some with the other.
  const both = await deploy(`${young},${old}`, `${old}, ${young}`);
  const [signsNew, signsOld] = both;
  if (signsNew === undefined || signsOld === undefined) throw new Error('There are two servers.');
  const [newKey] = await keyIds(signsNew);
  expect(newKey).not.toBe(oldKey);
  expect(await keyIds(signsNew)).toEqual([newKey, oldKey]);
  expect(await keyIds(signsOld)).toEqual([oldKey, newKey]);
  for (const halo of both) {
    expect((await halo.read(person, 'key')).toString()).toBe('value');
    expect((await halo.read(token, 'key')).toString()).toBe('value');
  }
  const child = await refreshed(signsNew, person);
  expect(keyIdOf(child)).toBe(newKey);
  // The immediate parent gets the same child from a server that would have made another.
  expect((await refreshed(signsOld, person)).refreshToken).toBe(child.refreshToken);
  const grandchild = await refreshed(signsNew, await refreshed(signsOld, child));
  for (const halo of both) expect((await halo.read(grandchild, 'key')).toString()).toBe('value');

  const [after] = await deploy(young);
  if (after === undefined) throw new Error('There is a server.');
  expect(await keyIds(after)).toEqual([newKey]);
  await expectProblem(await after.get(person, 'key'), 'unauthenticated');
  await expectProblem(await after.get(idle, 'key'), 'unauthenticated');
  await expectProblem(await after.refresh(idle.refreshToken), 'unauthenticated');
  expect((await after.read(grandchild, 'key')).toString()).toBe('value');
  expect((await after.read(token, 'key')).toString()).toBe('value');
  expect((await after.read(await refreshed(after, grandchild), 'key')).toString()).toBe('value');
  expect((await after.logIn(person)).id).toBe(person.id);
});
