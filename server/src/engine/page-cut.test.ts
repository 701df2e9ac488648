import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutAtCommit, fitValues, groupByCommit, type Look } from './page-cut.js';

interface Logged {
  readonly revision: number;
  readonly key: number;
  readonly isWithin: boolean;
  readonly size: number | null;
}

/** Commits of one to six changes, some of them out of reach, with revisions that no change of ours may take. */
const logs = fc
  .array(
    fc.array(fc.record({ isWithin: fc.boolean(), size: fc.option(fc.nat(9)) }), {
      minLength: 1,
      maxLength: 6,
    }),
    { maxLength: 12 },
  )
  .map((commits) =>
    commits.flatMap((changes, index) =>
      changes.map((change, key): Logged => ({ ...change, key, revision: index + 1 })),
    ),
  );

/** What PostgreSQL is asked for: a look at so many versions, of which so many within reach are answered. */
function lookAt(log: readonly Logged[], since: number, lookMax: number, limit: number): Look<Logged> {
  const ahead = log.filter(({ revision }) => revision > since);
  const seen = ahead.slice(0, lookMax);
  const within = seen.filter(({ isWithin }) => isWithin);
  const isStopped = ahead.length >= lookMax && within.length <= limit;
  return {
    since,
    changes: within.slice(0, limit + 1),
    stoppedAt: isStopped ? seen.at(-1)?.revision : undefined,
    revision: log.at(-1)?.revision ?? 0,
  };
}

function readPage(log: readonly Logged[], since: number, lookMax: number, limit: number) {
  const cut = cutAtCommit(lookAt(log, since, lookMax, limit), limit);
  const changes = cut.isPartial
    ? log.filter(({ revision, isWithin }) => revision === cut.to && isWithin)
    : cut.changes;
  return { changes, to: cut.to };
}

describe('pages of changes', () => {
  test('are together the log, each commit whole on one page, and each page gets ahead', () => {
    fc.assert(
      fc.property(
        logs,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 5 }),
        (log, lookMax, limit) => {
          const end = log.at(-1)?.revision ?? 0;
          const told: Logged[] = [];
          for (let since = 0; since < end; ) {
            const page = readPage(log, since, lookMax, limit);
            expect(page.to).toBeGreaterThan(since);
            expect(page.changes.every(({ revision }) => revision > since && revision <= page.to)).toBe(true);
            const commits = new Set(page.changes.map(({ revision }) => revision));
            if (page.changes.length > limit) expect(commits.size).toBe(1);
            told.push(...page.changes);
            since = page.to;
          }
          expect(told).toEqual(log.filter(({ isWithin }) => isWithin));
        },
      ),
    );
  });

  test('end before the commit whose values no longer fit', () => {
    fc.assert(
      fc.property(logs, fc.integer({ min: 0, max: 20 }), (log, bytesMax) => {
        const fit = fitValues(log, ({ isWithin }) => isWithin, bytesMax);
        const to = fit.to ?? log.at(-1)?.revision ?? 0;
        expect(fit.changes).toEqual(log.filter(({ revision }) => revision <= to));
        expect(fit.to === undefined).toBe(fit.changes.length === log.length);
        const bytes = fit.valued.reduce((sum, { size }) => sum + (size ?? 0), 0);
        expect(bytes).toBeLessThanOrEqual(bytesMax);
        // Values are left out only of a commit that is alone on its page.
        const wanted = fit.changes.filter(({ size, isWithin }) => size !== null && isWithin);
        if (groupByCommit(fit.changes).length > 1) expect(fit.valued).toEqual(wanted);
        if (log.length > 0) expect(fit.changes.length).toBeGreaterThan(0);
      }),
    );
  });

  test('take in as many commits as they can hold', () => {
    const log = [1, 1, 2, 3, 3, 3].map(
      (revision, key): Logged => ({ revision, key, isWithin: true, size: 2 }),
    );
    expect(readPage(log, 0, 100, 3)).toEqual({ changes: log.slice(0, 3), to: 2 });
    expect(readPage(log, 0, 100, 6)).toEqual({ changes: log, to: 3 });
    expect(readPage(log, 2, 100, 1)).toEqual({ changes: log.slice(3), to: 3 });
    expect(fitValues(log, () => true, 6)).toMatchObject({ to: 2, valued: { length: 3 } });
    expect(fitValues(log.slice(3), () => true, 5)).toMatchObject({ to: undefined, valued: { length: 2 } });
  });

  test('are divided into their commits', () => {
    fc.assert(
      fc.property(logs, (log) => {
        const commits = groupByCommit(log);
        expect(commits.flatMap(({ changes }) => changes)).toEqual(log);
        expect(commits.map(({ revision }) => revision)).toEqual([
          ...new Set(log.map((change) => change.revision)),
        ]);
      }),
    );
  });
});
