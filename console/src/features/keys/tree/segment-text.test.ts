import { expect, test } from 'vitest';
import { segmentText } from './segment-text.js';

test('shows the spaces around a name, and leaves those within', () => {
  expect(segmentText(' a b  ')).toBe('␣a b␣␣');
  expect(segmentText('  ')).toBe('␣␣');
  expect(segmentText('a\tb\u200b')).toBe('a␉b\\u200b');
});
