import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { HaloError } from '../errors.js';
import { databaseError, isPassing, isUniqueViolation, StandbyMet, UnreplicatedCommit } from './failure.js';

function refused(code: string, constraint?: string): Error {
  const error = new pg.DatabaseError('what PostgreSQL said', 20, 'error');
  error.code = code;
  error.constraint = constraint;
  return error;
}

const lost = [
  refused('57P01'),
  refused('57P02'),
  refused('08006'),
  Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
  Object.assign(new Error('connect ENOENT'), { code: 'ENOENT' }),
  new Error('Connection terminated unexpectedly'),
  new Error('Client has encountered a connection error and is not queryable'),
  new Error('Query read timeout'),
  new Error('timeout exceeded when trying to connect'),
  new UnreplicatedCommit(),
];

describe('databaseError', () => {
  test.each(lost)('is unavailable for %s, and of unknown outcome while committing', (error) => {
    const before = databaseError(error, { committing: false });
    expect(before).toMatchObject({ code: 'unavailable', cause: error, retryAfterS: 1 });
    const during = databaseError(error, { committing: true });
    expect(during).toMatchObject({ code: 'outcome-unknown', cause: error });
  });

  test.each(['25006', '53100', '53300', '40001', '40P01', '57014', '55P03', '25P03'])(
    'is unavailable for SQLSTATE %s, also while committing: the server said that it did not',
    (code) => {
      for (const committing of [false, true]) {
        expect(databaseError(refused(code), { committing })).toMatchObject({ code: 'unavailable' });
      }
    },
  );

  test.each([refused('42601'), refused('23505'), new TypeError('a bug'), 'no error at all'])(
    'is internal for %s, and shows nothing of it',
    (error) => {
      for (const committing of [false, true]) {
        const result = databaseError(error, { committing });
        expect(result).toMatchObject({ code: 'internal', cause: error });
        expect(result.message).toBe('Something went wrong on the server.');
      }
    },
  );

  test('passes refusals on as they are', () => {
    const refusal = new HaloError('session-ended', 'The session has ended.');
    expect(databaseError(refusal, { committing: true })).toBe(refusal);
  });
});

test.each([
  [true, new StandbyMet()],
  [true, refused('57P03')],
  [true, new Error('Connection terminated unexpectedly')],
  [true, Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
  [false, Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
  [false, Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })],
  [false, refused('28P01')],
  [false, refused('3D000')],
  [false, new Error('timeout exceeded when trying to connect')],
  [false, undefined],
])('isPassing says %s of %s', (passing, error) => {
  expect(isPassing(error)).toBe(passing);
});

test('isUniqueViolation tells one constraint from another', () => {
  expect(isUniqueViolation(refused('23505', 'accounts_name_folded'), 'accounts_name_folded')).toBe(true);
  expect(isUniqueViolation(refused('23505', 'sessions_pkey'), 'accounts_name_folded')).toBe(false);
  expect(isUniqueViolation(refused('23503', 'accounts_name_folded'), 'accounts_name_folded')).toBe(false);
  expect(isUniqueViolation(new Error('23505'), 'accounts_name_folded')).toBe(false);
});
