import type { SpanMaker, SpanOptions } from './open-telemetry.js';

/**
 * Whether there are traces, and whoever makes them. It is one for the process, as OpenTelemetry's own registry is:
 * what a transaction belongs to is known by the context it runs in, not by an argument. As long as nobody starts it,
 * none of OpenTelemetry's SDK is loaded.
 */
let current: SpanMaker | undefined;

/** Loads OpenTelemetry, which reads its standard variables itself. To be called before anything that makes spans. */
export async function startSpans(options: SpanOptions): Promise<SpanMaker> {
  const { createSpanMaker } = await import('./open-telemetry.js');
  const started = createSpanMaker(options);
  current = started;
  return {
    ...started,
    stop: async () => {
      current = undefined;
      await started.stop();
    },
  };
}

/** Undefined: there are no traces. */
export function flightSpans(): Pick<SpanMaker, 'fly' | 'remember'> | undefined {
  return current;
}

/** Runs work as a part of the request that caused it, if there is one and it is traced. */
export function inSpan<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  return current === undefined ? work() : current.within(name, work);
}
