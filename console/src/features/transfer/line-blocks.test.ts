import { describe, expect, test } from 'vitest';
import { countLines, createLineBlocks, linesIn, offsetAfter } from './line-blocks.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (block: Uint8Array) => new TextDecoder().decode(block);

describe('line blocks', () => {
  test.each([1, 2, 3, 5, 100])('gives whole lines, in chunks of %d bytes', (size) => {
    const file = bytes('one\n\ntwo\r\nthree\nlast');
    const blocks = createLineBlocks();
    let whole = '';
    for (let start = 0; start < file.length; start += size) {
      blocks.add(file.subarray(start, start + size));
      if (blocks.hasLine) {
        const block = text(blocks.take());
        expect(block.endsWith('\n')).toBe(true);
        whole += block;
      }
    }
    expect(whole).toBe('one\n\ntwo\r\nthree\n');
    expect(blocks.hasLine).toBe(false);
    expect(blocks.length).toBe(4);
    expect(text(blocks.rest())).toBe('last');
    expect(blocks.length).toBe(0);
  });
});

test('lines come without their ends, empty ones too', () => {
  const block = bytes('one\n\ntwo\r\nlast');
  expect([...linesIn(block)].map(text)).toEqual(['one', '', 'two', 'last']);
  expect(countLines(block)).toBe(4);
  expect(countLines(bytes('one\n'))).toBe(1);
  expect(countLines(bytes(''))).toBe(0);
});

test('finds where a line begins', () => {
  const block = bytes('one\n\ntwo\r\nlast');
  expect([0, 1, 2, 3, 4, 9].map((lines) => text(block.subarray(offsetAfter(block, lines))))).toEqual([
    'one\n\ntwo\r\nlast',
    '\ntwo\r\nlast',
    'two\r\nlast',
    'last',
    '',
    '',
  ]);
});
