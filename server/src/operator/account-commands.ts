import type { Command } from 'commander';
import { type AccountSummary, findAccount, listAccounts } from '../auth/account-list.js';
import {
  createAccount,
  deleteAccount,
  disableAccount,
  enableAccount,
  endAllSessions,
  resetPassword,
  setLimits,
} from '../auth/administration.js';
import { createPasswordHasher } from '../auth/passwords.js';
import type { Config } from '../config.js';
import { CommandError, exitCodes } from './command-error.js';
import { withHalo } from './open-halo.js';
import { limitFrom } from './option-values.js';
import { ask, obtainPassword, type PasswordOptions } from './password.js';
import {
  type Cell,
  count,
  print,
  printFacts,
  printJson,
  printJsonArray,
  printTable,
  type Terminal,
} from './terminal.js';

interface JsonOption {
  readonly json?: boolean;
}

interface TokensOption extends JsonOption {
  readonly tokens?: boolean;
  readonly revokeTokens?: boolean;
}

interface LimitOptions extends JsonOption {
  readonly keys?: number | 'default';
  readonly bytes?: number | 'default';
}

const json = ['--json', 'print JSON'] as const;
const passwordStdin = ['--password-stdin', 'read the password from standard input'] as const;
const generate = ['--generate', 'make a password up and print it, once'] as const;

/** `accounts`: who has an account here, and what becomes of it. */
export function addAccountCommands(parent: Command, terminal: Terminal): void {
  const accounts = parent.command('accounts').description('list, create, disable and delete accounts');
  accounts
    .command('list')
    .description('list all accounts with what they keep and may keep')
    .option(...json)
    .action((options: JsonOption) => list(terminal, options));
  accounts
    .command('show')
    .description('show one account')
    .argument('<name>')
    .option(...json)
    .action((name: string, options: JsonOption) => show(terminal, name, options));
  accounts
    .command('create')
    .description('create an account, whoever may sign up; asks for its password')
    .argument('<name>')
    .option(...passwordStdin)
    .option(...generate)
    .option(...json)
    .action((name: string, options: PasswordOptions & JsonOption) => create(terminal, name, options));
  accounts
    .command('disable')
    .description(
      'end all log-ins of an account, hold its API tokens, and refuse new log-ins; its data is kept',
    )
    .argument('<name>')
    .option(...json)
    .action((name: string, options: JsonOption) => disable(terminal, name, options));
  accounts
    .command('enable')
    .description('let a disabled account in again; its API tokens work again unless they have expired')
    .argument('<name>')
    .option(...json)
    .action((name: string, options: JsonOption) => enable(terminal, name, options));
  accounts
    .command('delete')
    .description('delete an account with everything in it, for good; asks for its name to be typed')
    .argument('<name>')
    .option('--yes', 'do not ask')
    .option(...json)
    .action((name: string, options: { yes?: boolean } & JsonOption) => remove(terminal, name, options));
  accounts
    .command('reset-password')
    .description('give an account another password and end all its log-ins; asks for the password')
    .argument('<name>')
    .option(...passwordStdin)
    .option(...generate)
    .option('--revoke-tokens', 'revoke its API tokens too')
    .option(...json)
    .action((name: string, options: PasswordOptions & TokensOption) => reset(terminal, name, options));
  accounts
    .command('set-limits')
    .description('set what an account may keep')
    .argument('<name>')
    .option('--keys <number>', 'how many keys, or "default"', limitFrom)
    .option('--bytes <number>', 'how many bytes of keys, values and metadata, or "default"', limitFrom)
    .option(...json)
    .action((name: string, options: LimitOptions) => limit(terminal, name, options));
  accounts
    .command('end-sessions')
    .description('end all log-ins of an account; its owner can log in again at once')
    .argument('<name>')
    .option('--tokens', 'revoke its API tokens too')
    .option(...json)
    .action((name: string, options: TokensOption) => endSessions(terminal, name, options));
}

const listHeadings = ['name', 'id', 'created', 'keys', 'of', 'bytes', 'of', 'disabled', 'sessions', 'tokens'];

async function list(terminal: Terminal, { json }: JsonOption): Promise<void> {
  await withHalo(terminal, 'refuse', async ({ config, database }) => {
    const pages = listAccounts(database);
    if (json)
      return printJsonArray(
        terminal,
        mapPages(pages, (account) => jsonOf(account, config)),
      );
    const rows = mapPages(pages, (account) => rowOf(account, config));
    return printTable(terminal, listHeadings, rows, 'There are no accounts.');
  });
}

async function show(terminal: Terminal, name: string, { json }: JsonOption): Promise<void> {
  await withHalo(terminal, 'refuse', async ({ config, database }) => {
    const account = await findAccount(database, name);
    if (json) return printJson(terminal, jsonOf(account, config));
    const ofKeys = `${account.keysMax ?? config.accountKeysMax}${account.keysMax === null ? ' (default)' : ''}`;
    const ofBytes = `${account.bytesMax ?? config.accountBytesMax}${account.bytesMax === null ? ' (default)' : ''}`;
    return printFacts(terminal, [
      ['name', account.name],
      ['id', account.id],
      ['created', account.createdAt],
      ['disabled', account.disabledAt],
      ['keys', `${account.keys} of ${ofKeys}`],
      ['bytes', `${account.bytes} of ${ofBytes}`],
      ['sessions', account.sessions],
      ['tokens', account.tokens],
    ]);
  });
}

async function create(
  terminal: Terminal,
  name: string,
  options: PasswordOptions & JsonOption,
): Promise<void> {
  const password = await obtainPassword(terminal, options);
  await withHalo(terminal, 'begin', async ({ config: { passwordLengthMin }, database }) => {
    const hasher = createPasswordHasher();
    const account = await createAccount(database, name, { password, hasher, passwordLengthMin });
    const shown = options.generate ? { password } : {};
    if (options.json) {
      const { id, created_at } = account;
      return printJson(terminal, { id, name: account.name, created_at: created_at.toISOString(), ...shown });
    }
    await print(terminal, `${account.name} has an account now, with the id ${account.id}.`);
    if (options.generate) await printGenerated(terminal, password);
  });
}

async function disable(terminal: Terminal, name: string, { json }: JsonOption): Promise<void> {
  await withHalo(terminal, 'refuse', async ({ database }) => {
    const { logIns, tokens } = await disableAccount(database, name);
    if (json)
      return printJson(terminal, { name, disabled: true, sessions_ended: logIns, tokens_held: tokens });
    const held = count(tokens, 'API token is held', 'API tokens are held');
    return print(terminal, `${name} is disabled: ${count(logIns, 'log-in', 'log-ins')} ended, ${held}.`);
  });
}

async function enable(terminal: Terminal, name: string, { json }: JsonOption): Promise<void> {
  await withHalo(terminal, 'refuse', async ({ database }) => {
    const { tokens } = await enableAccount(database, name);
    if (json) return printJson(terminal, { name, disabled: false, tokens_returned: tokens });
    const returned = count(tokens, 'API token works', 'API tokens work');
    return print(terminal, `${name} is enabled: ${returned} again, and its owner can log in.`);
  });
}

async function remove(
  terminal: Terminal,
  name: string,
  options: { yes?: boolean } & JsonOption,
): Promise<void> {
  if (!options.yes) await confirmDeletion(terminal, name);
  await withHalo(terminal, 'refuse', async ({ database }) => {
    await deleteAccount(database, name);
    if (options.json) return printJson(terminal, { name, deleted: true });
    return print(terminal, `${name} is deleted. Servers erase what it kept in the background.`);
  });
}

async function confirmDeletion(terminal: Terminal, name: string): Promise<void> {
  if (terminal.input.isTTY !== true)
    throw new CommandError('There is no terminal to ask on: use --yes to delete for good.', exitCodes.usage);
  const question = `This deletes ${name} and everything in it for good. Type the name to go on: `;
  if ((await ask(terminal, question, 'shown')) !== name)
    throw new CommandError('That is not the name; nothing was deleted.');
}

async function reset(
  terminal: Terminal,
  name: string,
  options: PasswordOptions & TokensOption,
): Promise<void> {
  const password = await obtainPassword(terminal, options);
  const revokeTokens = options.revokeTokens === true;
  await withHalo(terminal, 'refuse', async ({ config: { passwordLengthMin }, database }) => {
    const given = { password, hasher: createPasswordHasher(), passwordLengthMin };
    const { logIns, tokens } = await resetPassword(database, name, given, { revokeTokens });
    if (options.json) {
      const shown = options.generate ? { password } : {};
      return printJson(terminal, { name, sessions_ended: logIns, tokens_revoked: tokens, ...shown });
    }
    await print(terminal, `${name} has another password: ${endedText(logIns, tokens, revokeTokens)}.`);
    if (options.generate) await printGenerated(terminal, password);
  });
}

async function limit(terminal: Terminal, name: string, { keys, bytes, json }: LimitOptions): Promise<void> {
  if (keys === undefined && bytes === undefined)
    throw new CommandError('Say what to set, with --keys or --bytes.', exitCodes.usage);
  await withHalo(terminal, 'refuse', async ({ config, database }) => {
    const orNull = (value: number | 'default' | undefined) => (value === 'default' ? null : value);
    await setLimits(database, name, { keys: orNull(keys), bytes: orNull(bytes) });
    const account = await findAccount(database, name);
    if (json) return printJson(terminal, jsonOf(account, config));
    const [ofKeys, ofBytes] = [
      account.keysMax ?? config.accountKeysMax,
      account.bytesMax ?? config.accountBytesMax,
    ];
    return print(
      terminal,
      `${account.name} may keep ${count(ofKeys, 'key', 'keys')} and ${count(ofBytes, 'byte', 'bytes')}.`,
    );
  });
}

async function endSessions(terminal: Terminal, name: string, options: TokensOption): Promise<void> {
  const revokeTokens = options.tokens === true;
  await withHalo(terminal, 'refuse', async ({ database }) => {
    const { logIns, tokens } = await endAllSessions(database, name, { revokeTokens });
    if (options.json) return printJson(terminal, { name, sessions_ended: logIns, tokens_revoked: tokens });
    return print(terminal, `${name}: ${endedText(logIns, tokens, revokeTokens)}.`);
  });
}

function endedText(logIns: number, tokens: number, revokeTokens: boolean): string {
  const ended = `${count(logIns, 'log-in', 'log-ins')} ended`;
  return revokeTokens ? `${ended}, ${count(tokens, 'API token', 'API tokens')} revoked` : ended;
}

async function printGenerated(terminal: Terminal, password: string): Promise<void> {
  await print(terminal, `Its password, which is not shown again: ${password}`);
}

function jsonOf(account: AccountSummary, config: Config): unknown {
  const { id, name, createdAt, disabledAt, keys, bytes, keysMax, bytesMax, sessions, tokens } = account;
  return {
    id,
    name,
    created_at: createdAt.toISOString(),
    disabled_at: disabledAt?.toISOString() ?? null,
    usage: { keys, bytes },
    limits: { keys: keysMax ?? config.accountKeysMax, bytes: bytesMax ?? config.accountBytesMax },
    own_limits: { keys: keysMax, bytes: bytesMax },
    sessions,
    tokens,
  };
}

function rowOf(account: AccountSummary, config: Config): Cell[] {
  return [
    account.name,
    account.id,
    account.createdAt,
    account.keys,
    account.keysMax ?? config.accountKeysMax,
    account.bytes,
    account.bytesMax ?? config.accountBytesMax,
    account.disabledAt,
    account.sessions,
    account.tokens,
  ];
}

async function* mapPages<From, To>(
  pages: AsyncIterable<readonly From[]>,
  map: (value: From) => To,
): AsyncGenerator<To[]> {
  for await (const page of pages) yield page.map(map);
}
