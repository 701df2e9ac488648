import { EditorState } from '@codemirror/state';
import { describe, expect, test } from 'vitest';
import { contentKind, decodeText, lineSeparatorOf, previewBytes } from './value-text.js';

const encode = (text: string) => new TextEncoder().encode(text);

describe('decodeText', () => {
  test('keeps a byte order mark, so that the bytes come back', () => {
    const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0x61]);
    expect(encode(decodeText(bytes) ?? '')).toEqual(bytes);
  });

  test('refuses what is not UTF-8', () => {
    expect(decodeText(new Uint8Array([0xff, 0xfe]))).toBeUndefined();
    expect(decodeText(new Uint8Array([0xed, 0xa0, 0x80]))).toBeUndefined();
  });
});

describe('previewBytes', () => {
  test('never tears a character', () => {
    const bytes = encode('ab🔑c');
    for (let length = 0; length <= bytes.length; length += 1) {
      expect(decodeText(previewBytes(bytes, length))).toBeDefined();
    }
    expect(decodeText(previewBytes(bytes, 5))).toBe('ab');
    expect(decodeText(previewBytes(bytes, 6))).toBe('ab🔑');
  });
});

describe('lineSeparatorOf', () => {
  test.each(['a\nb\n', 'a\r\nb\r\n', 'a\r\nb\nc', 'a\rb', '\r\n', '\n\r', '', '\ufeffa\r\r\nb\r\n'])(
    'brings %j through the editor unchanged',
    (text) => {
      const state = EditorState.create({
        doc: text,
        extensions: EditorState.lineSeparator.of(lineSeparatorOf(text)),
      });
      expect(state.sliceDoc()).toBe(text);
    },
  );
});

test('contentKind sees JSON in parameters and suffixes', () => {
  expect(contentKind('application/json; charset=utf-8')).toBe('json');
  expect(contentKind('application/ld+JSON')).toBe('json');
  expect(contentKind('text/plain')).toBe('text');
  expect(contentKind('image/png')).toBe('other');
});
