import { HaloError } from 'halo-client';
import { formatCount, formatMany } from './format-count.js';
import type { ImportCounts, ImportStage, StopCause } from './import-run.js';

/** Returns how an import ended, in a few words. */
export function titleOf(stage: ImportStage, counts: ImportCounts, isDry: boolean): string {
  const what = isDry ? 'trial' : 'import';
  if (stage.status === 'done') {
    if (isDry) return `The import would set ${formatMany(counts.imported, 'key')}`;
    return counts.imported === 0 ? 'Nothing was imported' : `Imported ${formatMany(counts.imported, 'key')}`;
  }
  if (stage.status !== 'stopped' || stage.error === undefined) {
    return `The ${what} was cancelled${afterLine(counts)}`;
  }
  const { error } = stage;
  const code = codeOf(error);
  const line = error instanceof Error ? undefined : error.line;
  if (code === 'precondition-failed' && line !== undefined) {
    return `Stopped at line ${formatCount(line)}: its key exists already`;
  }
  if (code === 'quota-exceeded') return `Your account is full: the ${what} stopped`;
  return `The ${what} stopped${afterLine(counts)}`;
}

/** Returns the code of the problem catalogue; empty when it is not the server that says so. */
export function codeOf(error: NonNullable<StopCause>): string {
  if (error instanceof HaloError) return error.code;
  return error instanceof Error ? '' : error.code;
}

function afterLine({ lines }: ImportCounts): string {
  return lines === 0 ? ' before its first line was done' : ` after line ${formatCount(lines)}`;
}

/** Returns what an import that was stopped leaves behind. */
export function remainderOf(stage: ImportStage, counts: ImportCounts, isDry: boolean): string {
  if (isDry) return 'Nothing was changed.';
  const done = counts.lines === 0 ? '' : `What was imported up to line ${formatCount(counts.lines)} stays. `;
  if (stage.status === 'stopped' && stage.unknown !== undefined) {
    const { first, last } = stage.unknown;
    return (
      `${done}Lines ${formatCount(first)} to ${formatCount(last)} were under way: some of them may have been ` +
      'imported too.'
    );
  }
  return counts.lines === 0 ? 'Nothing was imported.' : `${done}The lines after it were not touched.`;
}
