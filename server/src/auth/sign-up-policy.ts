import type { Kysely, Transaction } from 'kysely';
import { databaseError } from '../database/failure.js';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';
import { isInviteGood, takeInvite } from './invites.js';

export type SignUpMode = 'open' | 'closed' | 'invite';

/** Decides who may sign up, as the operator has it at that moment: a change needs no restart. */
export interface SignUpPolicy {
  /**
   * Refuses early who would be refused anyway, before a password is hashed for nothing. Throws `sign-up-closed`,
   * `unavailable`.
   */
  check(inviteCode?: string): Promise<void>;
  /**
   * Lets somebody in, within the transaction that creates the account: an invite loses a use only if that commits.
   * Throws `sign-up-closed`.
   */
  admit(transaction: Transaction<Tables>, inviteCode?: string): Promise<void>;
}

export interface SignUpPolicyOptions {
  readonly database: Kysely<Tables>;
  /** From the environment; undefined: what is stored decides. */
  readonly mode: SignUpMode | undefined;
}

export const signUpModes: readonly SignUpMode[] = ['open', 'closed', 'invite'];

const settingName = 'sign_up';

export function createSignUpPolicy({ database, mode: fixedMode }: SignUpPolicyOptions): SignUpPolicy {
  const modeNow = async (source: Kysely<Tables>): Promise<SignUpMode> =>
    fixedMode ?? (await readSignUpMode(source)) ?? 'open';
  return {
    async check(inviteCode = '') {
      try {
        const mode = await modeNow(database);
        if (mode === 'closed') throw closed();
        if (mode === 'invite' && !(await isInviteGood(database, inviteCode))) throw notInvited();
      } catch (error) {
        throw databaseError(error, { committing: false });
      }
    },
    async admit(transaction, inviteCode = '') {
      const mode = await modeNow(transaction);
      if (mode === 'closed') throw closed();
      if (mode === 'invite' && !(await takeInvite(transaction, inviteCode))) throw notInvited();
    },
  };
}

/** What the operator has stored; undefined: nothing. */
export async function readSignUpMode(database: Kysely<Tables>): Promise<SignUpMode | undefined> {
  const query = database.selectFrom('settings').select('value').where('name', '=', settingName);
  const value = (await query.executeTakeFirst())?.value;
  if (value === undefined) return undefined;
  // Halo stores only its own words. Whatever else somebody wrote there should not open the door.
  return signUpModes.find((mode) => mode === value) ?? 'closed';
}

/** Stores who may sign up; every server follows from the next sign-up on. */
export async function storeSignUpMode(database: Kysely<Tables>, mode: SignUpMode): Promise<void> {
  await database
    .insertInto('settings')
    .values({ name: settingName, value: mode })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: mode }))
    .execute();
}

function closed(): HaloError {
  return new HaloError(
    'sign-up-closed',
    'Sign-up is closed here. Ask whoever runs this server for an account.',
  );
}

function notInvited(): HaloError {
  return new HaloError('sign-up-closed', 'Signing up takes an invite code that is still good.', {
    extra: { pointer: '/invite' },
  });
}
