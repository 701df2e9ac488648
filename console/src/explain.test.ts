import { HaloError } from 'halo-client';
import { describe, expect, test } from 'vitest';
import { explain, failureTitle, isTransient, isUnanswered } from './explain.js';

const lost = [
  new HaloError('unreachable', ''),
  new HaloError('outcome-unknown', ''),
  new HaloError('incomplete', '', { status: 200 }),
];
const problem = {
  ...{ type: '', title: 'The outcome is unknown', status: 503 },
  ...{ code: 'outcome-unknown', detail: 'The server lost its database.', request_id: 'r-1' },
};
const told = new HaloError(problem.code, problem.detail, { status: 503, problem });

describe('an error', () => {
  test.each(lost)('of which there was no whole answer, $code, is about the connection', (error) => {
    expect(isUnanswered(error)).toBe(true);
    expect(explain(error)).toMatchObject({ title: 'Halo cannot be reached' });
  });

  test('that the server tells is told in its words, with the request to quote', () => {
    expect(isUnanswered(told)).toBe(false);
    const { title, detail } = problem;
    expect(explain(told)).toEqual({ title, detail, requestId: 'r-1' });
  });

  test('of something between is told by its status', () => {
    const said = 'The server answered with status 502.';
    const error = new HaloError('unavailable', said, { status: 502, requestId: 'r-2' });
    expect(explain(error)).toEqual({ title: 'Unexpected answer', detail: said, requestId: 'r-2' });
  });

  test('that is no failed request says no more than that it happened', () => {
    expect(explain(new TypeError('x is undefined'))).not.toHaveProperty('requestId');
    expect(explain('')).toMatchObject({ title: 'Something went wrong' });
    expect(isUnanswered(new TypeError('fetch failed'))).toBe(false);
  });
});

test('what may have been done is not said to have failed', () => {
  const title = 'The key was not deleted';
  for (const error of [told, new HaloError('outcome-unknown', '')]) {
    expect(failureTitle(title, error)).toBe('It is not known whether this was done');
  }
  expect(failureTitle(title, new HaloError('unavailable', '', { status: 503 }))).toBe(title);
});

test('only what may pass is read again', () => {
  expect(isTransient(new HaloError('unreachable', ''))).toBe(true);
  expect(isTransient(new HaloError('overloaded', '', { status: 503 }))).toBe(true);
  expect(isTransient(new HaloError('rate-limited', '', { status: 429 }))).toBe(false);
  expect(isTransient(new HaloError('internal', '', { status: 500 }))).toBe(false);
});
