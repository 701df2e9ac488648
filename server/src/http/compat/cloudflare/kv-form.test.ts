import { describe, expect, test } from 'vitest';
import { isForm, readForm } from './kv-form.js';

const type = 'multipart/form-data; boundary=X';

function formOf(...parts: readonly (readonly [head: string, body: string])[]): Buffer {
  const written = parts.map(
    ([head, body]) => `--X\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`,
  );
  return Buffer.from(`${written.join('')}--X--\r\n`, 'latin1');
}

describe('readForm', () => {
  test('reads a text and its metadata', async () => {
    const body = formOf(['name="value"', 'a\r\nb\n'], ['name="metadata"', '{"a": 1}']);
    const form = await readForm(body, type);
    expect(form.value.toString()).toBe('a\r\nb\n');
    expect(form).toMatchObject({ contentType: 'text/plain; charset=utf-8', metadata: '{"a": 1}' });
  });

  test.each([
    ['a byte order mark', '\xef\xbb\xbfa'],
    ['nothing else', '\xef\xbb\xbf'],
  ])('keeps what a text begins with: %s', async (_what, text) => {
    const form = await readForm(formOf(['name="value"', text]), type);
    expect(form.value).toEqual(Buffer.from(text, 'latin1'));
  });

  test('reads bytes of a file, with the type that it has', async () => {
    const plain = await readForm(formOf(['name="value"; filename="a"', '\xef\xbb\xbf\xff\0\r\n']), type);
    expect(plain.value).toEqual(Buffer.from('\xef\xbb\xbf\xff\0\r\n', 'latin1'));
    const head = 'name="value"; filename="a"\r\nContent-Type: image/png';
    expect((await readForm(formOf([head, 'x']), type)).contentType).toBe('image/png');
  });

  test.each([
    ['a text that is not UTF-8', formOf(['name="value"', '\xff'])],
    ['no value', formOf(['name="metadata"', '{}'])],
    ['two values', formOf(['name="value"', 'a'], ['name="value"', 'b'])],
    ['an object that is no JSON text', formOf(['name="value"', 'a'], ['name="metadata[a]"', '1'])],
    ['another field', formOf(['name="value"', 'a'], ['name="ttl"', '1'])],
    ['an end that is missing', formOf(['name="value"', 'a']).subarray(0, 40)],
    ['nothing', Buffer.alloc(0)],
  ])('refuses %s', async (_what, body) => {
    await expect(readForm(body, type)).rejects.toMatchObject({ code: 'invalid-request' });
  });

  test('refuses a form without a boundary', async () => {
    const body = formOf(['name="value"', 'a']);
    await expect(readForm(body, 'multipart/form-data')).rejects.toMatchObject({ code: 'invalid-request' });
  });
});

test('isForm knows a form by its media type', () => {
  expect(['multipart/form-data; boundary=X', 'Multipart/Form-Data'].every(isForm)).toBe(true);
  expect([undefined, '', 'text/plain', 'multipart/mixed', 'x-multipart/form-data'].some(isForm)).toBe(false);
});
