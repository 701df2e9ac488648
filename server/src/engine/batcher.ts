import { HaloError } from '../errors.js';

/**
 * Coalesces requests into flights. The promise: whoever submits an item gets that item's own result, every
 * item flies exactly once, and what waits is bounded.
 *
 * There is no timer. While fewer than `flightsMax` flights are out, a flight leaves at the end of the
 * present turn of the event loop, with all that this turn brought; while they are all out, arrivals
 * gather, and each landing lets the next flight leave. So load sets the size of a flight: one item when
 * idle, dozens when busy, and nobody waits for company when there is nothing else to wait for.
 */
export interface Batcher<Item, Result> {
  /** Rejects with `overloaded` when the queue is full, and with `unavailable` after `close`. */
  submit(item: Item): Promise<Result>;
  /** How many wait for their flight. */
  readonly waiting: number;
  /** The result of the item that was submitted last of those that are meant and have not landed. */
  last(isMeant: (item: Item) => boolean): Promise<Result> | undefined;
  /** To be called when items that were held no longer are. */
  wake(): void;
  /** Takes no more items; resolves when all those submitted have landed. */
  close(): Promise<void>;
}

export interface BatcherOptions<Item, Result> {
  /** Carries the items; answers one result or error for each, in order. A rejection fails them all. */
  readonly fly: (items: readonly Item[]) => Promise<readonly (Result | Error)[]>;
  readonly bytesOf: (item: Item) => number;
  /** Items of one lane are never in two flights at once: those that arrive meanwhile gather. By default, no lanes. */
  readonly laneOf?: (item: Item) => string;
  /** Whether an item may not leave yet; nor may any after it of its lane. */
  readonly isHeld?: (item: Item) => boolean;
  /** Where an item stands among those that wait: before all whose number is higher. By default, behind them all. */
  readonly placeOf?: (item: Item) => number;
  /** Whether a flight carries items of one lane only: that of whoever has waited longest. */
  readonly isLaneAlone?: boolean;
  /**
   * Whether flights go one after the other, wherever that is seen to, so that one which leaves while another is out is
   * only there in time. It then waits until it carries as many: flights that dwindle cost more an item.
   */
  readonly isFile?: boolean;
  /** Told of each item that is refused because the queue is full. */
  readonly onShed?: () => void;
  readonly flightsMax: number;
  readonly flightItemsMax: number;
  readonly flightBytesMax: number;
  /** How many wait elsewhere who count as if they waited here. */
  readonly waitingElsewhere?: () => number;
  /** A longer queue is full when the one that has waited longest has done so for `queueMsMax`. */
  readonly queueItemsMin: number;
  readonly queueMsMax: number;
  /** However fast it moves. */
  readonly queueItemsMax: number;
  readonly queueBytesMax: number;
}

/** An item on its way to its result. */
class Waiting<Item, Result> {
  resolve: (result: Result) => void = () => {};
  reject: (error: Error) => void = () => {};
  readonly result = new Promise<Result>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor(
    readonly item: Item,
    readonly bytes: number,
    readonly sinceMs: number,
  ) {}
}

/** A full queue empties within a flight or two. */
const retryAfterS = 1;
/** One for all: to make an error with its stack would cost most when there is least to spare. */
const overloaded = new HaloError('overloaded', 'The server has more work than it can queue.', {
  retryAfterS,
});

export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  const { laneOf, isHeld } = options;
  /** The flights that are out, in the order in which they left. */
  const out = new Set<readonly Waiting<Item, Result>[]>();
  /** Their lanes. */
  const taken = new Set<string>();
  let queue: Waiting<Item, Result>[] = [];
  let queueBytes = 0;
  /** How many items the flight carries that left last. */
  let lastItems = 0;
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
    const waiting = new Waiting<Item, Result>(item, bytes, sinceMs);
    enqueue(waiting);
    queueBytes += bytes;
    if (laneOf === undefined || !taken.has(laneOf(item))) depart();
    return waiting.result;
  }

  function last(isMeant: (item: Item) => boolean): Promise<Result> | undefined {
    return [...out, queue].flat().findLast(({ item }) => isMeant(item))?.result;
  }

  function enqueue(waiting: Waiting<Item, Result>): void {
    const { placeOf } = options;
    if (placeOf === undefined) {
      queue.push(waiting);
      return;
    }
    const number = placeOf(waiting.item);
    const before = queue.findLastIndex(({ item }) => placeOf(item) <= number);
    queue.splice(before + 1, 0, waiting);
  }

  /** An empty queue takes any item: what a single request may weigh is decided elsewhere. */
  function isFull(bytes: number, nowMs: number): boolean {
    const first = queue[0];
    if (first === undefined) return false;
    const items = queue.length + (options.waitingElsewhere?.() ?? 0);
    if (items >= options.queueItemsMax || queueBytes + bytes > options.queueBytesMax) return true;
    return items >= options.queueItemsMin && nowMs - first.sinceMs > options.queueMsMax;
  }

  function depart(): void {
    // A full flight has nothing to wait for, and with thousands of busy connections the end of the turn was measured to
    // be up to four seconds away.
    if (!options.isLaneAlone) launch(options.flightItemsMax);
    if (departing || queue.length === 0 || out.size >= options.flightsMax) return;
    departing = true;
    setImmediate(() => {
      departing = false;
      launch(1);
    });
  }

  /** Lets flights leave as long as so many items wait. */
  function launch(itemsMin: number): void {
    while (queue.length >= Math.max(itemsMin, followingMin()) && out.size < options.flightsMax) {
      const flight = take();
      if (flight.length === 0) return;
      lastItems = flight.length;
      void carry(flight);
    }
  }

  function followingMin(): number {
    return options.isFile && out.size > 0 ? lastItems : 1;
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
    let alone: string | undefined;
    const held = new Set<string>();
    const flight = takeOf((item) => {
      const its = lane(item);
      if (isHeld?.(item)) held.add(its);
      const isFree = !taken.has(its) && !held.has(its) && (alone === undefined || alone === its);
      if (isFree && options.isLaneAlone) alone = its;
      return isFree;
    });
    for (const { item } of flight) taken.add(lane(item));
    return flight;
  }

  function takeOf(isFree: (item: Item) => boolean): Waiting<Item, Result>[] {
    const held: Waiting<Item, Result>[] = [];
    const free: Waiting<Item, Result>[] = [];
    for (const waiting of queue) (isFree(waiting.item) ? free : held).push(waiting);
    queue = free;
    const flight = takeFlight();
    queue = [...held, ...queue];
    return flight;
  }

  function take(): Waiting<Item, Result>[] {
    if (laneOf !== undefined) return takeFreeLanes(laneOf);
    return isHeld === undefined ? takeFlight() : takeOf((item) => !isHeld(item));
  }

  async function carry(flight: readonly Waiting<Item, Result>[]): Promise<void> {
    out.add(flight);
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
    if (out.size === 0 && queue.length === 0) onIdle?.();
  }

  /** Whoever waits leaves before this flight's results are told, so that both ends of the connection have work. */
  function land(flight: readonly Waiting<Item, Result>[]): void {
    out.delete(flight);
    if (laneOf !== undefined) for (const { item } of flight) taken.delete(laneOf(item));
    launch(1);
  }

  function close(): Promise<void> {
    closed = true;
    if (out.size === 0 && queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      onIdle = resolve;
    });
  }

  return {
    submit,
    last,
    wake: () => launch(1),
    get waiting() {
      return queue.length;
    },
    close,
  };
}
