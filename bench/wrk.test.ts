import { describe, expect, it } from 'vitest';
import { parseWrkOutput, wrkScript } from './wrk.js';

const printed = `Running 1s test @ http://127.0.0.1:5000
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.24ms  356.11us   9.99ms   90.10%
    Req/Sec    51.25k     4.01k   56.09k    81.82%
  56022 requests in 1.10s, 11.97MB read
Requests/sec:  50929.09
Transfer/sec:     10.88MB
totals requests=56022 us=1100012 p50_us=1190 p99_us=2514 max_us=9987 errors=3
`;

describe('the output of wrk', () => {
  it('is read to the microsecond', () => {
    expect(parseWrkOutput(printed)).toEqual({
      operations: 56_022,
      seconds: 1.100012,
      p50Ms: 1.19,
      p99Ms: 2.514,
      maxMs: 9.987,
      errors: 3,
    });
  });

  it('is refused when the totals are missing or nothing was answered', () => {
    expect(() => parseWrkOutput('Running 1s test')).toThrow('no totals');
    expect(() => parseWrkOutput(printed.replace('requests=56022', 'requests=0'))).toThrow('no answer');
  });
});

describe('the script for wrk', () => {
  it('brings credentials in turn', () => {
    const script = wrkScript({
      origin: 'http://127.0.0.1:5000',
      method: 'GET',
      path: '/k',
      keys: 2,
      headers: {},
      authorizations: ['Bearer a', 'Bearer b'],
      body: undefined,
    });
    expect(script.match(/Authorization: Bearer [ab]/g)).toEqual([
      'Authorization: Bearer a',
      'Authorization: Bearer b',
    ]);
    expect(script).toContain('turn = turn % #afters + 1');
  });

  it('draws random keys and says how long the body is', () => {
    const script = wrkScript({
      origin: 'http://127.0.0.1:5000',
      method: 'PUT',
      path: '/v1/keys/a',
      keys: 20,
      headers: { Authorization: 'Bearer "x"' },
      body: 'four',
    });
    expect(script).toContain('math.random(0, 19)');
    expect(script).toContain('"PUT /v1/keys/a"');
    expect(script).toContain(
      String.raw`Host: 127.0.0.1:5000\r\nAuthorization: Bearer \"x\"\r\nContent-Length: 4\r\n\r\nfour`,
    );
  });
});
