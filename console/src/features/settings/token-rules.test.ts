import { HaloError } from 'halo-client';
import type { Problem } from 'halo-contract';
import { describe, expect, test } from 'vitest';
import {
  expiryMs,
  newTokenValues,
  prefixMeaning,
  tokenFaults,
  tokenFieldOf,
  tokenRequest,
  tryCommand,
} from './token-rules.js';

const now = Date.parse('2026-03-10T12:00:00');
const named = { ...newTokenValues, name: 'backup' };

describe('tokenRequest', () => {
  test('leaves out what is not limited', () => {
    expect(tokenRequest({ ...named, name: ' backup ', lifetime: 'never' }, now)).toEqual({
      name: 'backup',
      access: 'read',
    });
  });

  test('counts days in seconds, and a date to the end of that day', () => {
    expect(tokenRequest({ ...named, prefix: 'app/', lifetime: '30' }, now)).toMatchObject({
      prefix: 'app/',
      expires_in: 30 * 86_400,
    });
    const date = { ...named, lifetime: 'date', date: '2026-03-10' };
    expect(tokenRequest(date, now).expires_in).toBe(12 * 3_600 - 1);
    expect(expiryMs(date, now)).toBe(Date.parse('2026-03-10T23:59:59'));
  });
});

describe('tokenFaults', () => {
  test('finds nothing wrong with the defaults and a name', () => {
    expect(tokenFaults(named, now)).toEqual({});
    expect(tokenFaults({ ...named, lifetime: 'never' }, now)).toEqual({});
  });

  test.each([
    [{ name: '  ' }, 'name'],
    [{ name: 'x'.repeat(65) }, 'name'],
    [{ prefix: 'a\0' }, 'prefix'],
    [{ prefix: 'é'.repeat(513) }, 'prefix'],
    [{ lifetime: 'date', date: '' }, 'date'],
    [{ lifetime: 'date', date: '2026-03-09' }, 'date'],
    [{ lifetime: 'date', date: '2046-03-09' }, 'date'],
  ])('finds what is wrong with %j', (values, field) => {
    expect(Object.keys(tokenFaults({ ...named, ...values }, now))).toEqual([field]);
  });
});

test('a refusal belongs to the field that it points at', () => {
  const refused = (pointer?: string) => {
    const problem: Problem = { type: '', title: '', status: 400, code: 'x', detail: '', request_id: '' };
    return new HaloError('invalid-request', '', {
      status: 400,
      problem: pointer === undefined ? problem : { ...problem, pointer },
    });
  };
  expect(tokenFieldOf(refused('/name'), named)).toBe('name');
  expect(tokenFieldOf(refused('/prefix'), named)).toBe('prefix');
  expect(tokenFieldOf(refused('/expires_in'), named)).toBe('lifetime');
  expect(tokenFieldOf(refused('/expires_in'), { ...named, lifetime: 'date' })).toBe('date');
  expect(tokenFieldOf(refused(), named)).toBeUndefined();
  expect(tokenFieldOf(new HaloError('outcome-unknown', ''), named)).toBeUndefined();
});

test('a prefix that may mean more than it seems to says so', () => {
  expect(prefixMeaning('')).toContain('all keys');
  expect(prefixMeaning('app/')).toBe('The token reaches the keys that begin with app/ and no others.');
  expect(prefixMeaning('app')).toContain('app-2');
});

test('the command is safe to paste, whatever the prefix', () => {
  const command = tryCommand('http://localhost:5000', { token: 'halo_x', prefix: "it's & $(more)" });
  expect(command).toContain('prefix=it%27s+%26+%24%28more%29');
  expect(tryCommand('http://h', { token: 'halo_x', prefix: '' })).toBe(
    "curl 'http://h/v1/keys' \\\n  -H 'Authorization: Bearer halo_x'",
  );
});
