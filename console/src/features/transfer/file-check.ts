import type { ExportEnd, ExportHeader } from 'halo-contract';
import { createSha256 } from './sha256.js';

/**
 * What the lines of a file say about themselves:
 * - `complete`: the checksum of the end line is that of the entries.
 * - `truncated`: there is a header, and no end line.
 * - `damaged`: the end line belongs to other entries.
 * - `unmarked`: there is neither header nor end line, which is allowed; nothing can be said.
 */
export type FileVerdict = 'complete' | 'truncated' | 'damaged' | 'unmarked';

export interface FileCheck {
  /** Takes the next line without its end; empty ones count for nothing. */
  add(line: Uint8Array): void;
  /** Entry lines so far, in all files that follow one another. */
  readonly keys: number;
  /** Of the last header. */
  readonly header: ExportHeader | undefined;
  verdict(): FileVerdict;
}

const lineFeed = Uint8Array.of(0x0a);
/** Headers and end lines are short; no longer line is looked at. */
const markBytesMax = 512;
const decoder = new TextDecoder();

/** Returns a check that judges a file as the server would, without knowing what its entries mean. */
export function createFileCheck(): FileCheck {
  let hash = createSha256();
  let header: ExportHeader | undefined;
  let keys = 0;
  let keysBefore = 0;
  let isOpen = false;
  let verdict: FileVerdict = 'unmarked';

  function restart(): void {
    hash = createSha256();
    keysBefore = keys;
  }

  return {
    get keys() {
      return keys;
    },
    get header() {
      return header;
    },
    add: (line) => {
      if (line.length === 0) return;
      const mark = readMark(line);
      if (mark === undefined) {
        hash.update(line);
        hash.update(lineFeed);
        keys += 1;
      } else if ('halo' in mark) {
        if (isOpen) verdict = 'truncated';
        header = mark;
        isOpen = true;
        restart();
      } else {
        const isRight = mark.keys === keys - keysBefore && mark.sha256 === hash.digest();
        if (!isRight) verdict = 'damaged';
        else if (verdict === 'unmarked') verdict = 'complete';
        isOpen = false;
        restart();
      }
    },
    verdict: () => (isOpen && verdict !== 'damaged' ? 'truncated' : verdict),
  };
}

/** Returns what a header or an end line says; undefined for all other lines. */
export function readMark(line: Uint8Array): ExportHeader | ExportEnd | undefined {
  if (line.length > markBytesMax) return undefined;
  const text = decoder.decode(line);
  if (!/"(?:halo|end)"/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || 'key' in value) return undefined;
    if ('halo' in value) return value as ExportHeader;
    if ('end' in value && 'keys' in value && 'sha256' in value) return value as ExportEnd;
  } catch {
    // Not a line of JSON, and so neither.
  }
  return undefined;
}
