import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import {
  context,
  type DiagLogger,
  DiagLogLevel,
  diag,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { Logger } from 'pino';
import { HaloError } from '../errors.js';

/**
 * Makes OpenTelemetry's spans, and sends them as OTLP over HTTP in JSON. Where to, which of them and under what name
 * is for the standard `OTEL_…` variables, which the SDK reads. Nothing goes into a span that people keep or prove
 * themselves with: no path, query, header or body, only the route's pattern.
 */
export interface SpanMaker {
  /** Serves a request within a span, which ends with its answer. A traceparent of the client is taken over. */
  serve(
    request: IncomingMessage,
    response: ServerResponse,
    routeOf: (request: IncomingMessage) => string,
    next: () => void,
  ): void;
  /** Runs work within a span, if it belongs to a request that is traced. */
  within<Result>(name: string, work: () => Promise<Result>): Promise<Result>;
  /** Notes which request an item of a flight to come belongs to. */
  remember(item: object): void;
  /**
   * Runs a flight within a span: a part of the first of its requests that is traced, linked with all the others, and
   * they with it.
   */
  fly<Result>(name: string, items: readonly object[], work: () => Promise<Result>): Promise<Result>;
  /** Sends what is left, for a few seconds at most. */
  stop(): Promise<void>;
}

export interface SpanOptions {
  readonly version: string;
  readonly logger: Pick<Logger, 'warn'>;
}

/** A collector that is away must not keep a server from stopping. */
const stopMsMax = 3_000;
/** Between two warnings that spans cannot be sent: a batch fails every few seconds then. */
const warnMs = 60_000;
/** What the name of a method may be; others are `_OTHER`, as the conventions for HTTP have it. */
const methods = new Set(['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE']);

export function createSpanMaker({ version, logger }: SpanOptions): SpanMaker {
  diag.setLogger(warnSeldom(logger), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const provider = new NodeTracerProvider({
    // What is set by variables has the last word.
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'halo', 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  // With the propagation of W3C, and the context that follows asynchronous work.
  provider.register();
  const tracer = trace.getTracer('halo', version);
  const origins = new WeakMap<object, Span>();

  return {
    serve: (request, response, routeOf, next) => {
      const parent = propagation.extract(ROOT_CONTEXT, request.headers);
      const given = request.method ?? '';
      const method = methods.has(given) ? given : '_OTHER';
      const attributes = {
        'http.request.method': method,
        'url.scheme': 'http',
        'network.protocol.version': request.httpVersion,
      };
      const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
      response.once('close', () => {
        const route = routeOf(request);
        span.updateName(`${method} ${route}`);
        span.setAttribute('http.route', route);
        if (response.headersSent) span.setAttribute('http.response.status_code', response.statusCode);
        if (!response.headersSent || response.statusCode >= 500)
          span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      });
      const here = trace.setSpan(parent, span);
      // Their events come from the parser, which is in the context of its connection.
      context.bind(here, request);
      context.bind(here, response);
      context.with(here, next);
    },
    within: (name, work) => {
      const parent = trace.getActiveSpan();
      if (parent?.isRecording() !== true) return work();
      return run(tracer.startSpan(name, { kind: SpanKind.CLIENT }), work);
    },
    remember: (item) => {
      const span = trace.getActiveSpan();
      if (span?.isRecording() === true) origins.set(item, span);
    },
    fly: (name, items, work) => {
      const [first, ...others] = new Set(items.flatMap((item) => origins.get(item) ?? []));
      // The turn in which a flight leaves is of a request that may have nothing to do with it.
      if (first === undefined) return context.with(ROOT_CONTEXT, work);
      const links = others.map((origin) => ({ context: origin.spanContext() }));
      const attributes = { 'halo.flight.items': items.length };
      const parent = trace.setSpan(ROOT_CONTEXT, first);
      const span = tracer.startSpan(name, { links, attributes }, parent);
      for (const origin of others) origin.addLink({ context: span.spanContext() });
      return run(span, work);
    },
    stop: async () => {
      await Promise.race([provider.shutdown().catch(() => {}), delay(stopMsMax, undefined, { ref: false })]);
      for (const registered of [trace, context, propagation, diag]) registered.disable();
    },
  };
}

async function run<Result>(span: Span, work: () => Promise<Result>): Promise<Result> {
  try {
    return await context.with(trace.setSpan(context.active(), span), work);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    // What an error says may have values in it; what it is called has none.
    span.setAttribute('error.type', error instanceof HaloError ? error.code : 'internal');
    throw error;
  } finally {
    span.end();
  }
}

function warnSeldom(logger: Pick<Logger, 'warn'>): DiagLogger {
  let warnedMs = Number.NEGATIVE_INFINITY;
  const warn = (reason: string): void => {
    if (performance.now() - warnedMs < warnMs) return;
    warnedMs = performance.now();
    logger.warn({ reason }, 'traces cannot be sent');
  };
  return { error: warn, warn, info: () => {}, debug: () => {}, verbose: () => {} };
}
