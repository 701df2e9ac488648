import fc from 'fast-check';
import { fastify } from 'fastify';
import { limits } from 'halo-contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HaloError } from '../errors.js';
import { acceptJson, parseJson } from './json.js';
import { registerProblems } from './problems.js';

const depthMax = 64;

const parse = (text: string): unknown => parseJson(Buffer.from(text));
const refusal = expect.objectContaining({ code: 'invalid-request' });

/** One level around a document: an array or an object, with something before and after it. */
type Level = 'array' | 'object';
const wrap = (document: string, levels: readonly Level[]): string =>
  levels.reduce((inner, level) => {
    return level === 'array' ? `[{"x":1}, ${inner}, "x"]` : `{"x": [1], "y": ${inner}, "z": {"x":2}}`;
  }, document);

const levels = fc.array(fc.constantFrom<Level>('array', 'object'), { maxLength: 20 });
const name = fc.string({ unit: 'binary', maxLength: 6 });
const member = fc.tuple(name, fc.jsonValue({ maxDepth: 2 }));

/** The same name spelt otherwise: JSON lets any character be escaped. */
const escaped = (text: string): string =>
  `"${[...text].map((point) => [...Array(point.length).keys()].map((at) => `\\u${point.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')).join('')}"`;

describe('parseJson', () => {
  test('parses any JSON without a repeated member like JSON.parse', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.constantFrom(undefined, 1), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(JSON.stringify(parse(text), undefined, indent)).toBe(text);
      }),
    );
  });

  test('refuses a member twice in one object, at any depth and however it is spelt', () => {
    fc.assert(
      fc.property(
        name,
        fc.uniqueArray(member, { selector: ([key]) => key, maxLength: 4 }),
        fc.jsonValue({ maxDepth: 2 }),
        fc.boolean(),
        levels,
        (twice, others, value, spellOut, around) => {
          const between = others
            .filter(([key]) => key !== twice)
            .map(([key, inner]) => `${JSON.stringify(key)}:${JSON.stringify(inner)}`);
          const first = `${JSON.stringify(twice)}:${JSON.stringify(value)}`;
          const second = `${spellOut ? escaped(twice) : JSON.stringify(twice)}:${JSON.stringify(value)}`;
          const sound = wrap(`{${[first, ...between].join(',')}}`, around);
          const repeated = wrap(`{${[first, ...between, second].join(',')}}`, around);
          expect(() => parse(sound)).not.toThrow();
          expect(() => parse(repeated)).toThrow(refusal);
        },
      ),
    );
  });

  test.each([
    '{"a":1,"A":2}',
    '[{"a":1},{"a":2}]',
    '{"a":{"a":{"a":1}}}',
    '{"a":"a","b":"a"}',
    '{"a":["a","a"]}',
    '{"a":"\\",\\"a\\":"}',
  ])('takes %s, where no object has a member twice', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  test('keeps __proto__ an ordinary member, and refuses it twice like any other', () => {
    expect(Object.keys(parse('{"__proto__":{"admin":true}}') as object)).toEqual(['__proto__']);
    expect(() => parse('{"__proto__":1,"__proto__":2}')).toThrow(refusal);
  });

  test.each(['[]', '{}'])('takes 64 levels of %s and refuses 65', (empty) => {
    const nest = (depth: number): string => {
      const [open, close] = empty === '[]' ? ['[', ']'] : ['{"a":', '}'];
      return open.repeat(depth - 1) + empty + close.repeat(depth - 1);
    };
    expect(() => parse(nest(depthMax))).not.toThrow();
    expect(() => parse(nest(depthMax + 1))).toThrow(refusal);
  });

  test('refuses a million levels without exhausting the stack, closed or not', () => {
    for (const text of ['['.repeat(1_000_000), '['.repeat(1_000_000) + ']'.repeat(1_000_000)]) {
      expect(() => parse(text)).toThrow(refusal);
    }
  });

  test('does not count brackets in a string as levels', () => {
    const brackets = '[{'.repeat(1_000);
    expect(parse(JSON.stringify({ brackets, quoted: `"${brackets}` }))).toMatchObject({ brackets });
  });

  test.each([
    ['a byte that never occurs', [0xff]],
    ['a lone continuation byte', [0x80]],
    ['a sequence cut short', [0xe2, 0x82]],
    ['an overlong NUL', [0xc0, 0x80]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['a point above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ])('refuses %s: it is not UTF-8', (_what, bytes) => {
    const quote = '"'.charCodeAt(0);
    expect(() => parseJson(Uint8Array.of(quote, ...bytes, quote))).toThrow(
      new HaloError('invalid-request', 'The body is not UTF-8.'),
    );
  });

  test.each([
    '',
    ' ',
    '{',
    '"',
    '"\\"',
    '{"a"}',
    "{'a':1}",
    '[1,]',
    '{"a":1,}',
    'NaN',
    '01',
    '1 2',
    ']',
    '"\n"',
  ])('refuses %j: it is not JSON', (text) => {
    expect(() => parse(text)).toThrow(new HaloError('invalid-request', 'The body is not JSON.'));
  });

  test('never answers anything but a value or invalid-request, whatever the bytes', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      'a',
      '"a"',
      '1',
      'null',
      ' ',
      '\\u00',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          parse(pieces.join(''));
        } catch (error) {
          expect(error).toEqual(refusal);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('parses a string as long as the largest body', () => {
    const text = JSON.stringify('x'.repeat(limits.bodyBytesMax - 2));
    expect((parse(text) as string).length).toBe(limits.bodyBytesMax - 2);
  });
});

describe('acceptJson', () => {
  const app = fastify();
  beforeAll(async () => {
    registerProblems(app);
    acceptJson(app);
    app.post('/', async (request) => ({ body: request.body }));
    await app.ready();
  });
  afterAll(() => app.close());

  const post = (contentType: string, payload: string) =>
    app.inject({ method: 'POST', url: '/', headers: { 'content-type': contentType }, payload });

  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON'])(
    'reads %s',
    async (contentType) => {
      expect((await post(contentType, '{"a":1}')).json()).toEqual({ body: { a: 1 } });
    },
  );

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json\ta',
    'application/jsonp',
    'json',
  ])('refuses %j with unsupported-media-type', async (contentType) => {
    const answer = await post(contentType, '{"a":1}');
    expect(answer.statusCode).toBe(415);
    expect(answer.json()).toMatchObject({ code: 'unsupported-media-type' });
  });

  test('refuses what parseJson refuses', async () => {
    const answer = await post('application/json', '{"a":1,"a":2}');
    expect(answer.json()).toMatchObject({ code: 'invalid-request', detail: 'The body has a member twice.' });
  });

  test('takes 16 KiB and refuses a byte more', async () => {
    const body = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2));
    expect((await post('application/json', body(limits.smallBodyBytesMax))).statusCode).toBe(200);
    expect((await post('application/json', body(limits.smallBodyBytesMax + 1))).json()).toMatchObject({
      code: 'too-large',
    });
  });
});
