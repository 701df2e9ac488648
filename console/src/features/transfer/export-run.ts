import { isUnanswered } from '../../explain.js';
import { createFileCheck, type FileVerdict } from './file-check.js';
import { createLineBlocks, linesIn } from './line-blocks.js';
import { readBody } from './ndjson-answer.js';
import type { FileSink } from './save-file.js';

export interface ExportCounts {
  readonly keys: number;
  readonly bytes: number;
  /** What the export shows; undefined before its first line. */
  readonly revision: number | undefined;
}

export interface ExportOutcome {
  readonly counts: ExportCounts;
  /** Anything but `complete`: what was written is not the whole export. */
  readonly verdict: FileVerdict;
}

/**
 * Writes an export to a file as it comes, no faster than the file takes it, and checks it on the way. An answer
 * that breaks off is an outcome, because what was written may still be of use.
 *
 * @throws the signal's reason; what the file throws
 */
export async function writeExport(
  response: Response,
  sink: FileSink,
  onProgress: (counts: ExportCounts) => void,
  signal: AbortSignal,
): Promise<ExportOutcome> {
  const check = createFileCheck();
  const blocks = createLineBlocks();
  let bytes = 0;
  const counts = () => ({ keys: check.keys, bytes, revision: check.header?.revision });
  try {
    for await (const chunk of readBody(response, signal)) {
      signal.throwIfAborted();
      await sink.write(chunk);
      bytes += chunk.length;
      blocks.add(chunk);
      if (blocks.hasLine) for (const line of linesIn(blocks.take())) check.add(line);
      onProgress(counts());
    }
  } catch (error) {
    if (!isUnanswered(error)) throw error;
    return { counts: counts(), verdict: 'truncated' };
  }
  for (const line of linesIn(blocks.rest())) check.add(line);
  const verdict = check.verdict();
  // An export has a header and an end line: what has neither is no export.
  return { counts: counts(), verdict: verdict === 'unmarked' ? 'truncated' : verdict };
}
