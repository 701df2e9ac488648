import { Command, Help, type Option } from 'commander';
import { CommandError } from 'halo-server/operator/command-error';
import { addAccountCommands } from './account-commands.js';
import { addAuditCommands } from './audit-commands.js';
import { addCompletionCommand } from './completion-command.js';
import { addConnectionOptions, type ConnectionOptions, connectionHeading } from './connection.js';
import { addDoctorCommands } from './doctor-command.js';
import { exitCodes } from './failure.js';
import { addHistoryCommands } from './history-commands.js';
import { addKeyCommands } from './key-commands.js';
import { addListCommand } from './list-command.js';
import { addSecurityCommands } from './security-commands.js';
import { addServerCommands } from './server-commands.js';
import type { Terminal } from './terminal.js';
import { addTransferCommands } from './transfer-commands.js';
import { version } from './version.js';

const examples = `
Begin:
  halo serve                                 start a server on this machine
  halo login --url https://halo.example      log in to one
  halo set greeting hello                    set a key
  halo get greeting                          get it back

Environment:
  HALO_URL       where Halo is, for all commands that talk to a server
  HALO_TOKEN     an API token, instead of a log-in
  HALO_PROFILE   whose log-in to use
  NO_COLOR       print without colours

Exit codes:
  0 done                 3 not logged in, or not allowed
  1 refused, or failed   4 absent
  2 wrong usage          5 the server cannot be reached
  130 ended by Ctrl-C`;

/**
 * The whole command line. Its actions reject with what went wrong, and its parser throws commander's own error
 * instead of ending the process.
 *
 * @param words of the command line: they decide what has to be loaded
 */
export async function createProgram(terminal: Terminal, words: readonly string[]): Promise<Command> {
  const program = new Command('halo')
    .description('A private, durable, versioned key-value store: use one, operate one, serve one.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain this command')
    .addHelpText('after', examples)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.output.write(text),
      writeErr: (text) => terminal.errors.write(text),
      // `describeFailure` words it.
      outputError: () => {},
    })
    .configureHelp({ groupItems: connectionLast })
    // What comes behind a command is that command's, and "--" reaches it.
    .enablePositionalOptions();
  passConnectionOptions(program);
  const group = (heading: string) => program.commandsGroup(heading);
  group('Keys:');
  addKeyCommands(program, terminal);
  addListCommand(program, terminal);
  addHistoryCommands(program, terminal);
  addTransferCommands(program, terminal);
  group('Account:');
  addAccountCommands(program, terminal);
  addSecurityCommands(program, terminal);
  addAuditCommands(program, terminal);
  group('Server:');
  await addServerCommands(program, terminal, words);
  group('This command line:');
  addDoctorCommands(program, terminal);
  addCompletionCommand(program, terminal);
  return program.helpCommand('help [command]', 'explain a command');
}

/** Groups what help shows, with the options that all commands share behind a command's own. */
function connectionLast<Item extends Command | Option>(
  unsorted: Item[],
  visible: Item[],
  groupOf: (item: Item) => string,
): Map<string, Item[]> {
  const groups = new Help().groupItems(unsorted, visible, groupOf);
  const shared = groups.get(connectionHeading);
  if (shared === undefined) return groups;
  groups.delete(connectionHeading);
  return groups.set(connectionHeading, shared);
}

/** Lets `halo --url URL get KEY` be `halo get KEY --url URL`. What stands behind the command wins. */
function passConnectionOptions(program: Command): void {
  addConnectionOptions(program).hook('preAction', (_program, command) => {
    const given = program.opts<ConnectionOptions>();
    for (const [name, value] of Object.entries(given)) {
      const isTaken = command.options.some((option) => option.attributeName() === name);
      if (!isTaken) throw new CommandError(`"${command.name()}" takes no --${name}.`, exitCodes.usage);
      if (command.getOptionValue(name) === undefined) command.setOptionValueWithSource(name, value, 'cli');
    }
  });
}
