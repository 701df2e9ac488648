import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Grant, operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { adminWith } from '../admin.js';
import { expectJson, haloAt, type Person, personOf } from '../halo.js';
import { runHalo, startHalo } from '../halo-server.js';
import { startDebianPostgres } from './debian-postgres.js';

const testTimeoutMs = 120_000;

interface Fixture {
  readonly secret: string;
  readonly accounts: readonly {
    readonly name: string;
    readonly password: string;
    readonly refresh_token: string;
    readonly api_token: string;
    readonly keys: Readonly<Record<string, Kept>>;
    readonly history: Readonly<Record<string, readonly { revision: number; kind: string }[]>>;
    readonly trash: readonly string[];
  }[];
}

interface Kept {
  readonly revision: number;
  readonly content_type: string;
  readonly metadata: string | null;
  /** In base64. */
  readonly value: string;
}

const fixtureFile = (name: string) => readFile(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const fixture = JSON.parse(await fixtureFile('schema-0004.json')) as Fixture;

const postgres = await startDebianPostgres();
await postgres.load(await fixtureFile('schema-0004.sql'));
const settings = {
  DATABASE_URL: postgres.databaseUrl,
  HALO_SECRET: fixture.secret,
  // The fixture ages, and its history is not to be pruned for that.
  HALO_HISTORY_DAYS: '36500',
};
const applied = async () =>
  (await postgres.query('select name from kysely_migration order by 1')).split('\n');
const appliedBefore = await applied();
const server = await startHalo({ env: settings });
const halo = haloAt(server.url);

afterAll(async () => {
  await server.stop();
  await postgres.stop();
});

async function logIn({ refresh_token }: Fixture['accounts'][number]): Promise<Person> {
  return personOf(await expectJson<Grant>(await halo.refresh(refresh_token), 200));
}

test('the database of an older Halo is brought up to date', async () => {
  expect(appliedBefore.at(-1)).toBe('0004-retention');
  expect((await applied()).slice(0, appliedBefore.length)).toEqual(appliedBefore);
  expect((await applied()).length).toBeGreaterThan(appliedBefore.length);
});

test.for(fixture.accounts)('everything that $name had is there', async (account) => {
  const person = await logIn(account);
  const found: Record<string, Kept> = {};
  for (const { key, revision } of (await halo.page(person)).keys) {
    const { headers } = await halo.get(person, key);
    const value = (await halo.read(person, key)).toString('base64');
    const metadata = headers.get('halo-metadata');
    found[key] = { revision, content_type: headers.get('content-type') ?? '', metadata, value };
  }
  expect(found).toEqual(account.keys);
  for (const [key, versions] of Object.entries(account.history)) {
    const path = operations.getHistory.path.replace('{key}', () => encodeURIComponent(key));
    const response = await halo.request('GET', path, { token: person.accessToken });
    expect(await expectJson(response, 200)).toMatchObject({ versions });
  }
  const trash = await halo.request('GET', operations.listTrash.path, { token: person.accessToken });
  const kept = JSON.stringify(await expectJson(trash, 200));
  for (const key of account.trash) expect(kept).toContain(JSON.stringify(key));
});

test.for(fixture.accounts)('the sessions of $name go on, and the password is the same', async (account) => {
  const read = (key: string) =>
    halo.request(
      'GET',
      operations.getKey.path.replace('{key}', () => encodeURIComponent(key)),
      {
        token: account.api_token,
      },
    );
  const { status } = await read('notes/first');
  expect(status).toBe(200);
  // The token may read no more than it could.
  expect((await read('visits')).status).toBe(403);
  const person = await halo.logIn(account);
  expect(person.name).toBe(account.name);
  const { revision } = await halo.page(person);
  expect((await halo.set(person, 'new', 'value')).revision).toBe(revision + 1);
});

test('a newer Halo’s database is refused by name, by servers and commands, and left as it is', {
  timeout: testTimeoutMs,
}, async () => {
  const newer = await startDebianPostgres();
  try {
    await newer.load(await fixtureFile('schema-0004.sql'));
    await newer.query(`insert into kysely_migration values ('9999-from-the-future', now()::text)`);
    const before = await newer.dump();
    const env = { ...settings, DATABASE_URL: newer.databaseUrl };
    const { code, output } = await runHalo(env);
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringMatching(
        /^Halo cannot start\. .*9999-from-the-future.* newer Halo\?\n$/,
      ) as string,
    });
    for (const words of [
      ['accounts', 'list'],
      ['backup', join(tmpdir(), `never-made-${process.pid}.backup`)],
    ]) {
      const run = await adminWith(env)(words);
      expect(run).toMatchObject({ code: 1, errors: expect.stringContaining('9999-from-the-future') });
    }
    expect(contentOf(await newer.dump())).toBe(contentOf(before));
  } finally {
    await newer.stop();
  }
});

/** Without the word that pg_dump makes up for each dump. */
function contentOf(dump: string): string {
  return dump.replaceAll(/^\\(?:un)?restrict .*$/gm, '');
}
