import { expect, test } from 'vitest';
import { downloadName } from './download-name.js';

test.each([
  ['app/config/a.json', 'a.json'],
  ['app/', 'app'],
  ['/', 'value'],
  ['..', 'value'],
  ['a/../.bashrc', 'bashrc'],
  ['a:b\n?', 'a_b__'],
])('saves the value of %j as %s', (key, name) => {
  expect(downloadName(key)).toBe(name);
});
