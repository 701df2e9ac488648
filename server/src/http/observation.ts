import type { IncomingMessage, ServerResponse } from 'node:http';
import { operations } from 'halo-contract';
import type { SpanMaker } from '../observability/open-telemetry.js';
import type { RequestMeter } from '../observability/request-meter.js';
import { isBelow } from './key-path.js';
import { operationAt } from './operation-at.js';
import type { Step } from './step.js';

/** Sees every request that Node's server takes, whoever answers it, and tells of it when its answer is over. */
export interface Observation {
  readonly step: Step;
  /** Notes the pattern of the route that Fastify has found, if it has found one. */
  routed(request: IncomingMessage, pattern: string | undefined): void;
  /** Counts a request for a key that came by the lane. */
  countKeyRequest(method: string, status: number, ms: number): void;
  /** Counts what was refused because it is no request of HTTP. */
  countMalformed(): void;
}

export interface ObservationOptions {
  readonly meter: RequestMeter;
  /** Undefined: there are no traces. */
  readonly spans: SpanMaker | undefined;
  /** Below which other protocols are served. */
  readonly mountPaths: readonly string[];
}

/** What is asked for outside of all routes. */
const nowhere = '(none)';
const malformed = '(malformed)';

export function createObservation({ meter, spans, mountPaths }: ObservationOptions): Observation {
  const patterns = new WeakMap<IncomingMessage, string>();
  const keySeries: Readonly<Record<string, number>> = Object.fromEntries(
    ['GET', 'HEAD', 'PUT', 'DELETE'].map((method) => [
      method,
      meter.seriesOf(method, operations.getKey.path),
    ]),
  );

  function routeOf(request: IncomingMessage): string {
    const { method = '', url = '' } = request;
    const known = patterns.get(request);
    if (known !== undefined) return formatted(known);
    return mountPaths.find((path) => isBelow(url, path)) ?? operationAt(method, url)?.path ?? nowhere;
  }

  function count(request: IncomingMessage, response: ServerResponse, beganMs: number): void {
    const route = routeOf(request);
    const status = response.headersSent ? response.statusCode : 0;
    const ms = isStream(request, route, status) ? undefined : performance.now() - beganMs;
    meter.count(meter.seriesOf(request.method ?? '', route), status, ms);
  }

  return {
    step: (next) => (request, response) => {
      const beganMs = performance.now();
      response.once('close', () => count(request, response, beganMs));
      if (spans === undefined) next(request, response);
      else spans.serve(request, response, routeOf, () => next(request, response));
    },
    routed: (request, pattern) => patterns.set(request, pattern ?? nowhere),
    countKeyRequest: (method, status, ms) => meter.count(keySeries[method] as number, status, ms),
    countMalformed: () => meter.count(meter.seriesOf('', malformed), 400, undefined),
  };
}

/** Lasts for as long as somebody listens, which says nothing about how fast Halo is. */
function isStream({ headers }: IncomingMessage, route: string, status: number): boolean {
  return (
    route === operations.listChanges.path &&
    status === 200 &&
    headers.accept?.includes('text/event-stream') === true
  );
}

/** As the contract writes it, `{id}`, not as the router does, `:id`. */
function formatted(pattern: string): string {
  return pattern.includes(':') ? pattern.replace(/:(\w+)/g, '{$1}') : pattern;
}
