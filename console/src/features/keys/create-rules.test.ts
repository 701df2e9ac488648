import { HaloError } from 'halo-client';
import { expect, test } from 'vitest';
import { type CreateValues, createProblem, createPut, createRules } from './create-rules.js';

const values: CreateValues = { key: 'a', kind: 'json', otherType: '', amount: '', unit: 'days' };

test('sends the text as it was written, and no lifetime unless there is one', () => {
  const { put } = createPut(values, '{"id": 9007199254740993}');
  expect(new TextDecoder().decode(put.bytes)).toBe('{"id": 9007199254740993}');
  expect(put).toMatchObject({ over: 0, expiry: {}, contentType: 'application/json' });
  expect(createPut({ ...values, amount: '2' }, '').put.expiry).toEqual({ ttl: '172800' });
});

test('asks for a key that a URL can carry, and for a media type only where one is typed', () => {
  expect(createRules.key('')).toBe('Enter a key.');
  expect(createRules.key('..')).toContain('/v1/commit');
  expect(createRules.key('../a')).toBeNull();
  expect(createRules.otherType('', values)).toBeNull();
  expect(createRules.otherType('yaml', { ...values, kind: 'other' })).not.toBeNull();
  expect(createRules.otherType('image/svg+xml; charset=utf-8', { ...values, kind: 'other' })).toBeNull();
});

test('brings a refusal to its field', () => {
  const refused = (code: string, status: number, pointer?: string) =>
    new HaloError(code, 'D', {
      status,
      problem: {
        type: '',
        title: '',
        status,
        code,
        detail: 'D',
        request_id: '',
        ...(pointer ? { pointer } : {}),
      },
    });
  expect(createProblem(refused('precondition-failed', 412))).toMatchObject({ field: 'key', exists: true });
  expect(createProblem(refused('invalid-request', 400, '/query/ttl'))).toMatchObject({ field: 'amount' });
  expect(createProblem(refused('quota-exceeded', 507))).toBeUndefined();
});
