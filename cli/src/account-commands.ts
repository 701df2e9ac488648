import type { Command } from 'commander';
import { Option } from 'commander';
import { createHalo, HaloError } from 'halo-client';
import { CommandError } from 'halo-server/operator/command-error';
import { ask } from 'halo-server/operator/password';
import { printFacts } from 'halo-server/operator/terminal';
import {
  addConnectionOptions,
  type ConnectionOptions,
  connectTo,
  demandCredential,
  findTarget,
  namedFetch,
  type Target,
} from './connection.js';
import { exitCodes } from './failure.js';
import type { Profile } from './profiles.js';
import { printJsonLine, printLine, type Terminal } from './terminal.js';
import { readText } from './value-input.js';

interface LogInOptions extends ConnectionOptions {
  readonly name?: string;
  readonly passwordStdin?: boolean;
  readonly tokenStdin?: boolean;
}

interface JsonOption extends ConnectionOptions {
  readonly json?: boolean;
}

/** Far more than a password or a token has. */
const secretBytesMax = 4_096;

/** `login`, `logout` and `whoami`. */
export function addAccountCommands(program: Command, terminal: Terminal): void {
  addConnectionOptions(program.command('login'))
    .description('log in, and keep the session in a profile; asks for what is not given')
    .option('--name <name>', 'of the account')
    .addOption(
      new Option('--password-stdin', 'read the password from standard input').conflicts('tokenStdin'),
    )
    .addOption(
      new Option('--token-stdin', 'keep an API token, read from standard input, instead').conflicts('name'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  halo login --url https://halo.example --name ada\n' +
        '  pass show halo/ada | halo login --name ada --password-stdin\n' +
        '  halo login --profile backup --token-stdin < token.txt',
    )
    .action((options: LogInOptions) => logIn(terminal, options));

  addConnectionOptions(program.command('logout'))
    .description('end the session on the server, and forget it; an API token is only forgotten')
    .addHelpText('after', '\nExample:\n  halo logout')
    .action((options: ConnectionOptions) => logOut(terminal, options));

  addConnectionOptions(program.command('whoami'))
    .description('tell who is logged in, and how full the account is')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  halo whoami')
    .action((options: JsonOption) => whoAmI(terminal, options));
}

async function logIn(terminal: Terminal, options: LogInOptions): Promise<void> {
  const { url, profiles, profileName } = await findTarget(terminal, options);
  const { profile, name } = options.tokenStdin
    ? await tokenProfile(terminal, url)
    : await sessionProfile(terminal, url, options);
  let replaced: Profile | undefined;
  await profiles.update(profileName, (before) => {
    replaced = before;
    return profile;
  });
  await endReplaced(replaced);
  const how = options.tokenStdin ? 'with an API token ' : '';
  await printLine(terminal, `Logged in ${how}as ${name} at ${url}, in the profile "${profileName}".`);
}

async function sessionProfile(terminal: Terminal, url: string, { name, passwordStdin }: LogInOptions) {
  const isAsked = terminal.input.isTTY === true;
  if (!isAsked && (name === undefined || !passwordStdin))
    throw new CommandError(
      'There is no terminal to ask on: use --name with --password-stdin, or --token-stdin.',
      exitCodes.usage,
    );
  const given = name ?? (await ask(terminal, 'Name: ', 'shown')).trim();
  if (given === '') throw new CommandError('No name was given. Nothing was changed.', exitCodes.usage);
  const password = passwordStdin ? await readSecret(terminal) : await ask(terminal, 'Password: ', 'hidden');
  if (password === '') throw new CommandError('The password is empty. Nothing was changed.', exitCodes.usage);
  const session = await createHalo({ url, fetch: namedFetch })
    .logIn({ name: given, password })
    .catch((error: unknown) => {
      if (!(error instanceof HaloError) || error.status !== 401) throw error;
      // The usual remedy, to log in, is what has just been tried.
      throw new CommandError(
        `${error.message} Nothing was changed (request ${error.requestId}).`,
        exitCodes.unauthorised,
      );
    });
  return { profile: { url, session }, name: session.account.name };
}

async function tokenProfile(terminal: Terminal, url: string) {
  if (terminal.input.isTTY === true)
    throw new CommandError('Pipe the token into standard input, where no history keeps it.', exitCodes.usage);
  const token = (await readSecret(terminal)).trim();
  // A header could not carry anything else.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new CommandError('That is no API token.', exitCodes.usage);
  const { account } = await createHalo({ url, token, fetch: namedFetch }).whoAmI();
  return { profile: { url, token }, name: account.name };
}

async function readSecret(terminal: Terminal): Promise<string> {
  return (await readText(terminal, '-', secretBytesMax)).replace(/\r?\n$/, '');
}

/** The session that a new log-in takes the place of would otherwise stay open for a month, with nobody to end it. */
async function endReplaced(replaced: Profile | undefined): Promise<void> {
  if (replaced?.session === undefined) return;
  const { url, session } = replaced;
  const halo = createHalo({ url, session, fetch: namedFetch, retries: 0 });
  // It is no use to anybody any more; that its server is gone is no reason to fail.
  await halo.logOut().catch(() => {});
}

async function logOut(terminal: Terminal, options: ConnectionOptions): Promise<void> {
  const target = await findTarget(terminal, options);
  const { profiles, profileName, profile } = target;
  if (profile?.session === undefined && profile?.token === undefined) {
    const hint = target.credential === undefined ? '' : ' HALO_TOKEN is set; unset it to be nobody.';
    throw new CommandError(
      `Nobody is logged in in the profile "${profileName}".${hint}`,
      exitCodes.unauthorised,
    );
  }
  if (profile.session !== undefined) await connectTo(ownTarget(target, profile)).logOut();
  await profiles.update(profileName, () => undefined);
  const what = profile.session === undefined ? 'The API token is forgotten; it still works.' : 'Logged out.';
  await printLine(terminal, what);
}

/** What is in the profile ends at the profile's own server, whatever the environment says. */
function ownTarget(target: Target, profile: Profile): Target {
  const { session } = profile;
  const credential = session === undefined ? undefined : ({ kind: 'session', session } as const);
  return { ...target, url: profile.url, credential };
}

async function whoAmI(terminal: Terminal, options: JsonOption): Promise<void> {
  const target = await findTarget(terminal, options);
  demandCredential(target);
  const view = await connectTo(target).whoAmI();
  const { credential } = target;
  if (options.json)
    return printJsonLine(terminal, { ...view, url: target.url, credential: credential?.kind ?? null });
  const { account, usage, limits, revision } = view;
  return printFacts(terminal, [
    ['name', account.name],
    ['id', account.id],
    ['at', target.url],
    ['with', credential?.kind === 'token' ? `an API token (${credential.from})` : 'a log-in'],
    ['keys', `${usage.keys} of ${limits.keys}`],
    ['bytes', `${usage.bytes} of ${limits.bytes}`],
    ['revision', revision],
  ]);
}
