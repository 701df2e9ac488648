import type pg from 'pg';
import { databaseError } from '../database/failure.js';
import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { boundTo } from './account-statements.js';
import { readLive } from './change-statements.js';
import { credentialArrays } from './credentials.js';
import { prepared } from './statements.js';

/**
 * Asks whether a session lives, for work that reads or writes later, or that takes one of few places.
 *
 * @throws HaloError `session-ended`, `unavailable`
 */
export async function demandLive(readers: pg.Pool, credential: Credential): Promise<void> {
  const asked = boundTo(credential.accountId)(prepared(readLive, credentialArrays([credential])));
  const { rows } = await readers.query<string[]>(asked).catch((error: unknown) => {
    throw databaseError(error, { committing: false });
  });
  if (rows.length === 0) throw new HaloError('session-ended', 'The session has ended.');
}
