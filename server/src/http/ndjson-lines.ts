/**
 * Cuts a stream of bytes into lines, however it is chunked. A line ends with LF or CR LF; the last may end with
 * the stream. Empty lines are numbered but not given.
 */
export interface LineReader {
  /** The lines that the chunk completes. */
  push(chunk: Buffer): Line[];
  /** The line that the stream ended with, if it was not complete before. */
  end(): Line[];
}

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without the line's end. Undefined when it was longer than allowed. */
  readonly bytes: Buffer | undefined;
}

const lf = 0x0a;
const cr = 0x0d;

/** @param lineBytesMax what a line may have without its LF; no more than that is ever held */
export function createLineReader(lineBytesMax: number): LineReader {
  let number = 1;
  let pieces: Buffer[] = [];
  let length = 0;

  function add(piece: Buffer): void {
    length += piece.length;
    // What is too long is only measured from here on.
    if (length > lineBytesMax) pieces = [];
    else if (piece.length > 0) pieces.push(piece);
  }

  function finish(): Line[] {
    const isTooLong = length > lineBytesMax;
    const bytes = withoutCr(
      pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces),
    );
    const line = { number, bytes: isTooLong ? undefined : bytes };
    number += 1;
    pieces = [];
    length = 0;
    return isTooLong || bytes.length > 0 ? [line] : [];
  }

  return {
    push: (chunk) => {
      const lines: Line[] = [];
      let start = 0;
      for (let end = chunk.indexOf(lf); end !== -1; end = chunk.indexOf(lf, start)) {
        add(chunk.subarray(start, end));
        lines.push(...finish());
        start = end + 1;
      }
      add(chunk.subarray(start));
      return lines;
    },
    end: () => (length === 0 ? [] : finish()),
  };
}

function withoutCr(bytes: Buffer): Buffer {
  return bytes.at(-1) === cr ? bytes.subarray(0, -1) : bytes;
}
