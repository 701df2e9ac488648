import type { EntryList } from 'halo-contract';
import type { BulkSource, SeenKey } from './bulk-work.js';

/** As many as the server checks in one commit. */
const selectedPerCommit = 100;

/** Few enough that progress shows and stopping is quick, many enough that a large folder takes no ages. */
const keysPerCommit = 500;

/** The keys that were selected. */
export function selectedSource(selected: ReadonlyMap<string, number>): BulkSource {
  const keys = [...selected].map(([key, revision]) => ({ key, revision }));
  return {
    next: async () => {
      const batch = keys.splice(0, selectedPerCommit);
      return batch.length === 0 ? undefined : batch;
    },
  };
}

export interface FolderOptions {
  readonly prefix: string;
  /** What was written after it is no part of what was agreed to, and is left alone. */
  readonly upTo: number;
  readonly list: (prefix: string, limit: number, cursor: string | undefined) => Promise<EntryList>;
}

/** The keys of a folder, page by page. */
export function folderSource({ prefix, upTo, list }: FolderOptions): BulkSource {
  let cursor: string | undefined;
  let isOver = false;
  return {
    async next(): Promise<readonly SeenKey[] | undefined> {
      if (isOver) return undefined;
      const page = await list(prefix, keysPerCommit, cursor);
      cursor = page.cursor ?? undefined;
      isOver = cursor === undefined;
      return page.keys.filter(({ revision }) => revision <= upTo);
    },
  };
}
