import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { createCountedHistogram } from './counted-histogram.js';
import { createRequestMeter } from './request-meter.js';

const bounds = [0.5, 1, 2.5, 10];
const about = { name: 'times_seconds', help: 'Times.' };

describe('a counted histogram', () => {
  test('shows what prom-client’s own would show', async () => {
    const value = fc.oneof(fc.double({ min: 0, max: 20, noNaN: true }), fc.constantFrom(...bounds));
    const observations = fc.array(fc.record({ kind: fc.nat({ max: 40 }), value }), { maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(observations, async (observed) => {
        const [own, theirs] = [new Registry(), new Registry()];
        const counted = createCountedHistogram({ ...about, bounds, registry: own });
        const histogram = new Histogram({
          ...about,
          buckets: bounds,
          labelNames: ['kind'],
          registers: [theirs],
        });
        // More kinds than there is room for at first.
        const series = new Map<number, number>();
        for (const { kind, value } of observed) {
          const number = series.get(kind) ?? counted.name({ kind: `k${kind}` });
          series.set(kind, number);
          counted.count(number, value);
          histogram.observe({ kind: `k${kind}` }, value);
        }
        expect(linesOf(await own.metrics())).toEqual(linesOf(await theirs.metrics()));
        expect(await own.getMetricsAsJSON()).toMatchObject([{ type: 'histogram', aggregator: 'sum' }]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the meter of requests', () => {
  test('counts by class of status, and what has none as aborted', async () => {
    const registry = new Registry();
    const meter = createRequestMeter(registry);
    const series = meter.seriesOf('GET', '/a');
    for (const status of [200, 299, 304, 404, 500, 0]) meter.count(series, status, 1);
    meter.count(meter.seriesOf('BREW', '/a'), 405, undefined);
    expect(
      linesOf(await registry.metrics()).filter((line) => line.startsWith('halo_http_requests_total')),
    ).toEqual([
      'halo_http_requests_total{method="GET",route="/a",status="2xx"} 2',
      'halo_http_requests_total{method="GET",route="/a",status="3xx"} 1',
      'halo_http_requests_total{method="GET",route="/a",status="4xx"} 1',
      'halo_http_requests_total{method="GET",route="/a",status="5xx"} 1',
      'halo_http_requests_total{method="GET",route="/a",status="aborted"} 1',
      'halo_http_requests_total{method="other",route="/a",status="4xx"} 1',
    ]);
    expect(await registry.metrics()).not.toContain('duration_seconds_count{method="other"');
  });

  test('knows a method and route again', () => {
    const meter = createRequestMeter(new Registry());
    const [get, put] = [meter.seriesOf('GET', '/a'), meter.seriesOf('PUT', '/a')];
    expect(new Set([get, put, meter.seriesOf('GET', '/b'), meter.seriesOf('BREW', '/a')]).size).toBe(4);
    expect(meter.seriesOf('GET', '/a')).toBe(get);
    expect(meter.seriesOf('MAKE', '/a')).toBe(meter.seriesOf('BREW', '/a'));
  });
});

/** The order of labels means nothing. */
function linesOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      line.replace(/\{(.*)\}/, (_all, labels: string) => `{${labels.split(',').sort().join(',')}}`),
    )
    .sort();
}
