import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { haloProgram, openCommandLine } from '../cli.js';
import { haloAt } from '../halo.js';
import { startHalo } from '../halo-server.js';

const server = await startHalo();
const line = await openCommandLine({ HALO_URL: server.url });
const bin = join(line.home, 'bin');
const env = { ...line.env, PATH: `${bin}${delimiter}${process.env.PATH}` };

beforeAll(async () => {
  await mkdir(bin);
  await writeFile(join(bin, 'halo'), `#!/bin/sh\nexec "${process.execPath}" "${haloProgram}" "$@"\n`);
  await chmod(join(bin, 'halo'), 0o755);
  const wire = haloAt(server.url);
  const person = await wire.signUp();
  const words = ['login', '--name', person.name, '--password-stdin'];
  expect(await line.halo(words, { input: `${person.password}\n` })).toMatchObject({ code: 0, errors: '' });
  // More than a pipe holds, so that a command that goes on writing finds out.
  for (let at = 0; at < 40; at += 1) await wire.set(person, `pipe/${at}`, 'x'.repeat(10_000));
});

afterAll(async () => {
  await server.stop();
  await line.remove();
});

/** Runs a pipe, and returns what came out of it, and what its first command exited with. */
async function pipe(text: string): Promise<{ text: string; code: string; errors: string }> {
  const script = `${text}; echo "exit \${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { env, cwd: line.home });
  const [, before = '', code = ''] = /^(.*)exit (\d+)\n$/s.exec(stdout) ?? [];
  return { text: before, code, errors: stderr };
}

test.each([
  ['halo ls pipe/ | head -n 1', /^pipe\/0\n$/],
  ['halo ls pipe/ --long | head -n 1', /^revision/],
  ['halo ls --json | head -n 1', /^\{.*\}\n$/],
  ['halo history pipe/1 | true', /^$/],
  ['halo export | head -c 10', /^\{"halo":1,$/],
  ['halo export -o - | head -c 10', /^\{"halo":1,$/],
  ['halo get pipe/1 | head -c 3', /^xxx$/],
  ['halo get pipe/1 -o - | head -c 3', /^xxx$/],
  ['halo audit list | true', /^$/],
  ['halo --help | head -n 1', /^Usage: halo/],
])('%s ends well, with nothing to say', async (command, expected) => {
  expect(await pipe(command)).toEqual({ text: expect.stringMatching(expected), code: '0', errors: '' });
});

const isLinux = process.platform === 'linux';
// Elsewhere nothing tells of a reader that has gone before something is written to it.
test.runIf(isLinux)('a watch ends when nobody reads on, though nothing changes any more', async () => {
  const first = await pipe('halo watch pipe/ --since 0 | head -n 1');
  expect(first).toEqual({ text: expect.stringMatching(/ set .* pipe\/0 /), code: '0', errors: '' });
  // What has never had anything to write does so too.
  expect(await pipe('halo watch none/ | true')).toEqual({ text: '', code: '0', errors: '' });
});

test('a pipe that is read stays open, however long nothing comes', async () => {
  const watching = await pipe('timeout 3 halo watch none/ | cat');
  expect(watching).toEqual({ text: '', code: '124', errors: '' });
  // A watch that is killed leaves nobody behind who keeps the pipe open.
  const killed = await pipe('timeout -s KILL 3 halo watch none/ | cat');
  expect(killed).toMatchObject({ text: '', code: '137' });
});
