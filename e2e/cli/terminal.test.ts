import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { haloProgram, openCommandLine } from '../cli.js';
import { haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { columns, openTerminal, screenOf } from '../pseudo-terminal.js';

const server = await startHalo();
const line = await openCommandLine({ HALO_URL: server.url });
const wire = haloAt(server.url);
const bin = join(line.home, 'bin');
const env = { ...line.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
const open = (command: string) => openTerminal(command, { env, cwd: line.home });
let person: Person;

const ctrlC = '\u0003';
const ctrlD = '\u0004';
const backspace = '\u007f';

beforeAll(async () => {
  await mkdir(bin);
  await writeFile(join(bin, 'halo'), `#!/bin/sh\nexec "${process.execPath}" "${haloProgram}" "$@"\n`);
  await chmod(join(bin, 'halo'), 0o755);
  person = await wire.signUp();
  await logIn();
});

afterAll(async () => {
  await server.stop();
  await line.remove();
});

const logIn = () =>
  line.halo(['login', '--name', person.name, '--password-stdin'], { input: `${person.password}\n` });

/** Said by a shell that goes on after the command: whether what is typed can be seen, and the exit code. */
const andThen = '; echo "exit $?"; stty -a | grep -q -- \' -echo \' && echo deaf || echo sane';

test('a log-in asks for the name, which can be corrected, and for the password, which cannot be seen', async () => {
  const terminal = open(`halo login${andThen}`);
  await terminal.sees(/^Name: ?$/m);
  terminal.type(`${person.name}y${backspace}`);
  await terminal.sees(new RegExp(`^Name: ${person.name}$`, 'm'));
  terminal.type('\r');
  await terminal.sees(/^Password: ?$/m);
  terminal.type(`${person.password}x${backspace}\r`);
  await terminal.sees(/^sane$/m);
  await terminal.ended();
  expect(terminal.screen()).toEqual([
    `Name: ${person.name}`,
    'Password:',
    `Logged in as ${person.name} at ${server.url}, in the profile "default".`,
    'exit 0',
    'sane',
  ]);
  expect(terminal.written()).not.toContain('lantern');
});

test('Ctrl-C and Ctrl-D leave a question and a terminal in which one sees what one types', async () => {
  for (const key of [ctrlC, ctrlD]) {
    const terminal = open(`halo login${andThen}`);
    await terminal.sees(/^Name: ?$/m);
    terminal.type(key);
    await terminal.sees(/^sane$/m);
    await terminal.ended();
    expect(terminal.screen()).toEqual(['Name:', 'Nothing was changed.', 'exit 130', 'sane']);
  }
  const terminal = open(`halo login --name ada${andThen}`);
  await terminal.sees(/^Password: ?$/m);
  terminal.type(`secret${ctrlC}`);
  await terminal.sees(/^sane$/m);
  await terminal.ended();
  expect(terminal.screen()).toEqual(['Password:', 'Nothing was changed.', 'exit 130', 'sane']);
});

test('neither a name nor a password may be empty, on a terminal or a pipe', async () => {
  const nobody = open('halo login');
  await nobody.sees(/^Name: ?$/m);
  nobody.type('\r');
  expect(await nobody.ended()).toBe(2);
  expect(nobody.screen()).toEqual(['Name:', 'No name was given. Nothing was changed.']);

  const wordless = open(`halo login --name ${person.name}`);
  await wordless.sees(/^Password: ?$/m);
  wordless.type('\r');
  expect(await wordless.ended()).toBe(2);
  expect(wordless.screen()).toEqual(['Password:', 'The password is empty. Nothing was changed.']);

  const piped = await line.halo(['login', '--name', person.name, '--password-stdin'], { input: '\n' });
  expect(piped).toMatchObject({ code: 2, errors: 'The password is empty. Nothing was changed.\n' });
});

test('a prefix is deleted only after a yes', async () => {
  for (const key of ['drafts/a', 'drafts/b']) await wire.set(person, key, 'x');
  const ask = async (answer: string) => {
    const terminal = open('halo rm --prefix drafts/');
    await terminal.sees(/^This deletes 2 keys below drafts\/\. Type yes to go on: ?$/m);
    terminal.type(answer);
    return { code: await terminal.ended(), lines: terminal.screen() };
  };
  const question = 'This deletes 2 keys below drafts/. Type yes to go on:';
  expect(await ask('y\r')).toEqual({ code: 1, lines: [`${question} y`, 'Nothing was deleted.'] });
  expect(await ask(ctrlC)).toEqual({ code: 130, lines: [question, 'Nothing was changed.'] });
  expect((await line.halo(['ls', 'drafts/'])).text).toBe('drafts/a\ndrafts/b\n');
  expect(await ask('yes\r')).toEqual({
    code: 0,
    lines: [
      `${question} yes`,
      expect.stringMatching(
        /^2 keys below drafts\/ deleted at revision \d+; "halo undo \d+" takes it back\.$/,
      ),
    ],
  });
});

test('a value is followed by the prompt on a line of its own, and bytes are kept from the screen', async () => {
  await wire.set(person, 'greeting', 'hello');
  await wire.set(person, 'bytes', new Uint8Array([0, 1]));
  const terminal = open('halo get greeting; echo prompt; halo get bytes; halo get bytes | wc -c');
  await terminal.ended();
  expect(terminal.screen()).toEqual([
    'hello',
    'prompt',
    expect.stringMatching(/^The value is 2 bytes that are no text\./),
    '2',
  ]);
});

/** Enough for several parts of an export and an import, so that there is something to draw. */
const manyKeys = 6_000;

test('an import and an export draw how far they are, and clear it away at the end', {
  timeout: 120_000,
}, async () => {
  const file = join(line.home, 'many.ndjson');
  const lines = Array.from(
    { length: manyKeys },
    (_, at) => `{"key":"many/${at}","value":"${'x'.repeat(200)}"}\n`,
  );
  await writeFile(file, lines.join(''));
  const importing = open('halo import many.ndjson');
  expect(await importing.ended()).toBe(0);
  expect(importing.screen()).toEqual([`Imported: ${manyKeys} keys, 0 skipped, 0 rejected.`]);
  const drawn = drawnLines(importing.written());
  expect(drawn.length).toBeGreaterThan(0);
  for (const text of drawn) expect(text.length).toBeLessThan(columns);
  expect(drawn.join('\n')).toMatch(/^\[#*\.*\] \d+ %, \d+ keys, \d+ a second, .+ left$/m);

  const exporting = open('halo export --prefix many/ -o out.ndjson');
  expect(await exporting.ended()).toBe(0);
  expect(exporting.screen()).toEqual([expect.stringMatching(/^6000 keys exported, 2\.\d MiB\.$/)]);
  expect(drawnLines(exporting.written()).join('\n')).toMatch(
    /^\[#*\.*\] \d+ %, \d+ keys, [\d.]+ [KM]iB, \d+ a second/m,
  );
  expect(await readdir(line.home)).toContain('out.ndjson');

  // Between the lines of an export that is itself shown, a bar would be in the way.
  const shown = open('halo export --prefix many/99');
  expect(await shown.ended()).toBe(0);
  expect(drawnLines(shown.written())).toEqual([]);
});

/** What stood on a line that was written over later. */
function drawnLines(written: string): string[] {
  return written
    .split('\r')
    .filter((part) => /^\[[#.]+\]/.test(part))
    .map((part) => screenOf(part)[0] ?? '');
}

test('Ctrl-C ends a watch, and an import with the bar wiped away', async () => {
  const watching = open('halo watch --since 0');
  await watching.sees(/ set /);
  watching.type(ctrlC);
  expect(await watching.ended()).toBe(130);

  // The end of the file never comes; what has come is imported after a while.
  const importing = open('(cat many.ndjson; cat /dev/tty) | halo import - --on-conflict replace');
  await importing.sees(/^\d+ keys, \d+ a second$/m);
  importing.type(ctrlC);
  await importing.ended();
  expect(importing.screen()).toEqual([
    expect.stringMatching(
      /^Interrupted: everything up to line \d+ is done and durable, \d+ keys, 0 skipped,/,
    ),
  ]);
});

test('help fits the terminal', async () => {
  const { text } = await line.halo(['--help']);
  const commands = [...text.matchAll(/^ {2}(\w[\w-]*)(?: \[| <| {2})/gm)].map(([, name]) => name ?? '');
  expect(commands).toContain('watch');
  const terminal = open('halo --help; halo set --help; halo import --help; halo tokens create --help');
  expect(await terminal.ended()).toBe(0);
  const wide = terminal.screen().filter((shown) => shown.length > columns);
  expect(wide).toEqual([]);
});

test('a screen is what terminals make of the bytes', () => {
  expect(screenOf('one\r\ntwo\rT\u001b[K\r\n')).toEqual(['one', 'T']);
  expect(screenOf('ab\b\u001b[Kc\u001b[31md\u001b[0m')).toEqual(['acd']);
  expect(screenOf('> x\u001b[1G\u001b[0Jname: y\u001b[8G')).toEqual(['name: y']);
});
