import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'halo-packages-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** No network, and nothing of the developer's own cache: what is not in the packages is missing. */
const npm = (args: readonly string[], cwd: string) =>
  run('npm', [...args, '--offline', '--no-audit', '--no-fund', `--cache=${join(folder, 'cache')}`], { cwd });

/** What the SDK does against a server is tested elsewhere: here it only has to load and run. */
const program = `
import { createHalo } from 'halo-client';
import { HaloKeyv } from 'halo-client/keyv';
const answer = async (url) => new Response('hello from ' + url, { headers: { 'content-type': 'text/plain' } });
const halo = createHalo({ url: 'http://halo.test', token: 'halo_t', fetch: answer });
console.log(await halo.getText('a b'), await new HaloKeyv(halo, { namespace: 'n' }).get('k'));
`;
const typed = `
import { createHalo, type Value } from 'halo-client';
import { HaloKeyv } from 'halo-client/keyv';
import haloDriver from 'halo-client/unstorage';
const halo = createHalo({ url: 'http://halo.test' });
const value: Value | undefined = await halo.get('greeting');
export const length: number | undefined = value?.bytes.length;
export const store = new HaloKeyv(halo, { namespace: 'a' });
export const name: string = haloDriver({ halo }).name;
`;
const wronglyTyped = `${typed}export const wrong: number = halo.getText('greeting');\n`;

test('the packages install without a network, the SDK alone; it runs in Node and has its types', {
  timeout: 300_000,
}, async () => {
  await npm(['pack', '-w', 'halo-contract', '-w', 'halo-client', `--pack-destination=${folder}`], root);
  const tarballs = (await readdir(folder)).filter((name) => name.endsWith('.tgz')).toSorted();
  expect(tarballs).toEqual(['halo-client-0.1.0.tgz', 'halo-contract-0.1.0.tgz']);
  // No tests, no sources of the tests, nothing of the workspace.
  const { stdout: listed } = await run('tar', ['-tzf', join(folder, 'halo-client-0.1.0.tgz')]);
  expect(listed).toContain('package/dist/index.js');
  expect(listed).toContain('package/README.md');
  expect(listed).not.toMatch(/test|scripts|src\//);

  const app = join(folder, 'client');
  await mkdir(app);
  await writeFile(join(app, 'package.json'), '{"name":"app","private":true,"type":"module"}');
  await npm(['install', join(folder, 'halo-client-0.1.0.tgz')], app);
  const installed = (await readdir(join(app, 'node_modules'))).filter((name) => !name.startsWith('.'));
  expect(installed).toEqual(['halo-client']);

  await writeFile(join(app, 'program.js'), program);
  expect((await run(process.execPath, ['program.js'], { cwd: app })).stdout).toBe(
    'hello from http://halo.test/v1/keys/a%20b hello from http://halo.test/v1/keys/n%3Ak\n',
  );

  // The contract has one dependency, which only a registry could install: it is linked instead.
  const contract = join(folder, 'contract');
  const modules = join(contract, 'node_modules');
  await mkdir(join(modules, 'halo-contract'), { recursive: true });
  const unpacked = ['--strip-components=1', '-C', join(modules, 'halo-contract')];
  await run('tar', ['-xzf', join(folder, 'halo-contract-0.1.0.tgz'), ...unpacked]);
  await symlink(join(root, 'node_modules', 'typebox'), join(modules, 'typebox'));
  const shown = "import { limits } from 'halo-contract'; console.log(limits.keyBytesMax);";
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', shown], { cwd: contract });
  expect(stdout).toBe('1024\n');

  const check = (file: string) =>
    run(
      join(root, 'node_modules', '.bin', 'tsc'),
      ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023,dom', file],
      { cwd: app },
    ).then(
      () => '',
      ({ stdout }: { readonly stdout: string }) => stdout,
    );
  await writeFile(join(app, 'typed.ts'), typed);
  await writeFile(join(app, 'wrong.ts'), wronglyTyped);
  expect(await check('typed.ts')).toBe('');
  expect(await check('wrong.ts')).toContain('wrong.ts');
});
