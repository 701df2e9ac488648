import { describe, expect, test } from 'vitest';
import { judgeLine } from './import-line.js';

const nowMs = Date.parse('2026-06-01T00:00:00Z');
const judge = (line: string) => judgeLine(new TextEncoder().encode(line), nowMs);

describe('judging a line', () => {
  test.each([
    '{"key":"a","value":""}',
    '{"key":"a","value_base64":"AP8="}',
    '{"key":"a/b","value":"x","content_type":"text/html; charset=utf-8","metadata":{"n":1}}',
    '{"key":"a","value":"x","metadata":null,"expires_at":null}',
    '{"key":"a","value":"x","ttl":0.5}',
    '{"key":"a","value":"x","ttl":"keep"}',
    '{"key":"a","value":"x","expires_at":"2027-01-31T09:30:00.000Z"}',
    '{"key":"a","value":"x","revision":1,"size":1,"created_at":"2026-01-31T09:30:00.000Z","updated_at":"2026-01-31T09:30:00.000Z"}',
  ])('takes %s', (line) => {
    expect(judge(line)).toMatchObject({ kind: 'entry', isOver: false });
  });

  test('knows what has expired', () => {
    expect(judge('{"key":"a","value":"x","expires_at":"2025-01-31T09:30:00Z"}')).toMatchObject({
      kind: 'entry',
      isOver: true,
    });
  });

  test.each(['{"halo":1}', `{"end":true,"keys":0,"sha256":"${'0'.repeat(64)}"}`])(
    'knows the mark %s',
    (line) => {
      expect(judge(line).kind).toBe('mark');
    },
  );

  test.each([
    ['nonsense', /not JSON/],
    ['[1]', /not a JSON object/],
    ['null', /not a JSON object/],
    ['{"value":"x"}', /key is missing/],
    ['{"key":1,"value":"x"}', /key is missing/],
    ['{"key":"","value":"x"}', /at least one byte/],
    ['{"key":"a\\u0000","value":"x"}', /NUL/],
    ['{"key":"a"}', /either value or value_base64/],
    ['{"key":"a","value":"x","value_base64":""}', /either value or value_base64/],
    ['{"key":"a","value":1}', /not text/],
    ['{"key":"a","value":"\\ud800"}', /lone surrogates/],
    ['{"key":"a","value_base64":"AP8"}', /base64/],
    ['{"key":"a","value":"x","content_type":"yaml"}', /content type/],
    ['{"key":"a","value":"x","metadata":[]}', /metadata/],
    ['{"key":"a","value":"x","ttl":0}', /ttl/],
    ['{"key":"a","value":"x","ttl":1,"expires_at":"2027-01-31T09:30:00Z"}', /exclude/],
    ['{"key":"a","value":"x","expires_at":"tomorrow"}', /not a time/],
    ['{"key":"a","value":"x","expires_at":"2027-13-31T09:30:00Z"}', /not a time/],
    ['{"key":"a","value":"x","owner":"b"}', /no member “owner”/],
  ])('refuses %s', (line, reason) => {
    expect(judge(line)).toEqual({ kind: 'fault', reason: expect.stringMatching(reason) });
  });

  test('refuses what is not UTF-8', () => {
    expect(judgeLine(Uint8Array.of(0x22, 0xff, 0x22), nowMs)).toEqual({
      kind: 'fault',
      reason: expect.stringMatching(/not UTF-8/),
    });
  });
});
