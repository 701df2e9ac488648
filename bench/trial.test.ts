import { describe, expect, it } from 'vitest';
import { atLeast, atMost, verdictOf } from './goals.js';
import { type Findings, NotMeasured, runTrials, type Trial, type TrialStage } from './trial.js';

const unending = new AbortController().signal;
/** Trials of a test use none of the rest. */
const stage = { signal: unending } as TrialStage;
const inTime = { minutesMax: 20, signal: unending };

function trial(name: string, run: Trial['run']): Trial {
  return { name, title: `The ${name}`, run };
}

const found: Findings = { goals: [atLeast('a ratio', 0.9, 0.8)], rows: [['a row', '1 ms']] };

describe('trials', () => {
  it('are reported in their order, with the reason where something is missing', async () => {
    const missing = trial('first', () => Promise.reject(new NotMeasured('There is no such program.')));
    const { goals, reports } = await runTrials(
      [missing, trial('second', async () => found)],
      2,
      stage,
      inTime,
    );
    expect(reports).toEqual([
      { title: 'The first', rows: [], missing: 'There is no such program.' },
      { title: 'The second', rows: [['a row', '1 ms']], missing: undefined },
    ]);
    expect(goals).toEqual(found.goals);
  });

  it('stop what they have started, the last thing first, also when they fail', async () => {
    const stopped: number[] = [];
    const failing = trial('failing', async ({ undo }) => {
      for (const step of [1, 2]) undo(async () => void stopped.push(step));
      throw new Error('It broke.');
    });
    await expect(runTrials([failing], 1, stage, inTime)).rejects.toThrow('It broke.');
    expect(stopped).toEqual([2, 1]);
  });

  it('that are not done in time are given up, and the page says so', async () => {
    const deadline = AbortSignal.timeout(20);
    const slow = trial('slow', ({ signal }) => {
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    const { reports } = await runTrials([slow, slow], 1, stage, { minutesMax: 20, signal: deadline });
    expect(reports.map(({ missing }) => missing)).toEqual([
      'The run had taken 20 minutes, and it was not done.',
      'The run had taken 20 minutes, and it was not done.',
    ]);
  });

  it('end with the run when that is interrupted', async () => {
    const interruption = AbortSignal.abort(new Error('Interrupted.'));
    const any = trial('any', async ({ signal }) => {
      signal.throwIfAborted();
      return found;
    });
    await expect(runTrials([any], 1, { ...stage, signal: interruption }, inTime)).rejects.toThrow(
      'Interrupted.',
    );
  });
});

describe('a goal', () => {
  it('is reached exactly at its limit, and no ratio is rounded up to it', () => {
    expect(verdictOf(atLeast('x', 0.8, 0.8))).toBe('reached');
    expect(atLeast('x', 0.7999, 0.8)).toMatchObject({ seen: '0.79', reached: false });
    expect(verdictOf(atMost('x', 250, 250, 'ms'))).toBe('reached');
    expect(verdictOf(atMost('x', 250.1, 250, 'ms'))).toBe('NOT reached');
  });
});
