import { expect, test } from 'vitest';
import { visibleKey } from './visible-key.js';

test('shows control characters and direction marks', () => {
  expect(visibleKey('a\nb\tc\u007f')).toBe('a␊b␉c␡');
  expect(visibleKey('pay\u202egnp.exe')).toBe('pay\\u202egnp.exe');
});

test('leaves every visible character as it is', () => {
  expect(visibleKey('a/.. %#? ключ 🔑')).toBe('a/.. %#? ключ 🔑');
});
