import { describe, expect, it } from 'vitest';
import { parsePgbenchLog, parsePgbenchOutput } from './pgbench.js';

const printed = `pgbench (15.18 (Debian 15.18-0+deb12u1), server 18.4)
transaction type: script.sql
scaling factor: 1
query mode: prepared
number of clients: 64
number of threads: 2
maximum number of tries: 1
duration: 8 s
number of transactions actually processed: 204800
number of failed transactions: 7 (0.003%)
latency average = 2.501 ms
initial connection time = 65.321 ms
tps = 25600.000000 (without initial connection time)
`;

describe('the summary of pgbench', () => {
  it('gives operations, the time they took and failures', () => {
    expect(parsePgbenchOutput(printed)).toEqual({ operations: 204_800, seconds: 8, errors: 7 });
  });

  it('of a version that counts no failures has none', () => {
    expect(parsePgbenchOutput(printed.replace(/^number of failed.*\n/m, '')).errors).toBe(0);
  });

  it('is refused when nothing was processed', () => {
    expect(() => parsePgbenchOutput(printed.replace('204800', '0'))).toThrow('no result');
    expect(() => parsePgbenchOutput('connection failed')).toThrow('no result');
  });
});

describe('the log of pgbench', () => {
  it('gives percentiles in milliseconds', () => {
    const lines = Array.from({ length: 101 }, (_, n) => `0 ${n} ${(100 - n) * 1_000} 0 1 2`);
    expect(parsePgbenchLog(`${lines.join('\n')}\n`)).toEqual({ p50Ms: 50, p99Ms: 99, maxMs: undefined });
  });
});
