import type { Command } from 'commander';
import { CommandError } from 'halo-server/operator/command-error';
import { count } from 'halo-server/operator/terminal';
import { addConnectionOptions, type ConnectionOptions, findTarget } from './connection.js';
import { examine, type Finding } from './doctor.js';
import { exitCodes } from './failure.js';
import { printJsonLine, printLine, printMarked, type Terminal } from './terminal.js';

interface DoctorOptions extends ConnectionOptions {
  readonly json?: boolean;
}

interface ConfigOptions extends ConnectionOptions {
  readonly json?: boolean;
}

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

/** `doctor` and `config`: what is wrong, and what goes by what. */
export function addDoctorCommands(program: Command, terminal: Terminal): void {
  addConnectionOptions(program.command('doctor'))
    .description('look for what keeps commands from working, and say what to do')
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      '\nExits with 0 unless something fails; a warning is no failure.\n\nExample:\n  halo doctor --url https://halo.example',
    )
    .action((options: DoctorOptions) => doctor(terminal, options));

  addConnectionOptions(program.command('config'))
    .description('tell which Halo commands go to, as whom, and where that is kept; no secrets')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  halo config')
    .action((options: ConfigOptions) => showConfig(terminal, options));
}

async function doctor(terminal: Terminal, options: DoctorOptions): Promise<void> {
  const target = await findTarget(terminal, options);
  const failures: Finding[] = [];
  for await (const finding of examine(target)) {
    const { state, what, remedy } = finding;
    if (state === 'fail') failures.push(finding);
    if (options.json) await printJsonLine(terminal, { state, what, remedy: remedy ?? null });
    else {
      const advice = remedy === undefined ? '.' : `. ${remedy}`;
      await printMarked(terminal, ['', colours[state], state.padEnd(4), ` ${what}${advice}`]);
    }
  }
  const [first] = failures;
  if (first === undefined) return;
  throw new CommandError(
    `${count(failures.length, 'thing', 'things')} to repair.`,
    first.exitCode ?? exitCodes.failed,
  );
}

async function showConfig(terminal: Terminal, options: ConfigOptions): Promise<void> {
  const { url, urlFrom, profileName, profiles, profile, credential } = await findTarget(terminal, options);
  const names = await profiles.names();
  const facts = {
    url,
    url_from: urlFrom,
    profile: profileName,
    account: profile?.session?.account.name ?? null,
    credential: credential?.kind ?? null,
    credential_from:
      credential === undefined ? null : credential.kind === 'token' ? credential.from : 'profile',
    file: profiles.path,
    profiles: names,
  };
  if (options.json) return printJsonLine(terminal, facts);
  const shown = Object.entries(facts).map(([name, value]) => {
    const text = Array.isArray(value) ? value.join(', ') : value;
    return `${name.replace('_', ' ').padEnd(15)}  ${text === null || text === '' ? '-' : text}`;
  });
  await printLine(terminal, shown.join('\n'));
}
