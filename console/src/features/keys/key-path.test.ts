import { describe, expect, test } from 'vitest';
import { keyPath } from './key-path.js';

describe('keyPath', () => {
  test.each([
    'a',
    'a/',
    '/a',
    'a//b',
    '../a',
    './a',
    'a/..',
    'a/../b',
    'a/./b',
    '__proto__',
    '%2F',
    '%2e%2e',
    'a b#c?d',
    '🔑',
    ' ',
    'a\\b',
  ])('brings %j through a URL unchanged', (key) => {
    const url = new URL(`/v1/keys/${keyPath(key)}`, 'http://localhost');
    expect(url.search + url.hash).toBe('');
    expect(decodeURIComponent(url.pathname.slice('/v1/keys/'.length))).toBe(key);
  });

  test('keeps ordinary slashes readable', () => {
    expect(keyPath('app/config/1')).toBe('app/config/1');
  });

  test('has no path for the two keys that URLs remove', () => {
    expect(keyPath('.')).toBeUndefined();
    expect(keyPath('..')).toBeUndefined();
  });
});
