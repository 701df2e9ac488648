import { Counter, Gauge, type Registry } from 'prom-client';
import { createCountedHistogram } from './counted-histogram.js';
import { flightSpans } from './spans.js';

type Fly<Item, Result> = (items: readonly Item[]) => Promise<readonly (Result | Error)[]>;
type Submit<Item, Result> = (item: Item) => Promise<Result>;

/** Watches flights of one kind: how many travel together and for how long, what waits, what is turned away. */
export interface FlightWatch {
  /** The same flight, watched. */
  around<Item extends object, Result>(fly: Fly<Item, Result>): Fly<Item, Result>;
  /** The same way in, which remembers whose request an item is if there are traces to be made. */
  submitting<Item extends object, Result>(submit: Submit<Item, Result>): Submit<Item, Result>;
  /** To be called for each item that finds the queue full. */
  shed(): void;
  /** Tells where the number of those who wait can be had. */
  queue(waiting: () => number): void;
}

export type FlightKind = 'read' | 'write';

export const unwatched: FlightWatch = {
  around: (fly) => fly,
  submitting: (submit) => submit,
  shed: () => {},
  queue: () => {},
};

/** Up to what a flight may carry. */
const itemBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];
const boundsS = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** @returns what makes the watch of a kind */
export function createFlightWatches(registry: Registry): (kind: FlightKind) => FlightWatch {
  const sizes = createCountedHistogram({
    name: 'halo_flight_items',
    help: 'How many reads or commits travelled to PostgreSQL together.',
    bounds: itemBounds,
    registry,
  });
  const durations = createCountedHistogram({
    name: 'halo_flight_duration_seconds',
    help: 'How long flights took, from their departure to the answer of PostgreSQL.',
    bounds: boundsS,
    registry,
  });
  const shed = new Counter({
    name: 'halo_shed_total',
    help: 'Reads and commits refused with overloaded because the queue was full.',
    labelNames: ['kind'],
    registers: [registry],
  });
  const queues = new Map<FlightKind, () => number>();
  new Gauge({
    name: 'halo_queue_items',
    help: 'Reads and commits that wait for a flight.',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      for (const [kind, waiting] of queues) this.set({ kind }, waiting());
    },
  });

  return (kind) => {
    const ofSize = sizes.name({ kind });
    const ofDuration = durations.name({ kind });
    const spans = flightSpans();
    shed.inc({ kind }, 0);
    return {
      around: (fly) => {
        const traced: typeof fly =
          spans === undefined ? fly : (items) => spans.fly(`${kind} flight`, items, () => fly(items));
        return async (items) => {
          const beganMs = performance.now();
          try {
            return await traced(items);
          } finally {
            sizes.count(ofSize, items.length);
            durations.count(ofDuration, (performance.now() - beganMs) / 1_000);
          }
        };
      },
      submitting: (submit) =>
        spans === undefined
          ? submit
          : (item) => {
              spans.remember(item);
              return submit(item);
            },
      shed: () => shed.inc({ kind }),
      queue: (waiting) => queues.set(kind, waiting),
    };
  };
}
