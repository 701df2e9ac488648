import { Command } from 'commander';
import { addAccountCommands } from './account-commands.js';
import { addAuditCommands } from './audit-commands.js';
import { addBackupCommands } from './backup-commands.js';
import { addSignUpCommands } from './sign-up-commands.js';
import type { Terminal } from './terminal.js';

/**
 * The operator's commands, as one command to run by itself or to mount into another program. Its actions reject with
 * HaloError, StartError or CommandError, and its parser throws commander's own error instead of ending the process:
 * `describeFailure` in `run.ts` says what to print and which code to exit with.
 */
export function createAdminCommand(terminal: Terminal): Command {
  const admin = new Command('admin')
    .description(
      'Runs Halo: accounts, who may sign up, the audit trail, and backups.\n\n' +
        'Works on DATABASE_URL, or on the data directory of HALO_DATA, whether or not a server is running there. ' +
        'Run it with the settings that the server has.',
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.output.write(text),
      writeErr: (text) => terminal.errors.write(text),
      // `describeFailure` words it.
      outputError: () => {},
    })
    .helpCommand('help [command]', 'explain a command')
    .helpOption('-h, --help', 'explain this command')
    .addHelpText('after', '\nExit codes: 0 done, 1 refused or failed, 2 wrong usage.');
  addAccountCommands(admin, terminal);
  addSignUpCommands(admin, terminal);
  addAuditCommands(admin, terminal);
  addBackupCommands(admin, terminal);
  return admin;
}
