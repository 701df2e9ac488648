import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linesOf } from './lines.js';
import { streamOf } from './test-stream.js';

const ends = fc.constantFrom('\n', '\r', '\r\n');
const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, ''));

async function readLines(stream: ReadableStream<Uint8Array>): Promise<string[]> {
  const lines: string[] = [];
  for await (const text of linesOf(stream)) lines.push(text);
  return lines;
}

test('lines are the same, however the bytes are cut, within characters and between CR and LF too', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(line, ends)),
      fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
      async (lines, sizes) => {
        const text = lines.map((parts) => parts.join('')).join('');
        // One empty line more where a CR ends a line and a LF an empty one: together they are one end.
        const expected = text.split(/\r\n|\n|\r/).slice(0, -1);
        expect(await readLines(streamOf(text, sizes))).toEqual(expected);
      },
    ),
  );
});

test('a CRLF whose LF comes alone is one end, and the LF after it another', async () => {
  const cut = streamOf('a\r\n\nb\n', [2, 1, 1].values());
  expect(await readLines(cut)).toEqual(['a', '', 'b']);
});

test('a last line without an end is left out, since it is what remains of one that broke off', async () => {
  expect(await readLines(streamOf('whole\npart', [3, 3, 3].values()))).toEqual(['whole']);
});

test('leaving the loop cancels the stream', async () => {
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('again\n')),
    cancel: () => {
      cancelled = true;
    },
  });
  for await (const text of linesOf(stream)) {
    expect(text).toBe('again');
    break;
  }
  expect(cancelled).toBe(true);
});

test('a stream that fails is a failure of the loop', async () => {
  const failure = new Error('The connection broke.');
  const stream = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(failure) });
  await expect(readLines(stream)).rejects.toBe(failure);
});
