import { describe, expect, test } from 'vitest';
import { queryText } from './client.js';

describe('queryText', () => {
  test('leaves out what is not asked', () => {
    expect(queryText()).toBe('');
    expect(queryText({ prefix: '', cursor: undefined })).toBe('');
    expect(queryText({ prefix: '', limit: 200 })).toBe('?limit=200');
  });

  test.each(['a&b=c', 'a+b c', '%2F#?', 'ключ 🔑', '\n'])('brings the prefix %j through', (prefix) => {
    const text = queryText({ prefix, reverse: false });
    expect(Object.fromEntries(new URLSearchParams(text))).toEqual({ prefix, reverse: 'false' });
  });
});
