import type { Command } from 'commander';
import { Option } from 'commander';
import { printTable } from 'halo-server/operator/terminal';
import { addConnectionOptions, type ConnectionOptions, connect } from './connection.js';
import { secondsFrom } from './option-values.js';
import { printJsonLine, printLine, say, type Terminal } from './terminal.js';

interface JsonOption extends ConnectionOptions {
  readonly json?: boolean;
}

interface CreateOptions extends JsonOption {
  readonly access: 'read' | 'write';
  readonly prefix?: string;
  readonly expires?: number;
}

/** `tokens` and `sessions`: who else may come in. They take a log-in; an API token does not reach them. */
export function addSecurityCommands(program: Command, terminal: Terminal): void {
  const tokens = program
    .command('tokens')
    .description('list, create and revoke API tokens for programs')
    .helpCommand('help [command]', 'explain a command')
    .enablePositionalOptions();
  addConnectionOptions(tokens.command('list'))
    .description('list the API tokens, the newest first, without their secrets')
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', '\nExample:\n  halo tokens list')
    .action((options: JsonOption) => listTokens(terminal, options));
  addConnectionOptions(tokens.command('create'))
    .description('make an API token and print its secret, once')
    .argument('<name>', 'to recognise it by')
    .addOption(
      new Option('--access <access>', 'what it may do; write includes reading')
        .choices(['read', 'write'])
        .default('read'),
    )
    .option('--prefix <prefix>', 'it reaches only keys that begin with this')
    .option(
      '--expires <time>',
      'it works for a time such as 12h or 30d; else until it is revoked',
      secondsFrom,
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nThe secret alone goes to standard output.\n\nExamples:\n' +
        '  halo tokens create backup --expires 30d > token.txt\n' +
        '  halo tokens create shop --access write --prefix orders/',
    )
    .action((name: string, options: CreateOptions) => createToken(terminal, name, options));
  addConnectionOptions(tokens.command('revoke'))
    .description('revoke an API token, at once and on every server')
    .argument('<id>', 'from "halo tokens list"')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  halo tokens revoke 3sTXMbGdQ0kzqN1c')
    .action((id: string, options: JsonOption) => revokeToken(terminal, id, options));

  const sessions = program
    .command('sessions')
    .description('list and end log-ins')
    .helpCommand('help [command]', 'explain a command')
    .enablePositionalOptions();
  addConnectionOptions(sessions.command('list'))
    .description('list where the account is logged in, the most recently used first')
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', '\nExample:\n  halo sessions list')
    .action((options: JsonOption) => listSessions(terminal, options));
  addConnectionOptions(sessions.command('end'))
    .description('end a log-in, at once and on every server')
    .argument('<id>', 'from "halo sessions list"')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  halo sessions end 3sTXMbGdQ0kzqN1c')
    .action((id: string, options: JsonOption) => endSession(terminal, id, options));
  addConnectionOptions(sessions.command('end-others'))
    .description('end all log-ins but this one; API tokens stay')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  halo sessions end-others')
    .action((options: JsonOption) => endOtherSessions(terminal, options));
}

async function listTokens(terminal: Terminal, options: JsonOption): Promise<void> {
  const tokens = await (await connect(terminal, options)).tokens();
  if (options.json) {
    for (const token of tokens) await printJsonLine(terminal, token);
    return;
  }
  const rows = tokens.map(({ id, name, access, prefix, last_used_at, expires_at }) => {
    return [id, name, access, prefix === '' ? null : prefix, last_used_at, expires_at];
  });
  const headings = ['id', 'name', 'access', 'prefix', 'last used', 'expires'];
  await printTable(terminal, headings, once(rows), 'There are no API tokens.');
}

async function createToken(terminal: Terminal, name: string, options: CreateOptions): Promise<void> {
  const { access, prefix, expires, json } = options;
  const created = await (await connect(terminal, options)).createToken({
    name,
    access,
    ...(prefix === undefined ? {} : { prefix }),
    ...(expires === undefined ? {} : { expiresIn: expires }),
  });
  if (json) return printJsonLine(terminal, created);
  await printLine(terminal, created.token);
  const until = created.expires_at === null ? 'until it is revoked' : `until ${created.expires_at}`;
  await say(terminal, `This is the secret of ${created.id}, which is not shown again. It works ${until}.`);
}

async function revokeToken(terminal: Terminal, id: string, options: JsonOption): Promise<void> {
  await (await connect(terminal, options)).revokeToken(id);
  if (options.json) return printJsonLine(terminal, { id, revoked: true });
  await printLine(terminal, `${id} is revoked.`);
}

async function listSessions(terminal: Terminal, options: JsonOption): Promise<void> {
  const sessions = await (await connect(terminal, options)).sessions();
  if (options.json) {
    for (const session of sessions) await printJsonLine(terminal, session);
    return;
  }
  const rows = sessions.map(({ id, current, created_at, last_used_at, address, device }) => {
    return [id, current ? 'this' : null, created_at, last_used_at, address, device];
  });
  const headings = ['id', 'current', 'since', 'last used', 'address', 'device'];
  await printTable(terminal, headings, once(rows), 'There are no log-ins.');
}

async function endSession(terminal: Terminal, id: string, options: JsonOption): Promise<void> {
  await (await connect(terminal, options)).endSession(id);
  if (options.json) return printJsonLine(terminal, { id, ended: true });
  await printLine(terminal, `${id} is ended.`);
}

async function endOtherSessions(terminal: Terminal, options: JsonOption): Promise<void> {
  await (await connect(terminal, options)).endOtherSessions();
  if (options.json) return printJsonLine(terminal, { ended: 'others' });
  await printLine(terminal, 'This is the only log-in now.');
}

async function* once<Page>(page: Page): AsyncGenerator<Page> {
  yield page;
}
