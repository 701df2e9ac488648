import type { Command } from 'commander';
import type { Terminal } from './terminal.js';

interface ServeOptions {
  readonly port?: string;
  readonly host?: string;
  readonly data?: string;
}

const adminDescription =
  'operate Halo: accounts, who may sign up, and the audit trail; with the settings that the server has';

/**
 * `serve`, `migrate` and `admin`: for whoever runs a Halo. They work on the database, with the settings of the
 * environment, and take no log-in.
 *
 * @param words of the command line; the server's room is loaded only for commands that need it
 */
export async function addServerCommands(
  program: Command,
  terminal: Terminal,
  words: readonly string[],
): Promise<void> {
  program
    .command('serve')
    .description('start a server, until Ctrl-C; it reads the environment as "npm start" does')
    .option('--port <port>', 'where to listen; else PORT, 5000; 0 lets the system choose')
    .option('--host <host>', 'where to listen; else HOST, localhost')
    .option('--data <directory>', 'the embedded PostgreSQL and its secret; else HALO_DATA, ./data')
    .addHelpText('after', '\nExamples:\n  halo serve\n  halo serve --port 8080 --data /srv/halo')
    .action((options: ServeOptions) => serve(options));

  program
    .command('migrate')
    .description('bring the database’s schema up to date, as the start of a server does')
    .option('--data <directory>', 'of the embedded PostgreSQL; else HALO_DATA, ./data')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  DATABASE_URL=postgresql://… halo migrate')
    .action((options: { data?: string; json?: boolean }) => migrate(terminal, options));

  if (words.some((word) => word === 'admin' || word === 'completion')) {
    const { createAdminCommand } = await import('halo-server/operator/commands');
    program.addCommand(createAdminCommand(terminal).description(adminDescription));
  } else program.command('admin').description(adminDescription);
}

async function serve({ port, host, data }: ServeOptions): Promise<void> {
  // The server takes all its settings from there, and says what is wrong with them.
  if (port !== undefined) process.env.PORT = port;
  if (host !== undefined) process.env.HOST = host;
  if (data !== undefined) process.env.HALO_DATA = data;
  await import('halo-server/serve');
}

async function migrate(terminal: Terminal, { data, json }: { data?: string; json?: boolean }): Promise<void> {
  const { runMigration } = await import('halo-server/operator/migration');
  const environment =
    data === undefined ? terminal.environment : { ...terminal.environment, HALO_DATA: data };
  await runMigration({ ...terminal, environment }, json === undefined ? {} : { json });
}
