/** What came of working off a list. */
export interface WorkResult<Item> {
  readonly done: number;
  readonly failed: readonly { readonly item: Item; readonly error: unknown }[];
}

export interface Work<Item> {
  /** How many are handed over together. */
  readonly batchSize: number;
  /** Does all of a batch or none of it. */
  readonly run: (batch: readonly Item[]) => Promise<unknown>;
  /** Whether an error is about an item of the batch, so that the others may be done without it. */
  readonly isRefusal: (error: unknown) => boolean;
  /** Told after each step how many are behind it, done or failed. */
  readonly onProgress: (behind: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Works off a list in batches, one after the other. A batch that is refused is halved until what is at
 * fault stands alone, so that one item keeps back no other; any other error, such as a lost connection, ends the work and is thrown after what was done is told.
 * When the signal is aborted the batch under way is finished and no other begun.
 */
export async function workOff<Item>(items: readonly Item[], work: Work<Item>): Promise<WorkResult<Item>> {
  const failed: { item: Item; error: unknown }[] = [];
  let behind = 0;
  const queue = batchesOf(items, work.batchSize);
  for (let batch = queue.shift(); batch !== undefined && !work.signal.aborted; batch = queue.shift()) {
    try {
      await work.run(batch);
      behind += batch.length;
    } catch (error) {
      const [item] = batch;
      if (!work.isRefusal(error) || item === undefined) {
        failed.push(...batch.map((item) => ({ item, error })));
        return { done: behind - (failed.length - batch.length), failed };
      }
      if (batch.length > 1) {
        const middle = Math.floor(batch.length / 2);
        queue.unshift(batch.slice(0, middle), batch.slice(middle));
        continue;
      }
      failed.push({ item, error });
      behind += 1;
    }
    work.onProgress(behind);
  }
  return { done: behind - failed.length, failed };
}

function batchesOf<Item>(items: readonly Item[], size: number): (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
