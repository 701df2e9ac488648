import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineDiff } from './line-diff.js';

test('puts a changed line beside its counterpart', () => {
  expect(lineDiff('a\nb\nc', 'a\nB\nc')).toEqual([
    { left: 'a', right: 'a', same: true },
    { left: 'b', right: 'B', same: false },
    { left: 'c', right: 'c', same: true },
  ]);
});

test('leaves a gap where one side has more', () => {
  expect(lineDiff('a\nc', 'a\nb\nc')[1]).toEqual({ left: undefined, right: 'b', same: false });
});

test('loses no line of either side, and marks equal rows only', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
    .map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, (left, right) => {
      const rows = lineDiff(left, right);
      const side = (pick: 'left' | 'right') =>
        rows.flatMap((row) => (row[pick] === undefined ? [] : [row[pick]])).join('\n');
      expect(side('left')).toBe(left);
      expect(side('right')).toBe(right);
      expect(rows.every((row) => row.same === (row.left === row.right))).toBe(true);
    }),
  );
});

test('compares texts too long for a table without one', () => {
  const left = Array.from({ length: 3_000 }, (_, index) => `l${index}`).join('\n');
  expect(lineDiff(left, left.replaceAll('l', 'r'))).toHaveLength(3_000);
});
