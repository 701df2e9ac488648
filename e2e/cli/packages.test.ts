import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { goodPassword } from '../halo.js';
import { neutralEnvironment } from '../halo-server.js';
import { until } from '../until.js';

/** Packing, and fetching what Halo depends on from the registry or npm's cache. */
const installMsMax = 240_000;
const commandMsMax = 60_000;

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const packages = ['contract', 'client', 'server', 'console', 'cli'];

const folder = await mkdtemp(join(tmpdir(), 'halo-packages-'));
const home = join(folder, 'home');
const env = {
  ...neutralEnvironment(),
  APP_SETTINGS: 'testing',
  XDG_CONFIG_HOME: join(folder, 'config'),
  HALO_DATA: join(folder, 'data'),
  npm_config_update_notifier: 'false',
};

afterAll(() => rm(folder, { recursive: true, force: true }));

test('the packages, installed with npm into an empty folder, serve a Halo and use it', {
  timeout: installMsMax + 2 * commandMsMax,
}, async () => {
  await mkdir(home);
  await writeFile(join(home, 'package.json'), '{"private":true}');
  const words = packages.flatMap((name) => ['--workspace', name]);
  const packed = await run('npm', ['pack', '--json', '--pack-destination', folder, ...words], {
    cwd: root,
    timeout: installMsMax,
    maxBuffer: 64 * 1024 * 1024,
  });
  const tarballs = JSON.parse(packed.stdout) as { filename: string; files: { path: string }[] }[];
  expect(tarballs).toHaveLength(packages.length);
  const files = tarballs.flatMap((tarball) => tarball.files.map(({ path }) => path));
  expect(files.filter((path) => /\.test\.|tsbuildinfo|(^|\/)src\//.test(path))).toEqual([]);

  const paths = tarballs.map(({ filename }) => join(folder, filename));
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...options, ...paths], { cwd: home, env, timeout: installMsMax });

  // Of its own group: npx is a process that waits for another.
  const server = spawn('npx', ['--no-install', 'halo', 'serve', '--port', '0'], {
    cwd: home,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let isClosed = false;
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  server.once('close', () => {
    isClosed = true;
  });
  const end = () => {
    if (!isClosed && server.pid !== undefined) process.kill(-server.pid, 'SIGTERM');
  };
  try {
    const ready = await until(
      'The ready line',
      () => /ready after .*: (http:\S+)\/home/.exec(output) ?? (isClosed && 'ended'),
      commandMsMax,
    );
    if (ready === 'ended') throw new Error(output);
    const url = ready[1] ?? '';
    const page = await fetch(`${url}/home`);
    expect({ status: page.status, type: page.headers.get('content-type') }).toEqual({
      status: 200,
      type: 'text/html; charset=utf-8',
    });
    const credentials = { name: 'ada', password: goodPassword };
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(credentials);
    const signedUp = await fetch(`${url}/v1/auth/sign-up`, { method: 'POST', headers, body });
    expect(signedUp.status).toBe(201);
    const { access_token } = (await signedUp.json()) as { access_token: string };
    const halo = async (...command: string[]): Promise<string> => {
      const settings = { ...env, HALO_URL: url, HALO_TOKEN: access_token };
      return (await run('npx', ['--no-install', 'halo', ...command], { cwd: home, env: settings })).stdout;
    };
    expect(await halo('set', 'greeting', 'hello')).toBe('greeting is created at revision 1.\n');
    expect(await halo('get', 'greeting')).toBe('hello');
    expect(await halo('admin', 'accounts', 'list')).toContain('ada');
  } finally {
    end();
    await until('The end of the server', () => isClosed, commandMsMax);
  }
});
