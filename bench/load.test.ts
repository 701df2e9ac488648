import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isInstalled } from './command.js';
import { type LoadGenerator, runLoad } from './load.js';
import type { Workload } from './workload.js';

const hasWrk = await isInstalled('wrk');

describe.each<[LoadGenerator, boolean]>([
  ['wrk', hasWrk],
  ['autocannon', true],
])('a load made by %s', (generator, installed) => {
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    seen.add(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.writeHead(request.url === '/fail' ? 503 : 200).end('answer');
  });
  let workload: Workload;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const headers = { Authorization: 'Bearer x' };
    workload = { origin, method: 'PUT', path: '/k', keys: 3, headers, body: 'four' };
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  const pressure = { connections: 4, seconds: 1, signal: new AbortController().signal };

  it.runIf(installed)('asks for every key and for no other, with the headers given', async () => {
    seen.clear();
    const outcome = await runLoad(generator, workload, pressure);
    expect([...seen].sort()).toEqual(['PUT /k0 Bearer x', 'PUT /k1 Bearer x', 'PUT /k2 Bearer x']);
    expect(outcome.errors).toBe(0);
    expect(outcome.operations).toBeGreaterThan(100);
    expect(outcome.seconds).toBeCloseTo(1, 0);
    expect(outcome.p99Ms).toBeGreaterThanOrEqual(outcome.p50Ms);
  });

  it.runIf(installed)('brings credentials in turn', async () => {
    const authorizations = ['Bearer a', 'Bearer b'];
    await runLoad(generator, { ...workload, path: '/turn', keys: 1, headers: {}, authorizations }, pressure);
    // What the load before had still under way may arrive now.
    const turns = [...seen].filter((line) => line.includes('/turn')).sort();
    expect(turns).toEqual(['PUT /turn0 Bearer a', 'PUT /turn0 Bearer b']);
  });

  it.runIf(installed)('sends another kind in between', async () => {
    const gets: Workload = { ...workload, method: 'GET', path: '/main', body: undefined };
    const outcome = await runLoad(
      generator,
      { ...gets, between: { nth: 4, workload: { ...workload, path: '/between', keys: 1 } } },
      pressure,
    );
    expect(outcome.errors).toBe(0);
    const mixed = [...seen].filter((line) => /main|between/.test(line)).sort();
    const expected = ['GET /main0', 'GET /main1', 'GET /main2', 'PUT /between0'];
    expect(mixed).toEqual(expected.map((line) => `${line} Bearer x`));
  });

  it.runIf(installed)('counts refusals as errors', async () => {
    const failing: Workload = { ...workload, method: 'GET', path: '/fail', keys: 0, body: undefined };
    const outcome = await runLoad(generator, failing, pressure);
    expect(outcome.errors).toBe(outcome.operations);
  });

  it.runIf(installed)('rejects when it is aborted', async () => {
    const signal = AbortSignal.timeout(300);
    await expect(runLoad(generator, workload, { ...pressure, seconds: 60, signal })).rejects.toThrow();
  });
});
