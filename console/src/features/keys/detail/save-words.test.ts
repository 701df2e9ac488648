import { HaloError } from 'halo-client';
import { type ProblemCode, problems } from 'halo-contract';
import { expect, test } from 'vitest';
import { saveWords } from './save-words.js';

const refused = (code: ProblemCode) => new HaloError(code, 'The detail.', { status: problems[code].status });

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
  const lost = saveWords(new HaloError('outcome-unknown', ''));
  expect(lost).toMatchObject({ title: 'Halo did not answer', retry: true });
  expect(saveWords(new HaloError('incomplete', '', { status: 200 }))).toEqual(lost);
  expect(saveWords(refused('internal'))).toEqual({ title: 'Not saved', advice: 'The detail.', retry: true });
});
