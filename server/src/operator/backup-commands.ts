import { join } from 'node:path';
import type { Command } from 'commander';
import { readSecretFile } from '../auth/secret-file.js';
import { deriveSecrets } from '../auth/secrets.js';
import { type Config, readConfig } from '../config.js';
import { backUp } from '../database/backup.js';
import { type BackupHeader, checkBackup } from '../database/backup-format.js';
import { restore, TargetError } from '../database/restore.js';
import { readVersion } from '../package-root.js';
import { backupFailure, readBackupFile, writeBackupFile } from './backup-file.js';
import { CommandError } from './command-error.js';
import { withPostgres } from './open-halo.js';
import { createProgress, sizeOf } from './progress.js';
import { count, print, printJson, type Terminal } from './terminal.js';

interface BackupFlags {
  readonly json?: boolean;
  readonly replace?: boolean;
}

interface RestoreFlags {
  readonly json?: boolean;
  readonly check?: boolean;
  readonly otherSecret?: boolean;
}

const json = ['--json', 'print JSON'] as const;

/** `backup` and `restore`: everything in one file, and back into an empty database. */
export function addBackupCommands(parent: Command, terminal: Terminal): void {
  parent
    .command('backup')
    .description(
      'write everything, as it is at one moment, into one file, while servers go on; the secret is not in it',
    )
    .argument('<file>')
    .option('--replace', 'take the place of a file of that name')
    .option(...json)
    .action((file: string, flags: BackupFlags) => runBackup(terminal, file, flags));
  parent
    .command('restore')
    .description('fill an empty database with what is in a backup')
    .argument('<file>')
    .option('--check', 'only see whether the file is whole')
    .option('--other-secret', 'go on although log-ins will end, because the secret is another one')
    .option(...json)
    .action((file: string, flags: RestoreFlags) => runRestore(terminal, file, flags));
}

async function runBackup(
  terminal: Terminal,
  file: string,
  { json = false, replace = false }: BackupFlags,
): Promise<void> {
  const progress = createProgress(terminal);
  let header: BackupHeader | undefined;
  const bytes = await withPostgres(terminal, 'refuse', async ({ config, address }) => {
    const content = backUp(address, {
      halo: readVersion(),
      keys: await keysOf(config),
      onTable: (table, found) => {
        header = found;
        progress.step(`Backing up ${table.name}`);
      },
    });
    return writeBackupFile(file, content, { replace, onBytes: progress.bytes });
  })
    .catch((error: unknown) => {
      throw backupFailure(file, error);
    })
    .finally(progress.end);
  if (header === undefined) throw new Error('A backup was written without a table.');
  if (json) return printJson(terminal, { file, bytes, ...factsOf(header) });
  await print(terminal, `${file} has ${contentOf(header)}, in ${sizeOf(bytes)}.`);
  await print(terminal, 'The secret is not in it. Keep that too, elsewhere: without it, log-ins end.');
}

async function runRestore(
  terminal: Terminal,
  file: string,
  { json = false, check = false, otherSecret = false }: RestoreFlags,
): Promise<void> {
  const progress = createProgress(terminal);
  const read = (what: string): AsyncGenerator<Buffer> => {
    progress.step(what);
    return readBackupFile(file, { onBytes: progress.bytes });
  };
  const rephrase = (error: unknown): never => {
    if (error instanceof TargetError) throw new CommandError(error.message);
    throw backupFailure(file, error);
  };
  // Nothing is begun before the file is known to be whole.
  const header = await checkBackup(read('Checking')).catch(rephrase).finally(progress.end);
  if (check) {
    if (json) return printJson(terminal, { file, ...factsOf(header) });
    return print(terminal, `${file} is whole. It has ${contentOf(header)}.`);
  }
  const config = readConfig(terminal.environment, { secretNeeded: false });
  const known = await keysOf(config);
  if (!otherSecret) demandSecret(header, known, config);
  const migrations = await withPostgres(terminal, 'begin', ({ address }) =>
    restore(address, header, read('Restoring')),
  )
    .catch(rephrase)
    .finally(progress.end);
  if (json) return printJson(terminal, { file, ...factsOf(header), applied: migrations });
  await print(terminal, `Restored ${contentOf(header)}.`);
  if (migrations.length > 0) {
    const applied = count(migrations.length, 'migration was applied', 'migrations were applied');
    await print(terminal, `The schema was brought up to date: ${applied}, ${migrations.join(', ')}.`);
  }
  if (known.length === 0 && !otherSecret)
    await print(terminal, 'Give the servers the HALO_SECRET that they had: with another, log-ins end.');
}

/** The ids of the keys that a server with these settings has; none if that cannot be known from here. */
async function keysOf({ secrets, databaseUrl, dataDirectory }: Config): Promise<string[]> {
  if (secrets.length > 0) return idsOf(secrets);
  if (databaseUrl !== undefined) return [];
  const secret = await readSecretFile(secretFileOf(dataDirectory));
  return secret === undefined ? [] : idsOf([secret]);
}

async function idsOf(secrets: readonly string[]): Promise<string[]> {
  return (await deriveSecrets(secrets)).map(({ kid }) => kid);
}

const secretFileOf = (dataDirectory: string): string => join(dataDirectory, 'secret');

/** Log-ins are worth nothing under another secret; whoever restores should not learn that from their users. */
function demandSecret(
  { keys: [signing] }: BackupHeader,
  known: readonly string[],
  { databaseUrl, dataDirectory }: Config,
): void {
  if (signing === undefined || known.includes(signing)) return;
  // A server on a DATABASE_URL has a HALO_SECRET that this command need not be given.
  if (databaseUrl !== undefined && known.length === 0) return;
  const place = databaseUrl === undefined ? ` or the file ${secretFileOf(dataDirectory)}` : '';
  throw new CommandError(
    `The secret here is not the one that belongs to this backup, so that all log-ins would end. Put that one into ` +
      `HALO_SECRET${place}, or add --other-secret: passwords and API tokens stay good with any secret.`,
  );
}

function factsOf({ halo, schema, taken_at, keys, tables }: BackupHeader) {
  const rows = Object.fromEntries(tables.map(({ name, rows }) => [name, rows]));
  return { halo, schema, taken_at, keys, rows };
}

function contentOf({ halo, schema, taken_at, tables }: BackupHeader): string {
  const rowsIn = (name: string): number => tables.find((table) => table.name === name)?.rows ?? 0;
  const accounts = count(rowsIn('accounts'), 'account', 'accounts');
  const keys = count(rowsIn('entries'), 'key', 'keys');
  const versions = count(rowsIn('versions'), 'version', 'versions');
  return `${accounts}, ${keys} and ${versions} as of ${taken_at} (Halo ${halo}, schema ${schema})`;
}
