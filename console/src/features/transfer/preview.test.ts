import { createHash } from 'node:crypto';
import type { ValuedEntry } from 'halo-contract';
import { expect, test } from 'vitest';
import { type Preview, previewFile } from './preview.js';

const entry = (key: string, value: string): ValuedEntry => ({
  key,
  value,
  revision: 1,
  size: value.length,
  content_type: 'text/plain; charset=utf-8',
  metadata: null,
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  expires_at: null,
});

const line = (key: string, value = 'x') => JSON.stringify({ key, value });

function look(
  lines: readonly string[],
  stored: readonly ValuedEntry[] = [],
  limits = { lines: 9_999, bytes: 1e6 },
) {
  const asked: number[] = [];
  const seen: Preview[] = [];
  const done = previewFile({
    file: new Blob([lines.join('\n')]),
    read: async (keys) => {
      asked.push(keys.length);
      return keys.map((key) => stored.find((there) => there.key === key) ?? null);
    },
    onProgress: (preview) => seen.push(preview),
    signal: new AbortController().signal,
    limits,
  });
  return { asked, seen, done };
}

test('counts what is new, changed, the same, invalid, expired and repeated', async () => {
  const over = JSON.stringify({ key: 'over', value: 'x', expires_at: '2001-01-01T00:00:00Z' });
  const stored = [entry('same', 'x'), entry('changed', 'y')];
  const preview = await look(
    [line('new'), '', line('same'), line('changed'), 'bad', over, line('new', 'z')],
    stored,
  ).done;
  expect(preview).toMatchObject({
    lines: 7,
    isWhole: true,
    fresh: 1,
    changed: 1,
    same: 1,
    invalid: 1,
    over: 1,
    repeated: 1,
    faults: [{ line: 5, reason: 'The line is not JSON.' }],
    verdict: 'unmarked',
  });
});

test('asks about a thousand keys at once', async () => {
  const { asked, done } = look(Array.from({ length: 2_500 }, (_, index) => line(`key-${index}`)));
  expect((await done).fresh).toBe(2_500);
  expect(asked).toEqual([1_000, 1_000, 500]);
});

test('looks only at the beginning of a long file, and sees whether its end is there', async () => {
  const entries = Array.from({ length: 300 }, (_, index) => line(`key-${index}`));
  const sha256 = createHash('sha256')
    .update(entries.map((text) => `${text}\n`).join(''))
    .digest('hex');
  const whole = ['{"halo":1}', ...entries, JSON.stringify({ end: true, keys: 300, sha256 })];
  const limits = { lines: 100, bytes: 1e6 };
  expect(await look(whole, [], limits).done).toMatchObject({
    lines: 100,
    fresh: 99,
    isWhole: false,
    verdict: 'unmarked',
  });
  expect(await look(whole.slice(0, -1), [], limits).done).toMatchObject({
    isWhole: false,
    verdict: 'truncated',
  });
  expect(await look(whole).done).toMatchObject({ fresh: 300, isWhole: true, verdict: 'complete' });
  expect(await look(whole.slice(0, -1)).done).toMatchObject({ isWhole: true, verdict: 'truncated' });
  expect(await look(whole.toSpliced(9, 1)).done).toMatchObject({ isWhole: true, verdict: 'damaged' });
});

test('a file that ends just where the preview does is whole', async () => {
  const limits = { lines: 3, bytes: 1e6 };
  expect(await look([line('a'), line('b'), line('c')], [], limits).done).toMatchObject({
    fresh: 3,
    isWhole: true,
  });
  expect(await look([line('a'), line('b'), line('c'), line('d')], [], limits).done).toMatchObject({
    fresh: 3,
    isWhole: false,
  });
});
