import type { ChangesPage } from 'halo-contract';
import { hasCode } from '../../explain.js';
import { type CommitPage, commitsOf } from './commit-pages.js';

/** Revisions in a stretch. Most commits change one key, so that this is a few screens of them. */
const spanMax = 50;

/**
 * Reads the commits up to `end`. The feed runs forward only, so it is read from some revisions before. Where commits
 * are so large that a page would end before `end`, a shorter stretch is taken: at one revision a page is always whole.
 */
export async function readStretch(
  end: number,
  readPage: (since: number) => Promise<ChangesPage>,
): Promise<CommitPage> {
  let floor = 0;
  let span = spanMax;
  for (;;) {
    const since = Math.max(floor, end - span);
    if (since >= end) return { commits: [], since, end, pruned: floor > 0 };
    try {
      const page = await readPage(since);
      if (!page.more || page.revision >= end) {
        return { commits: commitsOf(page.changes, end), since, end, pruned: floor > 0 && since === floor };
      }
      span = Math.max(1, Math.min(page.revision - since, Math.floor((end - since) / 2)));
    } catch (error) {
      const horizon = hasCode(error, 'pruned') ? error.problem?.revision : undefined;
      // The horizon only ever moves on; a server that says otherwise must not keep this going for ever.
      if (horizon === undefined || horizon <= since) throw error;
      floor = horizon;
    }
  }
}
