import { limits } from 'halo-contract';
import { expect, test } from 'vitest';
import { readSlices } from './file-slices.js';

async function slicesOf(file: Blob, size: number) {
  const found = [];
  for await (const { bytes, ...slice } of readSlices(file, () => size)) {
    found.push({ ...slice, text: new TextDecoder().decode(bytes) });
  }
  return found;
}

test('slices hold whole lines, and are the file together', async () => {
  const lines = ['a', '', 'ccc', 'é é é é é é', 'e'.repeat(50), 'f'];
  const text = lines.join('\n');
  for (const size of [1, 4, 20, 1_000]) {
    const slices = await slicesOf(new Blob([text]), size);
    expect(slices.map((slice) => slice.text).join('')).toBe(text);
    let line = 1;
    let start = 0;
    for (const slice of slices) {
      expect(slice).toMatchObject({ firstLine: line, start, isTooLong: false });
      line += slice.lines;
      start = slice.end;
      if (slice !== slices.at(-1)) expect(slice.text.endsWith('\n')).toBe(true);
    }
    expect(line - 1).toBe(lines.length);
    expect(start).toBe(new Blob([text]).size);
  }
  expect(await slicesOf(new Blob([]), 10)).toEqual([]);
});

test('a line that is longer than any may be is passed over', async () => {
  const long = new Uint8Array(limits.lineBytesMax + 3 * 1024 * 1024).fill(0x61);
  const slices = await slicesOf(new Blob(['first\n', long, '\nlast\n']), 64 * 1024);
  expect(slices.map(({ firstLine, lines, isTooLong }) => ({ firstLine, lines, isTooLong }))).toEqual([
    { firstLine: 1, lines: 1, isTooLong: false },
    { firstLine: 2, lines: 1, isTooLong: true },
    { firstLine: 3, lines: 1, isTooLong: false },
  ]);
  expect(slices.map(({ text }) => text)).toEqual(['first\n', '', 'last\n']);
});
