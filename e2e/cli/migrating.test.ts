import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { haloProgram, openCommandLine } from '../cli.js';
import { sendTo, someBytes } from '../compat/compat-client.js';
import { goodPassword, haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { startRedis } from '../redis-server.js';
import { securityOf } from '../security.js';

/** Does what docs/migrating.md tells people to do, with a real Redis; other Halo accounts play Upstash and Cloudflare. */
const [server, redis] = await Promise.all([startHalo(), startRedis()]);
const halo = haloAt(server.url);
const line = await openCommandLine({ HALO_URL: server.url });
const text = await readFile(new URL('../../docs/migrating.md', import.meta.url), 'utf8');
const bin = join(line.home, 'bin');
const namespace = 'settings';
let [owner, old]: Person[] = [];
let env: NodeJS.ProcessEnv;

interface Block {
  readonly section: string;
  readonly language: string;
  readonly name: string;
  readonly code: string;
}

const blocks: Block[] = text.split(/^## /m).flatMap((part) =>
  [...part.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```$/gms)].map(([, language = '', name = '', code = '']) => ({
    section: part.split('\n')[0] ?? '',
    language,
    name,
    code,
  })),
);
const done = new Set<Block>();

beforeAll(async () => {
  await mkdir(bin);
  await writeFile(join(bin, 'halo'), `#!/bin/sh\nexec "${process.execPath}" "${haloProgram}" "$@"\n`);
  await chmod(join(bin, 'halo'), 0o755);
  for (const block of blocks.filter(({ name }) => name !== '')) {
    await writeFile(join(line.home, block.name), block.code);
    done.add(block);
  }
  owner = await halo.signUp('ada');
  old = await halo.signUp();
  const token = (await securityOf(halo).createToken(old)).token;
  const words = ['login', '--profile', 'old', '--name', old.name, '--password-stdin'];
  expect((await line.halo(words, { input: old.password })).code).toBe(0);
  env = {
    ...line.env,
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    PASSWORD: goodPassword,
    REDIS_URL: redis.url,
    OLD_URL: `${server.url}/compat/upstash`,
    OLD_TOKEN: token,
    CLOUDFLARE: `${server.url}/compat/cloudflare/client/v4`,
    CLOUDFLARE_TOKEN: token,
    ACCOUNT: old.id,
    NAMESPACE: namespace,
  };
  await follow('Moving to Halo, and away from it');
}, 120_000);

afterAll(async () => {
  await Promise.all([server.stop(), redis.stop()]);
  await line.remove();
});

/** Runs the commands of a section, and returns what they print. */
async function follow(section: string): Promise<string> {
  let printed = '';
  const here = blocks.filter(
    (block) => block.section.replace(/^# /, '') === section && block.language === 'sh',
  );
  expect(here, section).not.toEqual([]);
  // A pipe of Node is a socket, over which bash may take itself for one that rsh started, and read its settings.
  for (const block of here) {
    const { stdout, stderr } = await promisify(execFile)(
      'bash',
      ['--norc', '-euo', 'pipefail', '-c', block.code],
      {
        cwd: line.home,
        env,
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    printed += stdout + stderr;
    done.add(block);
  }
  return printed;
}

function known(person: Person | undefined): Person {
  if (person === undefined) throw new Error('Nobody has signed up.');
  return person;
}

/** Everything in an account below a prefix: bytes, and when they end. */
async function contentOf(person: Person, prefix: string): Promise<Record<string, [string, number | null]>> {
  const content: Record<string, [string, number | null]> = {};
  for (const { key, expires_at } of (await halo.page(person, { prefix, limit: '1000' })).keys) {
    const bytes = Buffer.from(await halo.read(person, key));
    content[key] = [bytes.toString('base64'), expires_at === null ? null : Date.parse(expires_at)];
  }
  return content;
}

/** Three days from now, to a millisecond that is not a whole second. */
const later = Date.now() - (Date.now() % 1_000) + 259_200_123;

const large = Buffer.from(someBytes(1_500_000));
const values: Record<string, [Buffer, number | null]> = {
  'user:1': [Buffer.from('{"name":"ada"}'), null],
  'user:ü 語/🙂': [Buffer.from('grüße\r\nzwei\u2028Zeilen\n'), later],
  'user:bytes': [Buffer.from(someBytes(500)), later + 1],
  'user:empty': [Buffer.alloc(0), null],
  'user:ok': [Buffer.from('OK'), null],
  'user:large': [large, null],
  'user:zero': [Buffer.from([0]), null],
  ...Object.fromEntries(
    Array.from({ length: 250 }, (_, at) => [`user:many/${at}`, [Buffer.from(`${at}`), null]]),
  ),
};
const expected = Object.fromEntries(
  Object.entries(values).map(([key, [bytes, expiresMs]]) => [key, [bytes.toString('base64'), expiresMs]]),
);

test('from one Halo to another', async () => {
  await halo.set(known(old), 'elsewhere', 'x', { headers: { 'halo-metadata': '{"by":"ada"}' } });
  expect(await follow('Another Halo')).toContain('Would import: 1 key, 0 skipped');
  expect((await halo.head(known(owner), 'elsewhere')).headers.get('halo-metadata')).toBe('{"by":"ada"}');
});

test('from Redis, and back', { timeout: 180_000 }, async () => {
  for (const [key, [bytes, expiresMs]] of Object.entries(values)) {
    redis.command('SET', key, bytes, ...(expiresMs === null ? [] : ['PXAT', String(expiresMs)]));
  }
  redis.command('RPUSH', 'a list', 'x');
  redis.command('SET', Buffer.from([0x6b, 0xff]), 'nameless');
  const printed = await follow('From Redis');
  expect(printed).toContain('Left out, for its name is no UTF-8: kÿ');
  expect(printed).toContain(
    `${Object.keys(values).length} strings of ${Object.keys(values).length + 2} keys.`,
  );
  expect(printed).toContain(`Imported: ${Object.keys(values).length} keys, 0 skipped, 0 rejected.`);
  expect(await contentOf(known(owner), 'user:')).toEqual(expected);

  redis.command('FLUSHALL');
  expect(await follow('Back to Redis')).toMatch(
    new RegExp(`errors: 0, replies: ${Object.keys(values).length}\\b`),
  );
  // Read again by the program, whose reading has just been checked.
  const again = execFileSync('node', ['redis-export.mjs', redis.url], {
    cwd: line.home,
    env,
    maxBuffer: 2 ** 26,
  });
  const lines = again
    .toString()
    .trim()
    .split('\n')
    .map((one) => JSON.parse(one) as Record<string, string>);
  const found = lines.slice(1, -1).map(({ key = '', value, value_base64, expires_at }) => {
    const bytes = value === undefined ? Buffer.from(value_base64 ?? '', 'base64') : Buffer.from(value);
    return [key, [bytes.toString('base64'), expires_at === undefined ? null : Date.parse(expires_at)]];
  });
  expect(Object.fromEntries(found)).toEqual(expected);
  expect(await follow('Check')).toMatch(
    new RegExp(`^${Object.keys(values).length}\\n${Object.keys(values).length}\\n`),
  );
});

test('what breaks off on its way is found out', async () => {
  const whole = await readFile(join(line.home, 'redis.ndjson'), 'utf8');
  await writeFile(join(line.home, 'part.ndjson'), `${whole.split('\n').slice(0, -2).join('\n')}\n`);
  const imported = await line.halo(['import', join(line.home, 'part.ndjson'), '--on-conflict', 'skip']);
  expect(imported.errors).toMatch(/checksum differs/);
  const turned = promisify(execFile)(
    'bash',
    ['--norc', '-c', 'node redis-commands.mjs < part.ndjson > part.resp'],
    {
      cwd: line.home,
      env,
    },
  );
  await expect(turned).rejects.toThrow(/The export broke off/);
});

test('from Upstash, and back', { timeout: 120_000 }, async () => {
  const person = known(old);
  for (const [key, [bytes, expiresMs]] of Object.entries(values)) {
    const query = expiresMs === null ? '' : `expires_at=${new Date(expiresMs).toISOString()}`;
    await halo.set(person, key, new Uint8Array(bytes), query === '' ? {} : { query });
  }
  await halo.request('POST', '/v1/commit', {
    token: known(owner).accessToken,
    headers: { 'content-type': 'application/json' },
    body: '{"mutations":[{"delete_prefix":{"prefix":"user:"}}]}',
  });
  expect(await follow('From Upstash')).toMatch(/Imported: \d+ keys, 0 skipped, 0 rejected\./);
  expect(await contentOf(known(owner), 'user:')).toEqual(expected);
  for (const key of Object.keys(values)) await halo.delete(person, key);
  expect(await contentOf(person, 'user:')).toEqual({});
  expect(await follow('Back to Upstash')).toBe(`${Object.keys(values).length} keys were set.\n`);
  expect(await contentOf(person, 'user:')).toEqual(expected);
});

test('from Workers KV, and back', { timeout: 120_000 }, async () => {
  const person = known(old);
  await halo.set(person, `kv/${namespace}/`, '{"title": "settings"}');
  const base = `${server.url}/compat/cloudflare/accounts/me/storage/kv/namespaces/${namespace}`;
  const send = sendTo(base);
  const token = person.accessToken;
  const many = Array.from({ length: 1_010 }, (_, n) => ({ key: `key ${n}/ü`, value: `value ${n}` }));
  const soon = Math.floor(Date.now() / 1_000) + 3_600;
  const noted = { key: 'noted', value: 'x', metadata: { a: [1] }, expiration: soon };
  await send('PUT', '/bulk', { token, body: JSON.stringify([...many, noted]) });
  await send('PUT', '/values/large', { token, body: new Uint8Array(large) });
  expect(await follow('From Workers KV')).toContain('1012 keys were copied.');
  const check = async (whose: Person) => {
    expect(Buffer.from(await halo.read(whose, `kv/${namespace}/large`))).toEqual(large);
    expect((await halo.read(whose, `kv/${namespace}/key 1009/ü`)).toString()).toBe('value 1009');
    const { headers } = await halo.head(whose, `kv/${namespace}/noted`);
    expect(headers.get('halo-metadata')).toBe('{"a":[1]}');
    expect(Date.parse(headers.get('halo-expires-at') ?? '')).toBe(soon * 1_000);
  };
  await check(known(owner));
  const gone = await send('POST', '/bulk/delete', {
    token,
    body: JSON.stringify([...many.map(({ key }) => key), 'noted', 'large']),
  });
  expect(gone.status).toBe(200);
  expect((await halo.page(person, { prefix: `kv/${namespace}/` })).keys).toHaveLength(1);
  expect(await follow('Back to Workers KV')).toContain('1012 keys were copied.');
  await check(person);
});

test('all that the document shows was run', () => {
  expect(blocks.filter((block) => !done.has(block))).toEqual([]);
});
