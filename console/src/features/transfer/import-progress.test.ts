import { expect, test } from 'vitest';
import { sumUp } from './import-progress.js';

const counts = { lines: 10, imported: 6, skipped: 3, failed: 1, bytes: 500, revision: 4 };
const fault = (line: number) => ({ error: { line, code: 'invalid-request', detail: 'No.' } });

test('a part that came to its end', () => {
  expect(sumUp([fault(3), { done: true, ...counts, sha256_ok: null }])).toEqual({
    lines: 10,
    imported: 6,
    skipped: 3,
    failed: 1,
    revision: 4,
    faults: [fault(3).error],
    stopped: undefined,
    isAnswered: true,
  });
});

test('an answer that broke off counts as far as it is certain', () => {
  const outcome = sumUp([fault(3), { ...counts, failed: 1 }, fault(14)]);
  expect(outcome).toMatchObject({ lines: 10, failed: 1, isAnswered: false, faults: [fault(3).error] });
  expect(sumUp([])).toMatchObject({ lines: 0, isAnswered: false, revision: undefined });
});

test('what was refused after the line at which it stopped is not done', () => {
  const error = { line: 11, code: 'precondition-failed', detail: 'The key exists already.' };
  const end = { done: false, error, ...counts, failed: 2, sha256_ok: null };
  const outcome = sumUp([fault(3), fault(20), end]);
  expect(outcome).toMatchObject({ stopped: error, failed: 1, faults: [fault(3).error], isAnswered: true });
});

test('of many faults only the first are told, and all are counted', () => {
  const told = Array.from({ length: 100 }, (_, index) => fault(index + 1));
  const end = { done: true, ...counts, lines: 500, failed: 400, sha256_ok: null };
  expect(sumUp([...told, end])).toMatchObject({ failed: 400, lines: 500 });
});
