import { describe, expect, test } from 'vitest';
import { isNormal, namedBy } from './unstorage-key.js';

describe('namedBy', () => {
  test.each([
    ['/a', 'a', false],
    ['/a:b/c', 'a/b/c', false],
    ['//a::b%5C%2Fc', 'a/b/c', false],
    ['/a%20%25%C3%A4', 'a %ä', false],
    ['/a.b/...', 'a.b/...', false],
    ['/a%2F', 'a', false],
    ['/a/b/?c/', 'a/b/', true],
    ['/a:', 'a/', true],
    ['/a/:', 'a/', true],
    ['/', '', true],
    ['/:', '', true],
  ])('reads %s as %j', (target, name, isBase) => {
    expect(namedBy(target)).toEqual({ name, isBase });
  });

  test.each([
    '',
    '?',
    '/.',
    '/a/..',
    '/%2e%2e/a',
    '/a%3F',
    '/%00',
    '/%',
    '/%ff',
    '/ä',
    `/${'a'.repeat(1_025)}`,
  ])('refuses %j', (target) => {
    expect(() => namedBy(target)).toThrow(expect.objectContaining({ code: 'invalid-key' }));
  });
});

test('what is read from a path is normal, and other keys are not', () => {
  expect(['a', 'a/b', 'a$', '…/🙂'].filter((key) => !isNormal(key))).toEqual([]);
  const strange = ['', '/a', 'a/', 'a//b', 'a:b', 'a\\b', 'a?', '.', 'a/../b', 'a\0'];
  expect(strange.filter(isNormal)).toEqual([]);
});
