import { type ProblemCode, problems } from 'halo-contract';
import { expect, test } from 'vitest';
import { ProblemError, UnreachableError } from '../../../problem-error.js';
import { saveWords } from './save-words.js';

const refused = (code: ProblemCode) =>
  new ProblemError({
    type: '',
    title: problems[code].title,
    status: problems[code].status,
    code,
    detail: 'The detail.',
    request_id: 'r',
  });

test.each([
  'too-large',
  'rate-limited',
  'quota-exceeded',
  'unavailable',
  'overloaded',
  'outcome-unknown',
] as const)('%s has words of its own, and says what to do', (code) => {
  const { title, advice } = saveWords(refused(code));
  expect(title).not.toBe('Not saved');
  expect(advice).toMatch(/try again|shorten it/i);
});

test('what is too large is not sent again unchanged, what was lost on the way is', () => {
  expect(saveWords(refused('too-large')).retry).toBe(false);
  expect(saveWords(new UnreachableError('')).retry).toBe(true);
  expect(saveWords(refused('internal'))).toEqual({ title: 'Not saved', advice: 'The detail.', retry: true });
});
