import { HaloError } from 'halo-client';
import type { Change, ChangesPage } from 'halo-contract';
import { describe, expect, test } from 'vitest';
import { commitsOf, mergeCommits } from './commit-pages.js';
import { readStretch } from './read-stretch.js';

function change(revision: number, key: string): Change {
  const rest = { size: 1, content_type: null, expires_at: null, written_at: '2026-01-31T09:30:00.000Z' };
  return { revision, key, kind: 'set', ...rest };
}

/** A feed in which each revision has so many changes, with pages of at most ten that never split a commit. */
function feed(sizes: readonly number[], horizon = 0) {
  const asked: number[] = [];
  const read = async (since: number): Promise<ChangesPage> => {
    asked.push(since);
    if (since < horizon) {
      const problem = { type: '', title: '', status: 410, code: 'pruned', detail: '', request_id: '' };
      throw new HaloError('pruned', '', { status: 410, problem: { ...problem, revision: horizon } });
    }
    const changes: Change[] = [];
    let revision = since;
    while (revision < sizes.length) {
      const size = sizes[revision] ?? 0;
      if (changes.length > 0 && changes.length + size > 10) break;
      revision += 1;
      for (let at = 0; at < size; at += 1) changes.push(change(revision, `k${at}`));
    }
    return { changes, revision, more: revision < sizes.length };
  };
  return { asked, read };
}

const revisionsOf = (commits: readonly { revision: number }[]) => commits.map(({ revision }) => revision);

describe('readStretch', () => {
  test('reads the newest first, and all of what is little', async () => {
    const { read, asked } = feed([1, 2, 1]);
    const page = await readStretch(3, read);
    expect(revisionsOf(page.commits)).toEqual([3, 2, 1]);
    expect(page.commits[1]?.changes.map(({ key }) => key)).toEqual(['k0', 'k1']);
    expect(page).toMatchObject({ since: 0, end: 3, pruned: false });
    expect(asked).toEqual([0]);
  });

  test('takes a shorter stretch where commits are large, and never misses the end', async () => {
    const sizes = [...Array<number>(40).fill(1), 8, 9, 30, 4];
    const seen: number[] = [];
    const { read } = feed(sizes);
    for (let end = sizes.length; end > 0; ) {
      const page = await readStretch(end, read);
      seen.push(...revisionsOf(page.commits));
      expect(page.end).toBe(end);
      end = page.since;
    }
    expect(seen).toEqual(sizes.map((_, index) => sizes.length - index));
  });

  test('begins at the horizon where the history has been pruned', async () => {
    const { read } = feed(Array<number>(9).fill(1), 6);
    const page = await readStretch(9, read);
    expect(revisionsOf(page.commits)).toEqual([9, 8, 7]);
    expect(page).toMatchObject({ since: 6, pruned: true });
    expect(await readStretch(6, read)).toEqual({ commits: [], since: 6, end: 6, pruned: true });
  });

  test('an account without commits has none', async () => {
    expect(await readStretch(0, feed([]).read)).toEqual({ commits: [], since: 0, end: 0, pruned: false });
  });
});

test('commitsOf leaves out what came after the end', () => {
  const commits = commitsOf([change(1, 'a'), change(2, 'b'), change(3, 'c')], 2);
  expect(revisionsOf(commits)).toEqual([2, 1]);
});

test('mergeCommits puts what was heard on top, once and in order', () => {
  const commit = (revision: number) => ({ revision, changes: [change(revision, 'a')] });
  const page = { commits: [commit(5), commit(4)], since: 3, end: 5, pruned: false };
  const merged = mergeCommits([commit(4), commit(5), commit(6), commit(7), commit(6)], [page]);
  expect(revisionsOf(merged)).toEqual([7, 6, 5, 4]);
});
