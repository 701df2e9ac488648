import { ProblemError } from '../../problem-error.js';
import { formatCount, formatMany } from './format-count.js';
import type { ImportCounts, ImportStage } from './import-run.js';

/** Returns how an import ended, in a few words. */
export function titleOf(stage: ImportStage, counts: ImportCounts, isDry: boolean): string {
  const what = isDry ? 'trial' : 'import';
  if (stage.status === 'done') {
    if (isDry) return `The import would set ${formatMany(counts.imported, 'key')}`;
    return counts.imported === 0 ? 'Nothing was imported' : `Imported ${formatMany(counts.imported, 'key')}`;
  }
  if (stage.status !== 'stopped' || stage.error === undefined) {
    return `The ${what} was cancelled after line ${formatCount(counts.lines)}`;
  }
  const { error } = stage;
  const code = error instanceof ProblemError ? error.problem.code : error instanceof Error ? '' : error.code;
  const line = error instanceof Error ? undefined : error.line;
  if (code === 'precondition-failed' && line !== undefined) {
    return `Stopped at line ${formatCount(line)}: its key exists already`;
  }
  if (code === 'quota-exceeded') return `Your account is full: the ${what} stopped`;
  return `The ${what} stopped after line ${formatCount(counts.lines)}`;
}
