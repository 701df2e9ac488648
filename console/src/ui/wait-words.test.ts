import { expect, test } from 'vitest';
import { waitInWords } from './wait-words.js';

test.each([
  [0, '1 second'],
  [0.2, '1 second'],
  [1.2, '2 seconds'],
  [45, '45 seconds'],
  [60, '60 seconds'],
  [61, '1 minute 1 second'],
  [120, '2 minutes'],
  [899.5, '15 minutes'],
])('says %d seconds as %s', (seconds, words) => {
  expect(waitInWords(seconds)).toBe(words);
});
