import { expect, test } from 'vitest';
import { metadataBytes, metadataHeader, metadataOfRows, metadataRows, rowFault } from './metadata-text.js';

test('rows keep order, number texts and nested values', () => {
  const rows = metadataRows('{ "b" : 9007199254740993,"a":1.0,"c":{"x":[1,{"y":"a, b"}],"z":1e400},"e":[]}');
  expect(rows).toEqual([
    { name: 'b', value: '9007199254740993' },
    { name: 'a', value: '1.0' },
    { name: 'c', value: '{"x": [1, {"y": "a, b"}], "z": 1e400}' },
    { name: 'e', value: '[]' },
  ]);
  expect(metadataOfRows(rows)).toBe(
    '{"b": 9007199254740993, "a": 1.0, "c": {"x": [1, {"y": "a, b"}], "z": 1e400}, "e": []}',
  );
  expect(metadataRows(undefined)).toEqual([]);
  expect(metadataRows('{}')).toEqual([]);
  expect(metadataOfRows([{ name: '', value: ' ' }])).toBeUndefined();
});

test('characters beyond ASCII are read and counted as themselves, other escapes as they are written', () => {
  const rows = metadataRows('{"n\\u00e9":"\\ud83d\\ude42 \\\\u00e9 \\n"}');
  expect(rows).toEqual([{ name: 'né', value: '"🙂 \\\\u00e9 \\n"' }]);
  expect(metadataBytes(rows)).toBe(new TextEncoder().encode('{"né": "🙂 \\\\u00e9 \\n"}').length);
});

test('a header is ASCII while it fits, and else bytes of UTF-8', () => {
  expect(metadataHeader('{"a":"é"}')).toBe('{"a":"\\u00e9"}');
  const long = `{"a":"${'é'.repeat(400)}"}`;
  const header = metadataHeader(long);
  expect(Buffer.from(header, 'latin1').toString()).toBe(long);
  expect(metadataHeader(long.replaceAll('é', '\\u00e9'))).toBe(header);
});

test('a row says what is wrong with it', () => {
  const row = { name: 'a', value: '1' };
  expect(rowFault(row, [row])).toBeUndefined();
  expect(rowFault({ name: '', value: '' }, [row])).toBeUndefined();
  expect(rowFault(row, [row, { name: 'a', value: '2' }])).toBe('This name is there twice.');
  expect(rowFault({ name: 'a', value: ' ' }, [])).toContain('Enter a JSON value');
  expect(rowFault({ name: 'a', value: 'text' }, [])).toContain('column 1: expected a value');
});
