import type { Goal } from './goals.js';
import type { Halo } from './halo.js';
import type { LoadGenerator } from './load.js';
import type { Measurement } from './measurement.js';
import type { Person } from './person.js';
import type { Row } from './rows.js';

/** A question of its own that the benchmark can be asked by name, with whatever it needs besides Halo. */
export interface Trial {
  readonly name: string;
  readonly title: string;
  /** @throws NotMeasured when something is missing that it needs */
  run(stage: TrialStage): Promise<Findings>;
}

export interface Findings {
  readonly goals: readonly Goal[];
  readonly rows: readonly Row[];
  /** What belongs among the figures and ratios of the whole run. */
  readonly measurements?: readonly Measurement[];
}

/** What a trial may use. What it starts, it registers with `undo`. */
export interface TrialStage {
  readonly generator: LoadGenerator;
  readonly seconds: number;
  readonly keys: number;
  readonly sizes: TrialSizes;
  /** Whether a baseline is measured again after what is compared with it. */
  readonly twice: boolean;
  /** A round of its own, so that ratios are of this trial's measurements alone. */
  readonly round: number;
  readonly signal: AbortSignal;
  readonly halo: Halo;
  readonly person: Person;
  /** Makes an empty directory, which goes with the run. */
  directory(name: string): Promise<string>;
  undo(step: () => Promise<void>): void;
}

export interface TrialSizes {
  readonly accounts: number;
  readonly connectionsWide: number;
  readonly growthKeys: number;
  readonly idleWatchers: number;
  /** Of them, those of one account, who hear of each write. */
  readonly watchers: number;
  readonly writes: number;
  readonly valueSizes: readonly ValueSize[];
  readonly uploads: number;
}

export interface ValueSize {
  readonly title: string;
  readonly bytes: number;
  readonly connections: number;
}

/** Says in a sentence why a trial could not be made here. It fails nothing. */
export class NotMeasured extends Error {}

/** What came of a trial, for the page. */
export interface TrialReport {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly missing: string | undefined;
}

/** The longest that the trials may take. One that is not done by then is ended, and the page says so. */
export interface Deadline {
  readonly minutesMax: number;
  readonly signal: AbortSignal;
}

/**
 * Runs trials, so many side by side, and says of each what it found or why there is nothing.
 *
 * @throws Error what any trial throws besides NotMeasured, when the others have ended
 */
export async function runTrials(
  trials: readonly Trial[],
  lanes: number,
  stage: TrialStage,
  deadline: Deadline,
): Promise<{ goals: Goal[]; reports: TrialReport[]; measurements: Measurement[] }> {
  const signal = AbortSignal.any([stage.signal, deadline.signal]);
  const findings = new Map<Trial, Findings | NotMeasured>();
  const waiting = [...trials];
  const work = async (): Promise<void> => {
    for (let trial = waiting.shift(); trial !== undefined; trial = waiting.shift()) {
      const found = await runTrial(trial, { ...stage, signal }, deadline);
      findings.set(trial, found);
      const lines = found instanceof NotMeasured ? [['not measured', found.message]] : found.rows;
      for (const [title, figures] of lines) console.log(`${trial.name}: ${title}: ${figures}`);
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: lanes }, work));
  for (const lane of ended) if (lane.status === 'rejected') throw lane.reason;
  const found = trials.flatMap((trial) => {
    const one = findings.get(trial);
    return one === undefined || one instanceof NotMeasured ? [] : [one];
  });
  return {
    goals: found.flatMap(({ goals }) => goals),
    measurements: found.flatMap(({ measurements = [] }) => measurements),
    reports: trials.map((trial) => reportOf(trial, findings.get(trial))),
  };
}

async function runTrial(
  trial: Trial,
  stage: TrialStage,
  { signal, minutesMax }: Deadline,
): Promise<Findings | NotMeasured> {
  // What a trial has started ends with it: it must not weigh on the next one.
  const undo: (() => Promise<void>)[] = [];
  try {
    signal.throwIfAborted();
    return await trial.run({ ...stage, undo: (step) => undo.push(step) });
  } catch (error) {
    if (error instanceof NotMeasured) return error;
    if (!signal.aborted || stage.signal.reason !== signal.reason) throw error;
    return new NotMeasured(`The run had taken ${minutesMax} minutes, and it was not done.`);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

function reportOf({ title }: Trial, found: Findings | NotMeasured | undefined): TrialReport {
  if (found === undefined) return { title, rows: [], missing: 'It was not reached.' };
  if (found instanceof NotMeasured) return { title, rows: [], missing: found.message };
  return { title, rows: found.rows, missing: undefined };
}
