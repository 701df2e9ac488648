import fc from 'fast-check';
import { expect, test } from 'vitest';
import { delimiterFault, groupOf, groupsOf, sharedLength } from './grouping.js';

test('finds the groups that lead to a key, from the outermost to the innermost', () => {
  expect(groupsOf('a/b/c', '', '/')).toEqual(['a/', 'a/b/']);
  expect(groupsOf('a/b/c', 'a/', '/')).toEqual(['a/b/']);
  expect(groupsOf('app/b', 'ap', '/')).toEqual(['app/']);
  expect(groupsOf('a/b', 'x', '/')).toEqual([]);
  expect(groupsOf('a/b', '', '')).toEqual([]);
});

test('tells empty names and keys that end in the delimiter apart', () => {
  expect(groupsOf('a//b', '', '/')).toEqual(['a/', 'a//']);
  expect(groupsOf('a/', '', '/')).toEqual(['a/']);
  expect(groupOf('a/', 'a/', '/')).toBeUndefined();
  expect(groupsOf('/', '', '/')).toEqual(['/']);
  expect(groupsOf('a::::b', '', '::')).toEqual(['a::', 'a::::']);
});

test('each group is a beginning of the key and ends in the delimiter', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '/', ':') });
  fc.assert(
    fc.property(text, fc.constantFrom('/', ':', '::', '/:'), (key, delimiter) => {
      const groups = groupsOf(key, '', delimiter);
      for (const group of groups) expect(key.startsWith(group) && group.endsWith(delimiter)).toBe(true);
      expect(groupOf(key, groups.at(-1) ?? '', delimiter)).toBeUndefined();
      expect(groups.length).toBe(key.split(delimiter).length - 1);
    }),
  );
});

test('names in a list begin behind the last delimiter of its prefix', () => {
  expect(sharedLength('', '/')).toBe(0);
  expect(sharedLength('us', '/')).toBe(0);
  expect(sharedLength('users/', '/')).toBe(6);
  expect(sharedLength('users/10', '/')).toBe(6);
  expect(sharedLength('users/10', '')).toBe(0);
});

test('a delimiter is one to sixteen characters', () => {
  expect(delimiterFault('/')).toBeUndefined();
  expect(delimiterFault('🔑'.repeat(16))).toBeUndefined();
  expect(delimiterFault('')).toBeDefined();
  expect(delimiterFault('-'.repeat(17))).toBeDefined();
  expect(delimiterFault('\0')).toBeDefined();
});
