import { describe, expect, test } from 'vitest';
import { commonProblems, type Operation } from './operation.js';
import { operations } from './operations.js';
import { type ProblemCode, problemCodes, problems, problemTypePrefix } from './problems.js';

/** Answered where no operation is: an unknown path, another method, an `Accept` that nothing fits. */
const outsideOperations: readonly ProblemCode[] = ['not-found', 'method-not-allowed', 'expectation-failed'];

const declared = (Object.values(operations) as Operation[]).flatMap((operation) => operation.problems);

describe('the problem catalogue', () => {
  test.each(problemCodes)('describes %s', (code) => {
    const { status, title, description } = problems[code];
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(Number.isInteger(status) && status >= 400 && status <= 599).toBe(true);
    expect(title).toMatch(/^[A-Z].*[^.]$/);
    expect(description).toMatch(/^[`A-Z].*\.$/s);
  });

  test('has a title of its own for each code', () => {
    expect(new Set(problemCodes.map((code) => problems[code].title)).size).toBe(problemCodes.length);
  });

  test('has a description of its own for each code', () => {
    expect(new Set(problemCodes.map((code) => problems[code].description)).size).toBe(problemCodes.length);
  });

  test('lists the codes it holds', () => {
    expect(problemCodes.length).toBeGreaterThan(0);
    expect([...problemCodes].sort()).toEqual(Object.keys(problems).sort());
  });

  test('makes of each code a relative reference that a URL parser reads', () => {
    for (const code of problemCodes) {
      const { pathname, hash } = new URL(problemTypePrefix + code, 'http://localhost/v1/keys/a');
      expect(pathname + hash).toBe(`/docs#problem-${code}`);
    }
  });

  test('holds no code that nothing answers', () => {
    const answered = new Set<ProblemCode>([...declared, ...commonProblems, ...outsideOperations]);
    expect(problemCodes.filter((code) => !answered.has(code))).toEqual([]);
  });

  test('is what operations declare their refusals from, each once', () => {
    expect(declared.filter((code) => !problemCodes.includes(code))).toEqual([]);
    for (const { id, problems: own } of Object.values(operations) as Operation[]) {
      const all = [...own, ...commonProblems];
      expect({ id, codes: [...new Set(all)] }).toEqual({ id, codes: all });
    }
  });
});
