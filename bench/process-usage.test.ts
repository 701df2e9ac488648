import { describe, expect, it } from 'vitest';
import { parseProcessStat } from './process-usage.js';

describe('a line of /proc/<pid>/stat', () => {
  it('is read after the last parenthesis, and counts the children that were waited for', () => {
    const stat = '42 (a) b (c) S 7 42 42 0 -1 4194304 100 200 0 0 11 22 33 44 20 0 1 0 999 1 2';
    expect(parseProcessStat(stat)).toEqual({ pid: 42, parentPid: 7, ticks: 110 });
  });
});
