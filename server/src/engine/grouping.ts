/** How a list with a delimiter folds keys into groups. `list-statements.ts` decides the same in SQL. */
export interface Grouping {
  /** Delimiters are looked for after it. */
  readonly prefix: string;
  /** At least one character. */
  readonly delimiter: string;
}

/** Keys that share their beginning up to and including the first delimiter after the prefix. */
export interface Group {
  readonly name: string;
  /** Keys in it and in the range of the list, counted up to `groupCountMax`. */
  readonly count: number;
  /** There are more keys than `count`. */
  readonly more: boolean;
}

/**
 * A group’s keys are counted up to here: enough for a person to tell a small folder from a large one, and a
 * page of 1,000 full groups still reads a million index entries at most, which takes well under a second.
 */
export const groupCountMax = 1_000;

/** The name of the group that a key with the prefix belongs to; undefined when it stands for itself. */
export function groupOf({ prefix, delimiter }: Grouping, key: string): string | undefined {
  const at = key.indexOf(delimiter, prefix.length);
  return at === -1 ? undefined : key.slice(0, at + delimiter.length);
}
