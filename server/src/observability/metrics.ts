import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { createFlightWatches, type FlightKind, type FlightWatch } from './flight-watch.js';
import { createRequestMeter, type RequestMeter } from './request-meter.js';
import { createSweepWatch, type SweepWatch } from './sweep-watch.js';
import { scrapeThroughFirst } from './worker-metrics.js';

/**
 * What the process tells Prometheus about itself. Names and counts only: nobody's keys, names or addresses. The table
 * of all metrics is docs/metrics.md.
 */
export interface Metrics {
  /** The media type of `text`. */
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  text(): Promise<string>;
  readonly requests: RequestMeter;
  readonly sweeps: SweepWatch;
  flights(kind: FlightKind): FlightWatch;
  /** @param event a kind from a fixed list, such as `log-in-failed`: each makes a time series of its own */
  countSecurityEvent(event: string): void;
  /** @param rule which limit refused a request, likewise from a fixed list */
  countThrottled(rule: string): void;
  countBrokenConnection(): void;
  /** Tells where the present state can be had when it is asked for. */
  watchDatabase(database: WatchedDatabase): void;
  watchStreams(
    counts: () => { readonly watches: number; readonly accounts: number; readonly replays: number },
  ): void;
}

export interface WatchedDatabase {
  /** Rejects when the database cannot do its work; answers in bounded time. */
  checkReady(): Promise<void>;
  connections(): Readonly<
    Record<string, { readonly idle: number; readonly busy: number; readonly waiting: number }>
  >;
}

export interface MetricsOptions {
  readonly version: string;
  /** Whether this is one of several processes on a port, which tell of all of them. */
  readonly isWorker: boolean;
}

/** Counts from the start of the process. The registry is its own, so that two servers in a process do not mix. */
export function createMetrics({ version, isWorker }: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  // CPU, memory, garbage collection, and how late the event loop runs.
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'halo_build_info',
    help: 'Always 1; its label is the version of Halo.',
    labelNames: ['version'],
    registers,
    aggregator: 'first',
  }).set({ version }, 1);
  new Gauge({ name: 'halo_processes', help: 'Processes that serve and have answered.', registers }).set(1);
  const securityEvents = new Counter({
    name: 'halo_security_events_total',
    help: 'Security events, as the audit trail records them.',
    labelNames: ['event'],
    registers,
  });
  const throttled = new Counter({
    name: 'halo_throttled_total',
    help: 'Requests refused because a limit was reached.',
    labelNames: ['rule'],
    registers,
  });
  const broken = new Counter({
    name: 'halo_database_connections_broken_total',
    help: 'Connections to PostgreSQL that broke.',
    registers,
  });
  return {
    contentType: registry.contentType,
    text: isWorker ? scrapeThroughFirst(registry) : () => registry.metrics(),
    requests: createRequestMeter(registry),
    sweeps: createSweepWatch(registry),
    flights: createFlightWatches(registry),
    countSecurityEvent: (event) => securityEvents.inc({ event }),
    countThrottled: (rule) => throttled.inc({ rule }),
    countBrokenConnection: () => broken.inc(),
    watchDatabase: (database) => watchDatabase(registry, database),
    watchStreams: (counts) => watchStreams(registry, counts),
  };
}

function watchDatabase(registry: Registry, { checkReady, connections }: WatchedDatabase): void {
  const registers = [registry];
  new Gauge({
    name: 'halo_database_ready',
    help: '1 when PostgreSQL answers and takes writes at the time of the scrape, else 0.',
    registers,
    aggregator: 'min',
    async collect() {
      this.set(
        await checkReady().then(
          () => 1,
          () => 0,
        ),
      );
    },
  });
  new Gauge({
    name: 'halo_database_connections',
    help: 'Open connections to PostgreSQL by pool and state.',
    labelNames: ['pool', 'state'],
    registers,
    collect() {
      for (const [pool, { idle, busy }] of Object.entries(connections())) {
        this.set({ pool, state: 'idle' }, idle);
        this.set({ pool, state: 'busy' }, busy);
      }
    },
  });
  new Gauge({
    name: 'halo_database_waiting',
    help: 'Work that waits for a connection of its pool.',
    labelNames: ['pool'],
    registers,
    collect() {
      for (const [pool, { waiting }] of Object.entries(connections())) this.set({ pool }, waiting);
    },
  });
}

function watchStreams(registry: Registry, counts: Parameters<Metrics['watchStreams']>[0]): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('halo_watches', 'Event streams of changes that are open.', () => counts().watches);
  gauge('halo_watched_accounts', 'Accounts that somebody watches.', () => counts().accounts);
  gauge('halo_watch_replays', 'Event streams that are not yet at the present.', () => counts().replays);
}
