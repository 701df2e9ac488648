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
import { someBytes } from './compat-client.js';

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
    const owner = await halo.signUp();
    const blocks = await blocksOf('compat-cloudflare.md');
    await writeFile(join(directory, 'logo.png'), someBytes(64));
    const printed = await inShell(codeIn(blocks, 'sh'), { TOKEN: await tokenOf(owner) });
    expect(printed).toContain('\nhello\n');
    expect(printed).toContain('"result":{"width": 64}');
    expect(printed).toContain('"values":{"a":"1","b":"2","c":null}');
    expect(printed).toContain('"title":"moved from Cloudflare"');

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
