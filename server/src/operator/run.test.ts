import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { HaloError, StartError } from '../errors.js';
import { CommandError } from './command-error.js';
import { createAdminCommand } from './commands.js';
import { describeFailure, runAdmin } from './run.js';
import type { Terminal } from './terminal.js';

function seat() {
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const terminal: Terminal = { environment: { HALO_DATA: '/nowhere' }, input, output, errors };
  const textOf = (stream: PassThrough) => (stream.read() as Buffer | null)?.toString() ?? '';
  return { terminal, output: () => textOf(output), errors: () => textOf(errors) };
}

test.each([
  [['accounts', 'lst'], /^Unknown command 'lst' \(Did you mean list\?\)\n$/],
  [['accounts', 'show'], /^Missing required argument 'name'\.\n$/],
  [['accounts', 'show', 'ada', 'bob'], /^Too many arguments .*\n$/],
  [['accounts', 'list', '--jsn'], /^Unknown option '--jsn' \(Did you mean --json\?\)\n$/],
  [['accounts', 'set-limits', 'ada', '--keys', 'many'], /^Option '--keys .*whole number.*or "default"\.\n$/],
  [
    ['accounts', 'set-limits', 'ada', '--bytes', '9007199254740992'],
    /whole number from 0 to 9007199254740991/,
  ],
  [['accounts', 'set-limits', 'ada', '--keys'], /^Option '--keys <number>' argument missing\.\n$/],
  [['accounts', 'set-limits', 'ada'], /^Say what to set, with --keys or --bytes\.\n$/],
  [['accounts', 'create', 'ada'], /^There is no terminal to ask .*--password-stdin or --generate\.\n$/],
  [['accounts', 'delete', 'ada'], /^There is no terminal to ask .*--yes.*\n$/],
  [['sign-up', 'ajar'], /Allowed choices are open, closed, invite\.\n$/],
  [['invites', 'create', '--uses', '0'], /whole number from 1 to 1000000\.\n$/],
  [['invites', 'create', '--expires', '1.5'], /whole number from 1 to 3650\.\n$/],
  [['audit', 'list', '--limit', '-1'], /whole number from 1 to 1000000\.\n$/],
  [['audit', 'verify', '--anchor', 'abc'], /64 hexadecimal digits of a hash\.\n$/],
])('%j is wrong usage, told in one sentence', async (words, sentence) => {
  const { terminal, output, errors } = seat();
  expect(await runAdmin(words, terminal)).toBe(2);
  expect(errors()).toMatch(sentence);
  expect(output()).toBe('');
});

test.each([[[]], [['accounts']], [['invites']], [['audit']]])(
  '%j alone shows its help as wrong usage',
  async (words) => {
    const { terminal, errors } = seat();
    expect(await runAdmin(words, terminal)).toBe(2);
    expect(errors()).toMatch(/^Usage: admin/);
  },
);

test.each([[['--help']], [['help', 'accounts']], [['accounts', 'reset-password', '-h']]])(
  '%j shows help that was asked for',
  async (words) => {
    const { terminal, output, errors } = seat();
    expect(await runAdmin(words, terminal)).toBe(0);
    expect(output()).toMatch(/^Usage: admin/);
    expect(errors()).toBe('');
  },
);

test('every command says what it does, and offers JSON', () => {
  const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
  const commands = all(createAdminCommand(seat().terminal));
  expect(commands.length).toBeGreaterThan(15);
  for (const command of commands) {
    expect(command.description()).not.toBe('');
    const flags = command.options.map(({ long }) => long);
    if (command.commands.length === 0) expect(flags).toContain('--json');
  }
});

test('a data directory without a Halo is a failure, not a new Halo', async () => {
  const { terminal, errors } = seat();
  expect(await runAdmin(['accounts', 'list'], terminal)).toBe(1);
  expect(errors()).toMatch(/^There is no Halo in \/nowhere\. Set HALO_DATA or DATABASE_URL .*\.\n$/);
});

test('a setting that cannot be used is a failure', async () => {
  const { terminal, errors } = seat();
  const environment = { HALO_SIGN_UP: 'ajar' };
  expect(await runAdmin(['accounts', 'list'], { ...terminal, environment })).toBe(1);
  expect(errors()).toMatch(/^HALO_SIGN_UP is "ajar"\. Set it to one of open, closed, invite\.\n$/);
});

test('the commands can be mounted into another program', async () => {
  const { terminal, output } = seat();
  const program = new Command('halo').exitOverride().addCommand(createAdminCommand(terminal));
  const parsing = program.parseAsync(['admin', 'accounts', '--help'], { from: 'user' });
  const failure: unknown = await parsing.catch((error: unknown) => error);
  expect(describeFailure(failure)).toEqual({ message: '', exitCode: 0 });
  expect(output()).toMatch(/^Usage: halo admin accounts/);
});

test('failures are put as the operator needs them', () => {
  expect(describeFailure(new StartError('Set PORT.'))).toEqual({ message: 'Set PORT.', exitCode: 1 });
  expect(describeFailure(new CommandError('No.'))).toEqual({ message: 'No.', exitCode: 1 });
  const refusal = new HaloError('not-found', 'There is no such account.');
  expect(describeFailure(refusal)).toEqual({ message: 'There is no such account.', exitCode: 1 });
  const defect = new HaloError('internal', 'Something went wrong.', {
    cause: new Error('column x is missing'),
  });
  expect(describeFailure(defect)).toMatchObject({ exitCode: 1 });
  expect(describeFailure(defect).message).toContain('column x is missing');
});
