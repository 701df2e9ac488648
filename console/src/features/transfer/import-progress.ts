import type { ImportEnd, ImportFault, ImportProgress } from 'halo-contract';

export type ImportAnswer = ImportProgress | ImportFault | ImportEnd;

/** What became of a part of a file that was sent. */
export interface PartOutcome {
  /** Lines, from the part's first, that are done and durable. */
  readonly lines: number;
  readonly imported: number;
  readonly skipped: number;
  readonly failed: number;
  readonly revision: number | undefined;
  /** Of the done lines; numbered within the part. */
  readonly faults: readonly ImportFault['error'][];
  /** Why the server stopped; undefined when it did not, or when its answer broke off. */
  readonly stopped: ImportEnd['error'];
  /** False: the answer broke off, and nobody knows what became of the lines after `lines`. */
  readonly isAnswered: boolean;
}

const nothing = { lines: 0, imported: 0, skipped: 0, failed: 0, revision: undefined };

/**
 * Sums up what the server answered about a part.
 *
 * @param answers in their order; without an `ImportEnd` if they broke off
 */
export function sumUp(answers: readonly ImportAnswer[]): PartOutcome {
  const end = answers.findLast((answer) => 'done' in answer);
  const counts = end ?? answers.findLast((answer) => 'lines' in answer);
  const told = answers.flatMap((answer) => ('error' in answer && !('done' in answer) ? [answer.error] : []));
  const { lines, imported, skipped, failed, revision } = counts ?? nothing;
  // Lines are judged as they are read, ahead of what is done; those will be judged again.
  const faults = told.filter((fault) => fault.line <= lines);
  const ahead = end === undefined ? 0 : told.length - faults.length;
  return {
    lines,
    imported,
    skipped,
    failed: Math.max(failed - ahead, faults.length),
    revision,
    faults,
    stopped: end?.done === false ? end.error : undefined,
    isAnswered: end !== undefined,
  };
}
