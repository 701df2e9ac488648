import { array, assert, constantFrom, integer, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLineReader, type Line } from './ndjson-lines.js';

const lineBytesMax = 8;

/** What the reader makes of a stream that comes in these chunks, as text; null: too long. */
function read(chunks: readonly Buffer[]): (readonly [number, string | null])[] {
  const reader = createLineReader(lineBytesMax);
  const lines: Line[] = [...chunks.flatMap((chunk) => reader.push(chunk)), ...reader.end()];
  return lines.map(({ number, bytes }) => [number, bytes === undefined ? null : bytes.toString('latin1')]);
}

/** The whole stream at once, by the rules in words. */
function naive(text: string): (readonly [number, string | null])[] {
  const lines = text.split('\n').map((line) => (line.length > lineBytesMax ? null : line.replace(/\r$/, '')));
  return lines.map((line, index) => [index + 1, line] as const).filter(([, line]) => line !== '');
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
}

describe('lines', () => {
  test('are the same however the stream is chunked', () => {
    const text = string({ unit: constantFrom('a', 'é', '\n', '\r', '\r\n', 'bcdefg'), maxLength: 40 });
    assert(
      property(text, array(integer({ min: 0, max: 1_000 }), { maxLength: 12 }), (content, places) => {
        const bytes = Buffer.from(content);
        expect(read(cut(bytes, places))).toEqual(naive(bytes.toString('latin1')));
      }),
      { numRuns: 2_000 },
    );
  });

  test('end with LF, with CR LF, and with the stream', () => {
    expect(read([Buffer.from('a\nb\r\n\n\r\nc')])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [5, 'c'],
    ]);
  });

  test('that are too long are told as such, and the next is whole', () => {
    const long = Buffer.from('x'.repeat(lineBytesMax + 1));
    expect(read([long, long, Buffer.from('\nfits\n'), long])).toEqual([
      [1, null],
      [2, 'fits'],
      [3, null],
    ]);
    expect(read([Buffer.from('x'.repeat(lineBytesMax))])).toEqual([[1, 'x'.repeat(lineBytesMax)]]);
  });
});
