import type { ValuedEntry } from 'halo-contract';
import { expect, test } from 'vitest';
import type { FileEntry } from './import-line.js';
import { isSame } from './same-entry.js';

const stored: ValuedEntry = {
  key: 'a',
  value: 'x é',
  revision: 3,
  size: 4,
  content_type: 'text/plain; charset=utf-8',
  metadata: { a: 1, b: { c: [1, 2] } },
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  expires_at: '2027-01-01T00:00:00.000Z',
};
const file: FileEntry = {
  key: 'a',
  value: 'x é',
  metadata: { b: { c: [1, 2] }, a: 1 },
  expires_at: '2027-01-01T01:00:00+01:00',
};

test('the same content is the same, however it is written', () => {
  expect(isSame(file, stored)).toBe(true);
  const { value: _, ...rest } = file;
  const encoded = { ...rest, value_base64: 'eCDDqQ==', content_type: stored.content_type };
  expect(isSame(encoded, stored)).toBe(true);
});

test.each<Partial<FileEntry>>([
  { value: 'x e' },
  { value: 'x é ' },
  { content_type: 'text/plain' },
  { metadata: null },
  { metadata: { a: 1 } },
  { metadata: { a: 1, b: { c: [1, 2, 3] } } },
  { metadata: { a: 1, b: { c: [2, 1] } } },
  { expires_at: null },
  { expires_at: '2027-01-01T00:00:00.001Z' },
])('%j makes a difference', (change) => {
  expect(isSame({ ...file, ...change }, stored)).toBe(false);
});

test('a time to live starts anew, unless it is kept', () => {
  const { expires_at: _, ...lasting } = file;
  expect(isSame({ ...lasting, ttl: 60 }, stored)).toBe(false);
  expect(isSame({ ...lasting, ttl: 'keep' }, stored)).toBe(true);
});
