import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { haloProgram, openCommandLine } from '../cli.js';
import { haloAt } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { openTerminal, type PseudoTerminal } from '../pseudo-terminal.js';

const server = await startHalo();
const line = await openCommandLine({ HALO_URL: server.url });
const bin = join(line.home, 'bin');
const env = { ...line.env, PATH: `${bin}${delimiter}${process.env.PATH}`, HOME: line.home };
const scripts = {
  bash: join(line.home, 'halo.bash'),
  zsh: join(line.home, 'halo.zsh'),
  fish: join(line.home, 'halo.fish'),
};

beforeAll(async () => {
  for (const shell of Object.keys(scripts)) demand(shell);
  await mkdir(bin);
  // What the shell runs only shows what it got; the script's own question is answered by the program itself.
  const program = `"${process.execPath}" "${haloProgram}"`;
  await writeFile(
    join(bin, 'halo'),
    `#!/bin/sh\nif [ "$1" = complete-keys ]; then exec ${program} "$@"; fi\nprintf 'got'\nprintf '[%s]' "$@"\necho\n`,
  );
  await chmod(join(bin, 'halo'), 0o755);
  for (const [shell, path] of Object.entries(scripts)) {
    const { code, text } = await line.halo(['completion', shell]);
    expect(code).toBe(0);
    await writeFile(path, text);
  }
  const wire = haloAt(server.url);
  const person = await wire.signUp();
  const words = ['login', '--name', person.name, '--password-stdin'];
  expect(await line.halo(words, { input: `${person.password}\n` })).toMatchObject({ code: 0, errors: '' });
  for (const key of ['greeting', 'pictures/cat', 'pictures/dog', 'user:1:name', 'two words', 'zebra$x'])
    await wire.set(person, key, 'x');
  await writeFile(join(line.home, 'changes.json'), '{}');
  // A folder of a command's name is no reason to take the one for the other.
  await mkdir(join(line.home, 'tokens'));
});

afterAll(async () => {
  await server.stop();
  await line.remove();
});

function demand(shell: string): void {
  if (spawnSync(shell, ['--version']).status !== 0)
    throw new Error(`There is no ${shell} to complete in. Install it with "apt-get install ${shell}".`);
}

/** What is typed before Tab, and what the command gets when Enter follows. */
const cases: readonly (readonly [string, string])[] = [
  ['halo tok', '[tokens]'],
  ['halo tokens cr', '[tokens][create]'],
  ['halo tokens create --acc', '[tokens][create][--access]'],
  ['halo tokens create --access w', '[tokens][create][--access][write]'],
  ['halo --profile default tokens rev', '[--profile][default][tokens][revoke]'],
  ['halo ls --lon', '[ls][--long]'],
  ['halo admin accounts reset', '[admin][accounts][reset-password]'],
  ['halo completion fi', '[completion][fish]'],
  ['halo help wat', '[help][watch]'],
  ['halo commit chan', '[commit][changes.json]'],
  ['halo set k --file chan', '[set][k][--file][changes.json]'],
  ['halo get gre', '[get][greeting]'],
  ['halo get pictures/c', '[get][pictures/cat]'],
  ['halo get --profile default gre', '[get][--profile][default][greeting]'],
  ['halo rm greeting pictures/d', '[rm][greeting][pictures/dog]'],
  ['halo get user:1', '[get][user:1:name]'],
  ['halo get two', '[get][two words]'],
  ['halo get zeb', '[get][zebra$x]'],
  ['halo ls pict', '[ls][pictures/]'],
  ['halo export --prefix pict', '[export][--prefix][pictures/]'],
  ['halo whoami chan', '[whoami][chan]'],
];

/** Types a command into a shell, presses Tab and Enter, and waits for what the command was given. */
async function complete(terminal: PseudoTerminal, typed: string): Promise<string> {
  // What is typed before the prompt would be shown twice.
  await terminal.sees(/\n> ?$/);
  const before = answersOn(terminal).length;
  terminal.type(`${typed}\t\r`);
  await terminal.sees(new RegExp(`(?:^got\\[.*\\]$[^]*){${before + 1}}`, 'm'));
  return answersOn(terminal)[before] ?? '';
}

const answersOn = (terminal: PseudoTerminal) =>
  terminal.screen().flatMap((text) => (text.startsWith('got[') ? [text.slice('got'.length)] : []));

test.each([
  ['bash', 'bash --norc --noprofile -i', `source '${scripts.bash}'`],
  ['zsh', 'zsh -f -i', `autoload -U compinit; compinit -D -u; source '${scripts.zsh}'`],
])('%s completes commands, options, files and keys', { timeout: 180_000 }, async (_, shell, setting) => {
  const terminal = openTerminal(shell, { env, cwd: line.home });
  terminal.type(`PS1='> '; ${setting}; bind 'set bell-style none' 2>/dev/null; halo ready\r`);
  await terminal.sees(/^got\[ready\]$/m);
  for (const [typed, got] of cases) expect([typed, await complete(terminal, typed)]).toEqual([typed, got]);
  terminal.type('exit\r');
  await terminal.ended();
});

test('fish completes commands, options, files and keys', { timeout: 180_000 }, async () => {
  for (const [typed, got] of cases) {
    const asked = ['--no-config', '-c', `source '${scripts.fish}'; complete -C ${quote(typed)}`];
    const { stdout } = await promisify(execFile)('fish', asked, { env, cwd: line.home });
    const offers = stdout.split('\n').map((text) => text.split('\t')[0]);
    const last = /\[([^\]]*)\]$/.exec(got)?.[1];
    if (last === 'chan') expect({ typed, offers }).toEqual({ typed, offers: [''] });
    else expect({ typed, offers }).toEqual({ typed, offers: [last, ''] });
  }
});

const quote = (text: string) => `'${text.replaceAll("'", "\\'")}'`;

test('keys are offered only where somebody is logged in, and otherwise nothing is said', async () => {
  const nobody = await line.halo(['complete-keys', '--', 'get', '--profile', 'nobody', 'gre']);
  expect(nobody).toMatchObject({ code: 3, text: '' });
  expect((await line.halo(['--help'])).text).not.toContain('complete-keys');
  expect((await line.halo(['completion', 'csh'])).code).toBe(2);
});
