import { createHash, randomBytes } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { databaseError } from '../database/failure.js';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';

/** An invite without its code, which only whoever made it has seen. */
export interface Invite {
  readonly id: string;
  readonly usesLeft: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

const codePrefix = 'haloinv_';
/** 192 bits: nobody guesses one, so that a plain hash keeps it, and no attempts need counting. */
const codeBytes = 24;
const codeForm = /^haloinv_[A-Za-z0-9_-]{32}$/;
/** In hexadecimal, so that no id begins like an option of a command. */
const idBytes = 6;

/** Makes an invite that is good for `uses` sign-ups within `days`, and returns its code, which is not kept. */
export async function createInvite(
  database: Kysely<Tables>,
  { uses, days }: { readonly uses: number; readonly days: number },
): Promise<{ readonly invite: Invite; readonly code: string }> {
  const code = codePrefix + randomBytes(codeBytes).toString('base64url');
  const row = await withDatabase(() =>
    database
      .insertInto('invites')
      .values({
        id: randomBytes(idBytes).toString('hex'),
        code_hash: hashOf(code),
        uses_left: uses,
        expires_at: sql<Date>`now() + make_interval(days => ${days})`,
      })
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
  return { invite: inviteOf(row), code };
}

/** All invites, the newest first; those that are used up or have expired stay until they are revoked. */
export async function listInvites(database: Kysely<Tables>): Promise<Invite[]> {
  const rows = await withDatabase(() =>
    database.selectFrom('invites').selectAll().orderBy('created_at', 'desc').orderBy('id').execute(),
  );
  return rows.map(inviteOf);
}

/** Throws `not-found`, `unavailable`. */
export async function revokeInvite(database: Kysely<Tables>, id: string): Promise<void> {
  const query = database.deleteFrom('invites').where('id', '=', id);
  const { numDeletedRows } = await withDatabase(() => query.executeTakeFirst());
  if (numDeletedRows === 0n) {
    throw new HaloError('not-found', `There is no invite with the id ${JSON.stringify(id.slice(0, 64))}.`);
  }
}

/**
 * Takes one use of a code and says whether there was one. The invite stays locked until the caller's transaction
 * ends: of many sign-ups at once, each waits to see what became of the one before, and a use that is rolled back
 * is there for the next.
 */
export async function takeInvite(database: Kysely<Tables>, code: string): Promise<boolean> {
  if (!codeForm.test(code)) return false;
  const { numUpdatedRows } = await database
    .updateTable('invites')
    .set((eb) => ({ uses_left: eb('uses_left', '-', 1) }))
    .where('code_hash', '=', hashOf(code))
    .where('uses_left', '>', 0)
    .where('expires_at', '>', sql<Date>`now()`)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Whether a code has a use left at this moment. */
export async function isInviteGood(database: Kysely<Tables>, code: string): Promise<boolean> {
  if (!codeForm.test(code)) return false;
  const row = await database
    .selectFrom('invites')
    .select('id')
    .where('code_hash', '=', hashOf(code))
    .where('uses_left', '>', 0)
    .where('expires_at', '>', sql<Date>`now()`)
    .executeTakeFirst();
  return row !== undefined;
}

interface Row {
  readonly id: string;
  readonly uses_left: number;
  readonly created_at: Date;
  readonly expires_at: Date;
}

function inviteOf({ id, uses_left, created_at, expires_at }: Row): Invite {
  return { id, usesLeft: uses_left, createdAt: created_at, expiresAt: expires_at };
}

function hashOf(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}

async function withDatabase<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
}
