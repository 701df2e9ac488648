import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createFileCheck } from './file-check.js';

const header = '{"halo":1,"revision":7}';
const entries = ['{"key":"a","value":"end"}', '{"key":"halo","value":"\\"end\\""}'];

function endOf(lines: readonly string[]): string {
  const sha256 = createHash('sha256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .digest('hex');
  return JSON.stringify({ end: true, keys: lines.length, sha256 });
}

function judge(lines: readonly string[]) {
  const check = createFileCheck();
  for (const line of lines) check.add(new TextEncoder().encode(line));
  return check;
}

describe('the check of a file', () => {
  test('finds a whole export complete', () => {
    const check = judge([header, ...entries, endOf(entries)]);
    expect(check.verdict()).toBe('complete');
    expect(check.keys).toBe(2);
    expect(check.header?.revision).toBe(7);
  });

  test('finds an export without keys complete, and empty lines of no account', () => {
    expect(judge([header, endOf([])]).verdict()).toBe('complete');
    expect(judge([header, '', ...entries, '', endOf(entries), '']).verdict()).toBe('complete');
  });

  test('finds a missing end truncated', () => {
    expect(judge([header]).verdict()).toBe('truncated');
    expect(judge([header, ...entries]).verdict()).toBe('truncated');
  });

  test('finds other lines than were exported damaged', () => {
    expect(judge([header, ...entries.slice(1), endOf(entries)]).verdict()).toBe('damaged');
    expect(judge([header, ...entries.toReversed(), endOf(entries)]).verdict()).toBe('damaged');
    expect(judge([header, 'broken', ...entries, endOf(entries)]).verdict()).toBe('damaged');
  });

  test('has nothing to say of a file without marks', () => {
    expect(judge(entries).verdict()).toBe('unmarked');
    expect(judge([]).verdict()).toBe('unmarked');
  });

  test('judges exports that follow one another by the worst of them', () => {
    const whole = [header, ...entries, endOf(entries)];
    expect(judge([...whole, ...whole]).verdict()).toBe('complete');
    expect(judge([...whole, ...whole]).keys).toBe(4);
    expect(judge([header, ...entries, ...whole]).verdict()).toBe('truncated');
    expect(judge([...whole, header, ...entries]).verdict()).toBe('truncated');
  });
});
