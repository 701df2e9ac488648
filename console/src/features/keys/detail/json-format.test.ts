import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonFault } from '../json-fault.js';
import { formatJson, jsonTokens } from './json-format.js';

describe('formatJson', () => {
  test('changes white space and nothing else', () => {
    const text =
      '{"id":9007199254740993,"id":1.0,"big" :1e400,"b":{},"a":[ ],"s":"\\u00e9 \\/ : , {","n":[1,\n[-0.0]]}';
    expect(formatJson(text)).toBe(
      [
        '{',
        '  "id": 9007199254740993,',
        '  "id": 1.0,',
        '  "big": 1e400,',
        '  "b": {},',
        '  "a": [],',
        '  "s": "\\u00e9 \\/ : , {",',
        '  "n": [',
        '    1,',
        '    [',
        '      -0.0',
        '    ]',
        '  ]',
        '}',
      ].join('\n'),
    );
  });

  test('keeps line ends as they were, and the last one', () => {
    expect(formatJson('[1,\r\n2]\r\n\r\n')).toBe('[\r\n  1,\r\n  2\r\n]\r\n');
    expect(formatJson(' "a" ')).toBe('"a"');
  });

  test('copes with a string of a megabyte and with deep nesting', () => {
    const long = `["${'a\\"'.repeat(350_000)}"]`;
    expect([...jsonTokens(formatJson(long))]).toEqual([...jsonTokens(long)]);
    const deep = '['.repeat(500) + ']'.repeat(500);
    expect([...jsonTokens(formatJson(deep))].join('')).toBe(deep);
  });

  test('keeps every token of any JSON, stays valid, and is at rest when repeated', () => {
    const space = fc.stringMatching(/^[ \n\t]{0,3}$/);
    const spaced = fc
      .tuple(fc.json({ maxDepth: 3 }), fc.array(space, { minLength: 8, maxLength: 8 }))
      .map(([json, spaces]) =>
        [...jsonTokens(json)].map((token, index) => token + (spaces[index % spaces.length] ?? '')).join(''),
      );
    fc.assert(
      fc.property(spaced, (text) => {
        const formatted = formatJson(text);
        expect([...jsonTokens(formatted)].join('\n')).toBe([...jsonTokens(text)].join('\n'));
        expect(jsonFault(formatted)).toBeUndefined();
        expect(formatJson(formatted)).toBe(formatted);
      }),
    );
  });
});
