import { Counter, collectDefaultMetrics, Registry } from 'prom-client';

/** What the process tells Prometheus about itself. Names and counts only: nobody's keys, names or addresses. */
export interface Metrics {
  /** The media type of `text`. */
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  text(): Promise<string>;
  /** @param event a kind from a fixed list, such as `log-in-failed`: each makes a time series of its own */
  countSecurityEvent(event: string): void;
  /** @param rule which limit refused a request, likewise from a fixed list */
  countThrottled(rule: string): void;
}

/** Counts from the start of the process. The registry is its own, so that two servers in a process do not mix. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  // CPU, memory, garbage collection, and how late the event loop runs.
  collectDefaultMetrics({ register: registry });
  const securityEvents = new Counter({
    name: 'halo_security_events_total',
    help: 'Security events, as the audit trail records them.',
    labelNames: ['event'],
    registers: [registry],
  });
  const throttled = new Counter({
    name: 'halo_throttled_total',
    help: 'Requests refused because a limit was reached.',
    labelNames: ['rule'],
    registers: [registry],
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    countSecurityEvent: (event) => securityEvents.inc({ event }),
    countThrottled: (rule) => throttled.inc({ rule }),
  };
}
