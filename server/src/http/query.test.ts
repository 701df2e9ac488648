import fc from 'fast-check';
import { ListQuery, PutQuery } from 'halo-contract';
import { describe, expect, test } from 'vitest';
import { compileQuery } from './query.js';

const readList = compileQuery(ListQuery);
const readPut = compileQuery(PutQuery);

const text = fc.string({ unit: 'binary' }).filter((string) => !string.includes('\0'));
const parameters = fc.record(
  {
    prefix: text,
    start: text,
    end: text,
    cursor: text,
    reverse: fc.boolean(),
    limit: fc.integer({ min: 1, max: 1_000 }),
  },
  { requiredKeys: [] },
);

describe('compileQuery', () => {
  test('reads back what was written, in any order and in both encodings of a space', () => {
    fc.assert(
      fc.property(parameters, fc.boolean(), fc.boolean(), (sent, asForm, backwards) => {
        const pairs = Object.entries(sent).map(([name, value]): [string, string] => [name, String(value)]);
        if (backwards) pairs.reverse();
        const query = asForm
          ? new URLSearchParams(pairs).toString()
          : pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
        expect({ ...readList(`/v1/keys?${query}`) }).toEqual({ ...sent });
      }),
    );
  });

  test.each(['/v1/keys', '/v1/keys?', '/v1/keys?&&'])('reads nothing from %s', (url) => {
    expect({ ...readList(url) }).toEqual({});
  });

  test('reads what follows the first question mark, so that a value may hold others', () => {
    expect(readList('/v1/keys?prefix=a?b=c')).toMatchObject({ prefix: 'a?b=c' });
  });

  test('takes a name without an equals sign as the empty text', () => {
    expect(readList('/v1/keys?prefix')).toMatchObject({ prefix: '' });
  });

  test.each([
    ['a parameter given twice', 'prefix=a&prefix=a', '/prefix'],
    ['a parameter given twice in different encodings', 'prefix=a&pre%66ix=b', '/prefix'],
    ['an unknown parameter', 'colour=red', '/colour'],
    ['a parameter in other letter case', 'Limit=1', '/Limit'],
    ['a name of Object.prototype', '__proto__=1', '/__proto__'],
    ['another name of Object.prototype', 'constructor=1', '/constructor'],
    ['a number in another form', 'limit=1e2', '/limit'],
    ['a fraction', 'limit=1.5', '/limit'],
    ['a hexadecimal number', 'limit=0x10', '/limit'],
    ['an empty number', 'limit=', '/limit'],
    ['a number with a space', 'limit=+1', '/limit'],
    ['a number below the least', 'limit=0', '/limit'],
    ['a negative zero', 'limit=-0', '/limit'],
    ['a number above the most', 'limit=1001', '/limit'],
    ['a number past what JavaScript holds', 'limit=99999999999999999999', '/limit'],
    ['a boolean in another form', 'reverse=1', '/reverse'],
    ['an empty boolean', 'reverse', '/reverse'],
    ['NUL', 'prefix=a%00b', '/prefix'],
  ])('refuses %s and names it', (_what, query, pointer) => {
    expect(() => readList(`/v1/keys?${query}`)).toThrow(
      expect.objectContaining({ code: 'invalid-request', extra: { pointer } }),
    );
  });

  test.each(['prefix=%', 'prefix=%zz', 'prefix=%ff', 'prefix=%C0%80', 'prefix=%ED%A0%80', '%ff=a'])(
    'refuses %s, which is not percent-encoded UTF-8',
    (query) => {
      expect(() => readList(`/v1/keys?${query}`)).toThrow(
        expect.objectContaining({ code: 'invalid-request' }),
      );
    },
  );

  test('escapes the pointer to a name with a slash or a tilde', () => {
    expect(() => readList('/v1/keys?a%2Fb~c=1')).toThrow(
      expect.objectContaining({ extra: { pointer: '/a~1b~0c' } }),
    );
  });

  test('leaves numbers in text parameters as they were written', () => {
    expect(readPut('/v1/keys/a?ttl=0010.50')).toMatchObject({ ttl: '0010.50' });
    expect(readPut('/v1/keys/a?dry_run=true')).toMatchObject({ dry_run: true });
  });
});
