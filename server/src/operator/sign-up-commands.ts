import { Argument, type Command } from 'commander';
import { createInvite, type Invite, listInvites, revokeInvite } from '../auth/invites.js';
import { readSignUpMode, type SignUpMode, signUpModes, storeSignUpMode } from '../auth/sign-up-policy.js';
import { withHalo } from './open-halo.js';
import { integerFrom } from './option-values.js';
import { count, print, printJson, printTable, type Terminal } from './terminal.js';

interface JsonOption {
  readonly json?: boolean;
}

interface InviteOptions extends JsonOption {
  readonly uses: number;
  readonly expires: number;
}

const json = ['--json', 'print JSON'] as const;
const usesMax = 1_000_000;
/** An invite that nobody remembers should not be good for ever. */
const daysMax = 3_650;
const daysDefault = 7;

const meanings: Readonly<Record<SignUpMode, string>> = {
  open: 'everybody can sign up',
  closed: 'nobody can sign up; "accounts create" still makes accounts',
  invite: 'signing up takes an invite code',
};

/** `sign-up` and `invites`: who may come in. */
export function addSignUpCommands(parent: Command, terminal: Terminal): void {
  parent
    .command('sign-up')
    .description('show or set who may sign up; HALO_SIGN_UP in the environment wins over what is set')
    .addArgument(new Argument('[mode]', 'what to set').choices(signUpModes))
    .option(...json)
    .action((mode: SignUpMode | undefined, options: JsonOption) => signUp(terminal, mode, options));
  const invites = parent.command('invites').description('make and revoke codes to sign up with');
  invites
    .command('create')
    .description('make an invite and print its code, once')
    .option('--uses <number>', 'how many accounts it is good for', integerFrom(1, usesMax), 1)
    .option('--expires <days>', 'after how many days it ends', integerFrom(1, daysMax), daysDefault)
    .option(...json)
    .action((options: InviteOptions) => create(terminal, options));
  invites
    .command('list')
    .description('list invites, without their codes, which are not kept')
    .option(...json)
    .action((options: JsonOption) => list(terminal, options));
  invites
    .command('revoke')
    .description('remove an invite; accounts made with it stay')
    .argument('<id>', 'from "invites list"')
    .option(...json)
    .action((id: string, options: JsonOption) => revoke(terminal, id, options));
}

async function signUp(terminal: Terminal, mode: SignUpMode | undefined, { json }: JsonOption): Promise<void> {
  await withHalo(terminal, mode === undefined ? 'refuse' : 'begin', async ({ config, database }) => {
    if (mode !== undefined) await storeSignUpMode(database, mode);
    const stored = await readSignUpMode(database);
    const inForce = config.signUp ?? stored ?? 'open';
    if (json) {
      const source =
        config.signUp === undefined ? (stored === undefined ? 'default' : 'setting') : 'environment';
      return printJson(terminal, { mode: inForce, source, setting: stored ?? null });
    }
    await print(terminal, `Sign-up is ${inForce}: ${meanings[inForce]}.`);
    if (config.signUp !== undefined) {
      const set = stored === undefined ? 'Nothing else is set' : `"${stored}" is set`;
      await print(
        terminal,
        `HALO_SIGN_UP=${config.signUp} in this environment decides that. ${set} for servers without it.`,
      );
    }
  });
}

async function create(terminal: Terminal, { uses, expires: days, json }: InviteOptions): Promise<void> {
  await withHalo(terminal, 'begin', async ({ database }) => {
    const { invite, code } = await createInvite(database, { uses, days });
    if (json) return printJson(terminal, { ...jsonOf(invite), code });
    const until = `until ${invite.expiresAt.toISOString()}`;
    return print(
      terminal,
      `${code}\nThis code is good for ${count(uses, 'account', 'accounts')} ${until}, and is not shown again.`,
    );
  });
}

async function list(terminal: Terminal, { json }: JsonOption): Promise<void> {
  await withHalo(terminal, 'refuse', async ({ database }) => {
    const invites = await listInvites(database);
    if (json) return printJson(terminal, invites.map(jsonOf));
    const rows = invites.map(({ id, usesLeft, createdAt, expiresAt }) => [
      id,
      usesLeft,
      createdAt,
      expiresAt,
    ]);
    return printTable(
      terminal,
      ['id', 'uses left', 'created', 'expires'],
      onePage(rows),
      'There are no invites.',
    );
  });
}

async function revoke(terminal: Terminal, id: string, { json }: JsonOption): Promise<void> {
  await withHalo(terminal, 'refuse', async ({ database }) => {
    await revokeInvite(database, id);
    if (json) return printJson(terminal, { id, revoked: true });
    return print(terminal, `The invite ${id} is revoked.`);
  });
}

function jsonOf({ id, usesLeft, createdAt, expiresAt }: Invite) {
  return {
    id,
    uses_left: usesLeft,
    created_at: createdAt.toISOString(),
    expires_at: expiresAt.toISOString(),
  };
}

async function* onePage<Row>(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  yield rows;
}
