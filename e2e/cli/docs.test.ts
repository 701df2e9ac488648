import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { haloProgram, openCommandLine } from '../cli.js';
import { goodPassword, haloAt } from '../halo.js';
import { startHalo } from '../halo-server.js';

const server = await startHalo();
const line = await openCommandLine({ HALO_URL: server.url });
const text = await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);

afterAll(async () => {
  await server.stop();
  await line.remove();
});

test('every command line of docs/cli.md does what it shows, in order', { timeout: 180_000 }, async () => {
  expect(blocks.length).toBeGreaterThan(10);
  await haloAt(server.url).signUp('ada');
  const bin = join(line.home, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'halo'), `#!/bin/sh\nexec "${process.execPath}" "${haloProgram}" "$@"\n`);
  await chmod(join(bin, 'halo'), 0o755);
  await writeFile(join(line.home, 'package.json'), '{}');
  await writeFile(join(line.home, 'changes.json'), '{"mutations":[{"delete":{"key":"visits"}}]}');
  const env = {
    ...line.env,
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    PASSWORD: goodPassword,
    APP_SETTINGS: 'testing',
  };
  for (const block of blocks) {
    const ran = promisify(execFile)('bash', ['-euo', 'pipefail', '-c', block], { cwd: line.home, env });
    await expect(ran, block).resolves.toBeDefined();
  }
});

test('all commands are shown', async () => {
  const { text: help } = await line.halo(['--help']);
  const commands = [...help.matchAll(/^ {2}(\w[\w-]*)(?: \[| <| {2})/gm)].map(([, name]) => name ?? '');
  const own = commands.filter((name) => !['halo', 'help'].includes(name) && !/^[A-Z_]+$/.test(name));
  expect(own).toContain('watch');
  for (const name of own) expect(text, name).toMatch(new RegExp(`\\bhalo ${name}\\b`));
});
