import { describe, expect, it } from 'vitest';
import { atMost } from './goals.js';
import type { Measurement, Subject } from './measurement.js';
import { compare, spread, verdict } from './ratios.js';
import { renderResults } from './report.js';

function measured(subject: Subject, round: number, perSecond: number): Measurement {
  return {
    subject,
    round,
    connections: 64,
    operations: perSecond * 8,
    seconds: 8,
    p50Ms: 1,
    p99Ms: 2,
    maxMs: 3,
    errors: 0,
    cpu: { serverUs: 20, postgresUs: 10 },
  };
}

const comparison = { subject: 'get', baseline: 'fastify' } as const;

describe('a ratio', () => {
  it('is taken against the mean of the neighbours before and after in the same round', () => {
    const ratio = compare(
      [measured('fastify', 1, 900), measured('get', 1, 500), measured('fastify', 1, 1_100)],
      comparison,
    );
    expect(ratio).toEqual({ median: 0.5, min: 0.5, max: 0.5 });
  });

  it('never reaches over into another round, so that a machine that slows down makes no difference', () => {
    const ratio = compare(
      [
        ...[measured('fastify', 1, 1_000), measured('get', 1, 600)],
        ...[measured('fastify', 2, 100), measured('get', 2, 60)],
      ],
      comparison,
    );
    expect(ratio).toEqual({ median: 0.6, min: 0.6, max: 0.6 });
  });

  it('uses only the nearest of several', () => {
    const ratio = compare(
      [measured('fastify', 1, 10), measured('fastify', 1, 1_000), measured('get', 1, 500)],
      comparison,
    );
    expect(ratio?.median).toBe(0.5);
  });

  it('is absent where the baseline was not measured', () => {
    expect(compare([measured('get', 1, 500)], comparison)).toBeUndefined();
  });
});

describe('a spread', () => {
  it('has the middle value, or the mean of the middle two', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
    expect(spread([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
  });
});

describe('a verdict', () => {
  const ratio = { median: 0.5, min: 0.4, max: 0.9 };
  it('says plainly whether the goal is reached', () => {
    expect(verdict(ratio, { goal: 0.5 })).toBe('goal ≥ 0.5 reached');
    expect(verdict({ ...ratio, median: 0.4999 }, { goal: 0.5 })).toBe('goal ≥ 0.5 NOT reached');
  });

  it('claims nothing that was not measured', () => {
    expect(verdict(undefined, { goal: 0.5 })).toBe('not measured');
    expect(verdict(ratio, {})).toBe('');
  });
});

describe('the published page', () => {
  const page = renderResults({
    machine: [['Commit', 'abc1234']],
    seconds: 8,
    rounds: 1,
    keys: 20_000,
    measurements: [measured('fastify', 1, 100_000), measured('get', 1, 79_990)],
    rowsSeen: [['a row', '1 ms']],
    trialsSeen: [
      { title: 'A large store', rows: [['memory', '9 MiB']], missing: undefined },
      { title: 'Redis behind webdis', rows: [], missing: 'webdis is missing.' },
    ],
    goals: [atMost('one write to 10 watchers, p99', 251, 250, 'ms')],
    startSeconds: { first: 2.5, second: 0.75 },
    memory: { idle: { serverRssMib: 90, postgresMib: 30, postgresMeasure: 'PSS' }, loaded: undefined },
    remarks: ['It was a test.'],
  });

  it('does not round a ratio up to its goal', () => {
    expect(page).toContain('| GET / bare Fastify (64 / 64) | 0.79 | 0.79 to 0.79 | goal ≥ 0.8 NOT reached |');
  });

  it('gives the figures, and their sums', () => {
    expect(page).toContain(
      '| Halo GET | 64 | 79,990 | 79,990 to 79,990 | 1.00 | 2.00 | 3.00 | 20.0 | 10.0 | 30.0 | 0 |',
    );
  });

  it('says of every goal whether it was reached', () => {
    expect(page).toContain('| GET / bare Fastify (64 / 64) | 0.79 | ≥ 0.8 | NOT reached |');
    expect(page).toContain('| CPU time of a GET, Halo and PostgreSQL | 30 µs | ≤ 20 µs | NOT reached |');
    expect(page).toContain('| PUT / pgbench upsert |  | ≥ 1.6 | not measured |');
    expect(page).toContain('| start on a warm installation | 0.75 s | ≤ 1.5 s | reached |');
    expect(page).toContain('| memory, idle: Halo and PostgreSQL | 120 MiB | ≤ 200 MiB | reached |');
    expect(page).toContain('| one write to 10 watchers, p99 | 251 ms | ≤ 250 ms | NOT reached |');
  });

  it('gives what trials found, or why there is nothing', () => {
    expect(page).toMatch(/## A large store\n\n.*\n.*\n\| memory \| 9 MiB \|/);
    expect(page).toContain('## Redis behind webdis\n\nNot measured. webdis is missing.');
  });

  it('leaves out what was not measured and says what a reader must know', () => {
    expect(page).not.toContain('| bare node:http |');
    expect(page).toContain('PUT / pgbench upsert |  |  | not measured |');
    expect(page).toContain('- It was a test.');
  });
});
