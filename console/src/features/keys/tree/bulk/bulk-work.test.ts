import { HaloError } from 'halo-client';
import type { CommitRequest, EntryList } from 'halo-contract';
import { expect, test } from 'vitest';
import { folderSource, selectedSource } from './bulk-sources.js';
import { type BulkWork, workAtOnce, workThrough } from './bulk-work.js';

function problem(code: string, extra: object = {}): HaloError {
  const problem = { type: '', title: '', status: 409, code, detail: '', request_id: '', ...extra };
  return new HaloError(code, '', { status: 409, problem });
}

/** Answers commits as it is told, and remembers them. */
function fakeServer(...failures: (Error | undefined)[]) {
  const sent: CommitRequest[] = [];
  let keys = 0;
  return {
    sent,
    newIdempotencyKey: () => `k${keys++}`,
    async commit(body: CommitRequest) {
      sent.push(body);
      const failure = failures[sent.length - 1];
      if (failure !== undefined) throw failure;
      return { revision: sent.length, results: [{ revision: sent.length, count: 7 }] };
    },
  };
}

const remove = (checked: boolean) => ({ mutate: (key: string) => ({ delete: { key } }), checked });
const select = (count: number) =>
  selectedSource(new Map(Array.from({ length: count }, (_, index) => [`k${index}`, index + 1])));

async function finish(work: BulkWork): Promise<void> {
  while (await work.next());
}

const keysOf = ({ mutations }: CommitRequest) =>
  mutations.map((mutation) => ('delete' in mutation ? mutation.delete.key : ''));

test('selected keys go in commits of a hundred, each with the revisions that were seen', async () => {
  const server = fakeServer();
  const work = workThrough(select(250), remove(true), server);
  await finish(work);
  expect(server.sent.map(({ mutations }) => mutations.length)).toEqual([100, 100, 50]);
  expect(server.sent[2]?.checks?.at(-1)).toEqual({ key: 'k249', revision: 250 });
  expect(work.progress).toEqual({ changed: 250, revisions: [1, 2, 3], spared: 0 });
});

test('what was changed or is gone meanwhile is spared, and the rest goes on', async () => {
  const server = fakeServer(
    problem('check-failed', { check: 1 }),
    problem('not-found', { mutation: 0 }),
    problem('not-found'),
  );
  const work = workThrough(select(3), remove(true), server);
  await finish(work);
  expect(server.sent.map(keysOf)).toEqual([['k0', 'k1', 'k2'], ['k0', 'k2'], ['k2']]);
  expect(work.progress).toEqual({ changed: 0, revisions: [], spared: 3 });
  expect(new Set(server.sent.map(({ idempotency_key }) => idempotency_key)).size).toBe(3);
});

test('a commit whose answer was lost is sent again under the same name', async () => {
  const server = fakeServer(new HaloError('outcome-unknown', ''), problem('outcome-unknown'));
  const work = workThrough(select(1), remove(true), server);
  await finish(work);
  expect(server.sent.map(({ idempotency_key }) => idempotency_key)).toEqual(['k0', 'k0', 'k0']);
  expect(work.progress.changed).toBe(1);
});

test('after a failure it goes on with the very commit that failed', async () => {
  const failure = problem('quota-exceeded');
  const server = fakeServer(undefined, failure);
  const work = workThrough(select(150), remove(true), server);
  await expect(finish(work)).rejects.toBe(failure);
  expect(work.progress.changed).toBe(100);
  await finish(work);
  expect(work.progress).toEqual({ changed: 150, revisions: [1, 3], spared: 0 });
  expect(server.sent[2]).toEqual(server.sent[1]);
});

test('a folder is taken page by page, without what was written later', async () => {
  const entry = (key: string, revision: number): EntryList['keys'][number] => ({
    ...{ key, revision, size: 0, content_type: '', metadata: null },
    ...{ created_at: '', updated_at: '', expires_at: null },
  });
  const asked: (string | undefined)[] = [];
  const source = folderSource({
    prefix: 'a/',
    upTo: 5,
    list: async (_prefix, _limit, cursor) => {
      asked.push(cursor);
      const keys = cursor === undefined ? [entry('a/1', 5), entry('a/2', 6)] : [entry('a/3', 1)];
      return { keys, prefixes: [], cursor: cursor === undefined ? 'c' : null, revision: 9 };
    },
  });
  const server = fakeServer();
  const work = workThrough(source, remove(false), server);
  await finish(work);
  expect(asked).toEqual([undefined, 'c']);
  expect(server.sent.map(keysOf)).toEqual([['a/1'], ['a/3']]);
  expect(server.sent[0]?.checks).toBeUndefined();
});

test('a prefix is changed in one commit, which tells how many keys it changed', async () => {
  const server = fakeServer();
  const work = workAtOnce({ delete_prefix: { prefix: 'a/' } }, server);
  await finish(work);
  expect(work.progress).toEqual({ changed: 7, revisions: [1], spared: 0 });
});
