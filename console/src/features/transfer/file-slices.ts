import { limits } from 'halo-contract';
import { countLines, createLineBlocks } from './line-blocks.js';

/** A stretch of whole lines of a file. */
export interface FileSlice {
  /** The number of its first line, from 1. */
  readonly firstLine: number;
  readonly lines: number;
  /** Where it begins and ends in the file. */
  readonly start: number;
  readonly end: number;
  /** Empty when the slice is one line that is longer than any may be; such a line is not held in memory. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isTooLong: boolean;
}

/** What is read of a file at once. */
const chunkBytesMax = 1024 * 1024;
const lf = 0x0a;

/**
 * Reads a file in slices of whole lines, never holding more than one slice or one line.
 *
 * @param sliceBytes asked before each slice: about how large it should be
 * @throws what the browser throws when the file can no longer be read
 */
export async function* readSlices(file: Blob, sliceBytes: () => number): AsyncGenerator<FileSlice> {
  const blocks = createLineBlocks();
  let read = 0;
  let start = 0;
  let firstLine = 1;
  const next = async (wanted: number) => {
    const chunk = new Uint8Array(await file.slice(read, read + wanted).arrayBuffer());
    read += chunk.length;
    return chunk;
  };
  const give = (bytes: Uint8Array<ArrayBuffer>, isTooLong = false): FileSlice => {
    const lines = isTooLong ? 1 : countLines(bytes);
    const end = read - blocks.length;
    const slice = { firstLine, lines, start, end, bytes, isTooLong };
    firstLine += lines;
    start = end;
    return slice;
  };

  while (read < file.size || blocks.length > 0) {
    const wanted = Math.max(sliceBytes(), 1);
    while (read < file.size && blocks.length < wanted) {
      blocks.add(await next(Math.min(chunkBytesMax, wanted - blocks.length)));
    }
    if (read >= file.size) yield give(blocks.rest());
    else if (blocks.hasLine) yield give(blocks.take());
    else if (blocks.length <= limits.lineBytesMax) blocks.add(await next(chunkBytesMax));
    else {
      blocks.rest();
      for (let end = -1; end === -1 && read < file.size; ) {
        const chunk = await next(chunkBytesMax);
        end = chunk.indexOf(lf);
        if (end !== -1) blocks.add(chunk.subarray(end + 1));
      }
      yield give(new Uint8Array(0), true);
    }
  }
}
