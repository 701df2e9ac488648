import { expect, test } from 'vitest';
import { matchingItems } from './palette-items.js';

const items = [
  { id: 'keys', label: 'Keys' },
  { id: 'tokens', label: 'API tokens', keywords: 'settings' },
  { id: 'dark', label: 'Dark theme', keywords: 'colour scheme' },
];

const found = (query: string) => matchingItems(items, query).map(({ id }) => id);

test('finds by the beginnings of words, in any order and case', () => {
  expect(found('')).toEqual(['keys', 'tokens', 'dark']);
  expect(found('TOK')).toEqual(['tokens']);
  expect(found('theme da')).toEqual(['dark']);
  expect(found('colour')).toEqual(['dark']);
  expect(found('set tok')).toEqual(['tokens']);
});

test('a word that nothing begins with finds nothing', () => {
  expect(found('okens')).toEqual([]);
  expect(found('keys dark')).toEqual([]);
});
