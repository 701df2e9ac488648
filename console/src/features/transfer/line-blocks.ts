const lf = 0x0a;
const cr = 0x0d;

/**
 * Collects bytes, however they are chunked, and gives them back in blocks of whole lines. Each byte is copied
 * once, so that a line of many chunks costs no more than many lines of one.
 */
export interface LineBlocks {
  /** Bytes that were added and not taken. */
  readonly length: number;
  /** Whether there is a whole line to take. */
  readonly hasLine: boolean;
  add(chunk: Uint8Array): void;
  /** All whole lines that there are, each with its line feed. */
  take(): Uint8Array<ArrayBuffer>;
  /** What is left: a last line without a line feed. */
  rest(): Uint8Array<ArrayBuffer>;
}

export function createLineBlocks(): LineBlocks {
  let pieces: Uint8Array[] = [];
  let length = 0;
  /** Where the last whole line ends. */
  let boundary = 0;

  function cut(end: number): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    pieces = end < length ? [whole.slice(end)] : [];
    length -= end;
    boundary = 0;
    return whole.subarray(0, end);
  }

  return {
    get length() {
      return length;
    },
    get hasLine() {
      return boundary > 0;
    },
    add: (chunk) => {
      const last = chunk.lastIndexOf(lf);
      if (last !== -1) boundary = length + last + 1;
      if (chunk.length > 0) pieces.push(chunk);
      length += chunk.length;
    },
    take: () => cut(boundary),
    rest: () => cut(length),
  };
}

/** Gives the lines of a block without their ends, LF or CR LF; empty ones too, for they are numbered. */
export function* linesIn(block: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  let start = 0;
  for (let end = block.indexOf(lf); end !== -1; end = block.indexOf(lf, start)) {
    yield withoutCr(block.subarray(start, end));
    start = end + 1;
  }
  if (start < block.length) yield withoutCr(block.subarray(start));
}

/** Returns how many lines a block has. */
export function countLines(block: Uint8Array): number {
  let count = 0;
  let start = 0;
  for (let end = block.indexOf(lf); end !== -1; end = block.indexOf(lf, start)) {
    count += 1;
    start = end + 1;
  }
  return start < block.length ? count + 1 : count;
}

/** Returns where the line after the first `lines` begins. */
export function offsetAfter(block: Uint8Array, lines: number): number {
  let start = 0;
  for (let line = 0; line < lines; line += 1) {
    const end = block.indexOf(lf, start);
    if (end === -1) return block.length;
    start = end + 1;
  }
  return start;
}

function withoutCr(line: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return line.at(-1) === cr ? line.subarray(0, -1) : line;
}
