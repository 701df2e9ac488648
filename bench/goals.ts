import { cut, ms } from './figures.js';

/** What Halo is to reach, and whether it did in this run. */
export interface Goal {
  readonly what: string;
  readonly seen: string;
  readonly goal: string;
  /** Undefined: not measured. */
  readonly reached: boolean | undefined;
}

/** A ratio; cut, not rounded, so that none is read as reached that was not. */
export function atLeast(what: string, ratio: number, goal: number): Goal {
  return { what, seen: cut(ratio), goal: `≥ ${goal}`, reached: ratio >= goal };
}

export function atMost(what: string, figure: number, goal: number, unit = ''): Goal {
  const space = unit === '' ? '' : ' ';
  return {
    what,
    seen: `${figure < 10 ? ms(figure) : figure.toFixed(0)}${space}${unit}`,
    goal: `≤ ${goal}${space}${unit}`,
    reached: figure <= goal,
  };
}

export function verdictOf({ reached }: Goal): string {
  if (reached === undefined) return 'not measured';
  return reached ? 'reached' : 'NOT reached';
}
