import { expect, test } from 'vitest';
import { parseSearch, stringifySearch } from './search-text.js';

test.each(['1', 'true', '{}', '"x"', 'a/../b', '..', '%2F', 'a&b=c#d?e', 'a b+c', '🔑', ''])(
  'the key %j survives the address bar',
  (key) => {
    expect(parseSearch(stringifySearch({ prefix: 'p', key }))).toEqual({ prefix: 'p', key });
  },
);

test('what is undefined leaves no trace', () => {
  expect(stringifySearch({ key: undefined })).toBe('');
});
