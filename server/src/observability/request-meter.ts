import { Counter, type Registry } from 'prom-client';
import { createCountedHistogram } from './counted-histogram.js';

/**
 * Counts requests by method, route and class of status, and how long they took. Routes are patterns, never paths:
 * those have keys in them, and would make a time series each.
 */
export interface RequestMeter {
  /** @returns the number by which requests of this method and route are counted */
  seriesOf(method: string, route: string): number;
  /**
   * Counts a request that has been answered. It allocates nothing: this is called for every request of the lane.
   *
   * @param status 0 when the connection closed before there was an answer
   * @param ms how long it took, from its head to the end of its answer; undefined for what lasts by intention
   */
  count(series: number, status: number, ms: number | undefined): void;
}

/** From a quarter of a millisecond, which a read takes, to ten seconds, after which clients have given up. */
const boundsS = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const classes = ['aborted', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const methods = new Set(['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);
/** Methods times routes; there is room to spare, so that the array never has to grow. */
const seriesMax = 1_024;

export function createRequestMeter(registry: Registry): RequestMeter {
  const durations = createCountedHistogram({
    name: 'halo_http_request_duration_seconds',
    help: 'How long requests took, from their head to the end of their answer. Event streams are not in it.',
    bounds: boundsS,
    registry,
  });
  const counts = new Float64Array(seriesMax * classes.length);
  const named: { readonly method: string; readonly route: string }[] = [];
  const byRoute = new Map<string, Map<string, number>>();
  new Counter({
    name: 'halo_http_requests_total',
    help: 'Requests by method, route pattern and class of status.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [series, labels] of named.entries()) {
        for (const [index, status] of classes.entries()) {
          const count = counts[series * classes.length + index] ?? 0;
          if (count > 0) this.inc({ ...labels, status }, count);
        }
      }
    },
  });

  function name(method: string, route: string): number {
    const labels = { method, route };
    if (named.length === seriesMax) throw new Error('There are more routes than can be counted.');
    durations.name(labels);
    return named.push(labels) - 1;
  }

  return {
    seriesOf: (given, route) => {
      const method = methods.has(given) ? given : 'other';
      const ofRoute = byRoute.get(route) ?? new Map<string, number>();
      byRoute.set(route, ofRoute);
      const series = ofRoute.get(method) ?? name(method, route);
      ofRoute.set(method, series);
      return series;
    },
    count: (series, status, ms) => {
      // What is no status, an aborted request among them, is counted with the first.
      const place = series * classes.length + (status >= 100 && status < 600 ? (status / 100) | 0 : 0);
      counts[place] = (counts[place] as number) + 1;
      if (ms !== undefined) durations.count(series, ms / 1_000);
    },
  };
}
