import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellQuote } from './shell-quote.js';

function echoed(words: readonly string[]): string[] {
  const script = `printf '%s\\0' ${words.map(shellQuote).join(' ')}`;
  return execFileSync('bash', ['-c', script], { env: { ...process.env, LC_ALL: 'C.UTF-8' } })
    .toString()
    .split('\0')
    .slice(0, -1);
}

test('bash reads every word as it was', () => {
  const words = [
    '',
    'plain/key',
    "it's",
    '"double" $HOME `id` \\ !',
    'a b',
    '-x',
    '🙂/é',
    'line\nend\t\r\\n',
    '\u0007\u001b[31m\u007f\u0085f',
    '~',
    '*',
    '#a',
  ];
  expect(echoed(words)).toEqual(words);
});

test('and so any text without NUL', () => {
  const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((word) => !word.includes('\0'));
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 40 }), (words) => {
      expect(echoed(words)).toEqual(words);
    }),
    { numRuns: 20 },
  );
});
