import { createHash } from 'node:crypto';

/** What an export turned out to be. */
export interface ExportFindings {
  readonly keys: number;
  readonly bytes: number;
  /** Whether the end line is there and its checksum right: without, something is missing. */
  readonly isWhole: boolean;
}

/** Follows an export as it passes: every line but the first and the last is hashed, as the last line has it. */
export interface ExportCheck {
  take(chunk: Uint8Array): void;
  finish(): ExportFindings;
}

const lineFeed = 0x0a;
/** No end line is longer; what is can only be an entry. */
const endBytesMax = 256;

export function createExportCheck(): ExportCheck {
  const hash = createHash('sha256');
  let lines = 0;
  let bytes = 0;
  // The line that is under way, as far as it may still be the end line.
  let line: Uint8Array[] = [];
  let lineBytes = 0;
  let end: { readonly keys: number; readonly sha256: string } | undefined;

  const takePart = (part: Uint8Array): void => {
    lineBytes += part.length;
    line.push(part);
    if (lineBytes > endBytesMax) flush();
  };
  const flush = (): void => {
    if (lines > 0) for (const part of line) hash.update(part);
    line = [];
  };
  const endLine = (): void => {
    const text = lineBytes <= endBytesMax ? Buffer.concat(line).toString() : '';
    end = lines > 0 ? endOf(text) : undefined;
    if (end === undefined) flush();
    line = [];
    lines += 1;
    lineBytes = 0;
  };

  return {
    take(chunk) {
      bytes += chunk.length;
      let start = 0;
      for (;;) {
        const at = chunk.indexOf(lineFeed, start);
        if (at === -1) break;
        takePart(chunk.subarray(start, at + 1));
        endLine();
        start = at + 1;
      }
      if (start < chunk.length) takePart(chunk.subarray(start));
    },
    finish() {
      // The header and the end are no keys.
      const keys = Math.max(0, lines - 2);
      const isWhole =
        end !== undefined && lineBytes === 0 && end.keys === keys && end.sha256 === hash.digest('hex');
      return { keys, bytes, isWhole };
    },
  };
}

function endOf(text: string): { keys: number; sha256: string } | undefined {
  if (!text.startsWith('{"end":true')) return undefined;
  try {
    return JSON.parse(text) as { keys: number; sha256: string };
  } catch {
    return undefined;
  }
}
