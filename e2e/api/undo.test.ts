import { expect, test } from 'vitest';
import { commitsOf } from '../commits.js';
import { expectJson, haloAt } from '../halo.js';
import { expectProblem } from '../problem.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);
const { commit, undo } = commitsOf(halo);

test('undo takes back a commit whole, in a new revision', async () => {
  const person = await halo.signUp();
  const headers = { 'content-type': 'x/y', 'halo-metadata': '{"a":1}' };
  await halo.set(person, 'kept', 'before', { headers, query: 'ttl=600' });
  await halo.set(person, 'deleted', 'there');
  const { revision } = await commit(
    person,
    { set: { key: 'kept', value: 'after' } },
    { delete: { key: 'deleted' } },
    { set: { key: 'new', value: 'new' } },
  );
  const answer = await expectJson(await undo(person, revision), 200);
  expect(answer).toEqual({ revision: 4, results: [{ revision: 4, count: 3 }] });
  const kept = await halo.get(person, 'kept');
  expect([await kept.text(), kept.headers.get('content-type')]).toEqual(['before', 'x/y']);
  expect(kept.headers.get('halo-metadata')).toBe('{"a":1}');
  expect(kept.headers.get('halo-expires-at')).not.toBeNull();
  expect((await halo.read(person, 'deleted')).toString()).toBe('there');
  expect((await halo.get(person, 'new')).status).toBe(404);
});

test('an undo can itself be undone', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'a', '1');
  await halo.delete(person, 'a');
  await expectJson(await undo(person, 2), 200);
  expect((await halo.read(person, 'a')).toString()).toBe('1');
  await expectJson(await undo(person, 3), 200);
  expect((await halo.get(person, 'a')).status).toBe(404);
});

test('what has changed since is a conflict that lists the keys, and nothing is undone', async () => {
  const person = await halo.signUp();
  const { revision } = await commit(
    person,
    { set: { key: 'a', value: '1' } },
    { set: { key: 'b', value: '1' } },
  );
  await halo.set(person, 'b', '2');
  await expectProblem(await undo(person, revision), 'undo-conflict', {
    conflicts: [{ key: 'b', revision: 2 }],
  });
  expect((await halo.read(person, 'a')).toString()).toBe('1');
});

test('a commit that never was, and another account’s, cannot be undone', async () => {
  const [mine, theirs] = [await halo.signUp(), await halo.signUp()];
  await halo.set(mine, 'a', '1');
  await expectProblem(await undo(theirs, 1), 'pruned');
  await expectProblem(await undo(mine, 2), 'pruned');
  expect((await halo.read(mine, 'a')).toString()).toBe('1');
});

test('a dry run tells whether a commit can be undone', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'a', '1');
  await expectJson(await undo(person, 1, '?dry_run=true'), 200);
  expect((await halo.read(person, 'a')).toString()).toBe('1');
});

test('a revision that is no revision is refused', async () => {
  const person = await halo.signUp();
  for (const revision of [-1, 1.5, '1', null, 2 ** 53]) {
    await expectProblem(await undo(person, revision), 'invalid-request', { pointer: '/revision' });
  }
});
