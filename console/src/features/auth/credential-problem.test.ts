import { HaloError } from 'halo-client';
import type { Problem } from 'halo-contract';
import { expect, test } from 'vitest';
import { credentialProblem } from './credential-problem.js';

function refused(code: string, status: number, more: Partial<Problem> = {}): HaloError {
  const problem = { type: '', title: 'T', status, code, detail: 'D', request_id: 'r', ...more };
  return new HaloError(code, 'D', { status, problem });
}

test('a wrong name and a wrong password read the same, and name no field', () => {
  expect(credentialProblem(refused('unauthenticated', 401))).toMatchObject({
    field: undefined,
    title: 'Wrong name or password',
  });
});

test('what concerns a field is said beside it', () => {
  expect(credentialProblem(refused('name-taken', 409)).field).toBe('name');
  expect(credentialProblem(refused('weak-password', 400)).field).toBe('password');
  expect(credentialProblem(refused('invalid-request', 400, { pointer: '/name' })).field).toBe('name');
  expect(credentialProblem(refused('invalid-request', 400, { pointer: '/other' }))).toEqual({
    field: undefined,
    title: 'T',
    detail: 'D',
  });
});

test('an invite code is asked for in a field of its own', () => {
  const refusal = refused('sign-up-closed', 403, { pointer: '/invite' });
  expect(credentialProblem(refusal)).toMatchObject({ field: 'invite' });
});

test('what a person cannot mend by themselves says whom to ask', () => {
  const closed = credentialProblem(refused('sign-up-closed', 403));
  expect(closed).toMatchObject({ field: undefined, title: 'Nobody can sign up here' });
  const disabled = credentialProblem(refused('account-disabled', 403));
  expect(disabled).toMatchObject({ field: undefined, title: 'This account is disabled' });
  for (const { detail } of [closed, disabled]) expect(detail).toMatch(/ask them/i);
});

test('no answer is no fault of the fields', () => {
  const said = { field: undefined, title: 'Halo cannot be reached' };
  expect(credentialProblem(new HaloError('outcome-unknown', ''))).toMatchObject(said);
});
