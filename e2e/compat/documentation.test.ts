import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { securityOf } from '../security.js';
import { sendTo, someBytes } from './compat-client.js';

/** Runs what docs/compat-*.md tell people to run. Only blocks marked `console` are left out. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const server = await startHalo();
const halo = haloAt(server.url);
const directory = await mkdtemp(join(tmpdir(), 'halo-docs-'));
await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

/** A thousand requests of a script, beside other tests on slow cores. */
const scriptsMsMax = 120_000;

interface Block {
  readonly language: string;
  readonly name: string;
  readonly code: string;
}

async function blocksOf(document: string): Promise<Block[]> {
  const text = await readFile(join(root, 'docs', document), 'utf8');
  return [...text.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```$/gms)].map(
    ([, language = '', name = '', code = '']) => ({
      language,
      name,
      code,
    }),
  );
}

function codeIn(blocks: readonly Block[], wanted: string): string[] {
  return blocks.filter(({ language, name }) => language === wanted && name === '').map(({ code }) => code);
}

async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const options = { cwd: directory, env: { ...process.env, HALO: server.url, ...env } };
  const { stdout } = await promisify(execFile)(program, [...args], options);
  return stdout;
}

async function tokenOf(owner: Person): Promise<string> {
  return (await securityOf(halo).createToken(owner)).token;
}

/** In one shell, as they follow each other; `-f` has curl fail where the server refuses. */
function inShell(commands: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const script = commands.join('\n').replaceAll('curl -s', 'curl -sf -w "\\n"');
  return run('bash', ['-euc', script], env);
}

test(
  'the commands and scripts for Workers KV do what the document says',
  async () => {
    const [owner, source] = [await halo.signUp(), await halo.signUp()];
    const blocks = await blocksOf('compat-cloudflare.md');
    // Another Halo account stands in for Cloudflare.
    const bytes = someBytes(300_000);
    await halo.set(source, 'kv/old/', '{"title": "old"}');
    const values = Array.from({ length: 1_010 }, (_, n) => ({ key: `key ${n}/ü`, value: `value ${n}` }));
    const old = sendTo(`${server.url}/compat/cloudflare/accounts/me/storage/kv/namespaces/old`);
    const token = source.accessToken;
    const soon = Math.floor(Date.now() / 1_000) + 3_600;
    const noted = { key: 'noted', value: 'x', metadata: { a: [1] }, expiration: soon };
    await old('PUT', '/bulk', { token, body: JSON.stringify([...values, noted]) });
    await old('PUT', '/values/large', { token, body: bytes });
    await writeFile(join(directory, 'logo.png'), someBytes(64));
    for (const { name, code } of blocks) if (name !== '') await writeFile(join(directory, name), code);

    const printed = await inShell(codeIn(blocks, 'sh'), {
      TOKEN: await tokenOf(owner),
      CLOUDFLARE: `${server.url}/compat/cloudflare/client/v4`,
      CLOUDFLARE_TOKEN: await tokenOf(source),
      ACCOUNT: source.id,
      NAMESPACE: 'old',
    });
    expect(printed).toContain('\nhello\n');
    expect(printed).toContain('"result":{"width": 64}');
    expect(printed).toContain('"values":{"a":"1","b":"2","c":null}');
    expect(printed).toContain('"title":"moved from Cloudflare"');
    expect(printed).toContain('1012 keys were copied.');
    const [folder] = (await halo.page(owner, { prefix: 'kv/', delimiter: '/' })).prefixes
      .map(({ prefix }) => prefix)
      .filter((prefix) => !prefix.includes('0f2ac74b'));
    expect(new Uint8Array(await halo.read(owner, `${folder}large`))).toEqual(bytes);
    expect((await halo.read(owner, `${folder}key 1009/ü`)).toString()).toBe('value 1009');
    const copied = await halo.head(owner, `${folder}noted`);
    expect(copied.headers.get('halo-metadata')).toBe('{"a":[1]}');
    expect(Date.parse(copied.headers.get('halo-expires-at') ?? '')).toBe(soon * 1_000);

    const [script = ''] = codeIn(blocks, 'js');
    const told = await run('node', ['--input-type=module', '-e', script], { TOKEN: await tokenOf(owner) });
    expect(told).toBe('value\nkey\n');
  },
  scriptsMsMax,
);

test('the commands and scripts for unstorage do what the document says', async () => {
  const owner = await halo.signUp();
  const blocks = await blocksOf('compat-unstorage.md');
  const env = { TOKEN: await tokenOf(owner) };
  const [script = ''] = codeIn(blocks, 'js');
  const told = await run('node', ['--input-type=module', '-e', script], env);
  expect(told).toContain("{ theme: 'dark' }\n[ 'user:ada' ]\n");
  expect(told).toContain('ttl: 3600');
  expect((await halo.page(owner)).keys.map(({ key }) => key)).toEqual([
    'app/key',
    'logo',
    'session/1',
    'user/ada',
  ]);
  const printed = await inShell(codeIn(blocks, 'sh'), env);
  expect(printed).toContain('\n{"theme": "light"}\n["user/ada","user/grace"]\n');
  expect(printed).toContain('x-ttl: 3600');
  expect((await halo.page(owner, { prefix: 'user/' })).keys).toEqual([]);
});
