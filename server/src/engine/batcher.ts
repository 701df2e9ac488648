import { HaloError } from '../errors.js';

/**
 * Coalesces requests into flights. The promise: whoever submits an item gets that item's own result, every
 * item flies exactly once, and what waits is bounded.
 *
 * There is no timer. While fewer than `flightsMax` flights are out, a flight leaves at the end of the
 * present turn of the event loop, with all that this turn brought; while they are all out, arrivals
 * gather, and each landing lets the next flight leave. So load sets the size of a flight: one item when
 * idle, dozens when busy, and nobody waits for company.
 */
export interface Batcher<Item, Result> {
  /** Rejects with `overloaded` when the queue is full, and with `unavailable` after `close`. */
  submit(item: Item): Promise<Result>;
  /** How many wait for their flight. */
  readonly waiting: number;
  /** Takes no more items; resolves when all those submitted have landed. */
  close(): Promise<void>;
}

export interface BatcherOptions<Item, Result> {
  /** Carries the items; answers one result or error for each, in order. A rejection fails them all. */
  readonly fly: (items: readonly Item[]) => Promise<readonly (Result | Error)[]>;
  readonly bytesOf: (item: Item) => number;
  /** Items of one lane are never in two flights at once: those that arrive meanwhile gather. By default, no lanes. */
  readonly laneOf?: (item: Item) => string;
  /** Whether a flight carries items of one lane only: that of whoever has waited longest. */
  readonly isLaneAlone?: boolean;
  /** Told of each item that is refused because the queue is full. */
  readonly onShed?: () => void;
  readonly flightsMax: number;
  readonly flightItemsMax: number;
  readonly flightBytesMax: number;
  /** A longer queue is full when the one that has waited longest has done so for `queueMsMax`. */
  readonly queueItemsMin: number;
  readonly queueMsMax: number;
  /** However fast it moves. */
  readonly queueItemsMax: number;
  readonly queueBytesMax: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly bytes: number;
  readonly sinceMs: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/** A full queue empties within a flight or two. */
const retryAfterS = 1;
/** One for all: to make an error with its stack would cost most when there is least to spare. */
const overloaded = new HaloError('overloaded', 'The server has more work than it can queue.', {
  retryAfterS,
});

export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  const { laneOf } = options;
  /** The lanes of flights that are out. */
  const taken = new Set<string>();
  let queue: Waiting<Item, Result>[] = [];
  let queueBytes = 0;
  let flights = 0;
  let departing = false;
  let closed = false;
  let onIdle: (() => void) | undefined;

  function submit(item: Item): Promise<Result> {
    const bytes = options.bytesOf(item);
    if (closed) return Promise.reject(new HaloError('unavailable', 'The server is stopping.'));
    const sinceMs = performance.now();
    if (isFull(bytes, sinceMs)) {
      options.onShed?.();
      return Promise.reject(overloaded);
    }
    return new Promise((resolve, reject) => {
      queue.push({ item, bytes, sinceMs, resolve, reject });
      queueBytes += bytes;
      if (laneOf === undefined || !taken.has(laneOf(item))) depart();
    });
  }

  /** An empty queue takes any item: what a single request may weigh is decided elsewhere. */
  function isFull(bytes: number, nowMs: number): boolean {
    const first = queue[0];
    if (first === undefined) return false;
    if (queue.length >= options.queueItemsMax || queueBytes + bytes > options.queueBytesMax) return true;
    return queue.length >= options.queueItemsMin && nowMs - first.sinceMs > options.queueMsMax;
  }

  function depart(): void {
    // A full flight has nothing to wait for, and with thousands of busy connections the end of the turn was measured to
    // be up to four seconds away.
    if (!options.isLaneAlone) launch(options.flightItemsMax);
    if (departing || queue.length === 0 || flights >= options.flightsMax) return;
    departing = true;
    setImmediate(() => {
      departing = false;
      launch(1);
    });
  }

  /** Lets flights leave as long as so many items wait. */
  function launch(itemsMin: number): void {
    while (queue.length >= itemsMin && flights < options.flightsMax) {
      const flight = laneOf === undefined ? takeFlight() : takeFreeLanes(laneOf);
      if (flight.length === 0) return;
      void carry(flight);
    }
  }

  function takeFlight(): Waiting<Item, Result>[] {
    let count = 0;
    let bytes = 0;
    for (const waiting of queue) {
      if (count === options.flightItemsMax) break;
      if (count > 0 && bytes + waiting.bytes > options.flightBytesMax) break;
      bytes += waiting.bytes;
      count += 1;
    }
    const flight = queue.slice(0, count);
    queue = queue.slice(count);
    queueBytes -= bytes;
    return flight;
  }

  /** The same of what does not wait for a flight that is out. */
  function takeFreeLanes(lane: (item: Item) => string): Waiting<Item, Result>[] {
    const held: Waiting<Item, Result>[] = [];
    const free: Waiting<Item, Result>[] = [];
    let alone: string | undefined;
    for (const waiting of queue) {
      const its = lane(waiting.item);
      const isFree = !taken.has(its) && (alone === undefined || alone === its);
      (isFree ? free : held).push(waiting);
      if (isFree && options.isLaneAlone) alone = its;
    }
    queue = free;
    const flight = takeFlight();
    queue = [...held, ...queue];
    for (const { item } of flight) taken.add(lane(item));
    return flight;
  }

  async function carry(flight: readonly Waiting<Item, Result>[]): Promise<void> {
    flights += 1;
    try {
      const results = await options.fly(flight.map((waiting) => waiting.item));
      land(flight);
      flight.forEach((waiting, index) => {
        const result = results[index];
        if (result instanceof Error) waiting.reject(result);
        else waiting.resolve(result as Result);
      });
    } catch (error) {
      land(flight);
      for (const waiting of flight) waiting.reject(error as Error);
    }
  }

  /** Whoever waits leaves before this flight's results are told, so that both ends of the connection have work. */
  function land(flight: readonly Waiting<Item, Result>[]): void {
    flights -= 1;
    if (laneOf !== undefined) for (const { item } of flight) taken.delete(laneOf(item));
    launch(1);
    if (flights === 0 && queue.length === 0) onIdle?.();
  }

  function close(): Promise<void> {
    closed = true;
    if (flights === 0 && queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      onIdle = resolve;
    });
  }

  return {
    submit,
    get waiting() {
      return queue.length;
    },
    close,
  };
}
