import fc from 'fast-check';
import { expect, test } from 'vitest';
import { haloAt, type Person } from '../halo.js';
import { expectProblem } from '../problem.js';
import { sharedHalo } from '../shared-halo.js';
import { until } from '../until.js';

const server = sharedHalo();
const halo = haloAt(server.url);

const step = fc.record({
  key: fc.constantFrom('a', 'a/b', '__proto__'),
  value: fc.option(fc.string({ maxLength: 8 }), { nil: undefined }),
});

test('every key can be had as it stood at every revision', async () => {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
    const person = await halo.signUp();
    const states = [new Map<string, string>()];
    for (const { key, value } of steps) {
      const next = new Map(states.at(-1));
      if (value === undefined) {
        const { status } = await halo.delete(person, key);
        expect(status).toBe(next.has(key) ? 200 : 404);
        if (!next.delete(key)) continue;
      } else {
        await halo.set(person, key, value);
        next.set(key, value);
      }
      states.push(next);
    }
    for (const [revision, state] of states.entries()) {
      for (const key of ['a', 'a/b', '__proto__']) {
        const response = await at(person, key, revision);
        const value = state.get(key);
        if (value === undefined) await expectProblem(response, 'not-found');
        else expect(await response.text()).toBe(value);
      }
    }
  });
  await fc.assert(property, { numRuns: 15 });
});

test('a past version comes with the headers that it had, and with those alone by HEAD', async () => {
  const person = await halo.signUp();
  const headers = { 'content-type': 'image/png', 'halo-metadata': '{"n":1.0}' };
  await halo.set(person, 'key', 'first', { query: 'ttl=3600', headers });
  const [before, entity] = [await halo.get(person, 'key'), 'etag content-type halo-revision halo-metadata'];
  const names = `${entity} last-modified halo-created-at halo-expires-at content-length`.split(' ');
  await halo.set(person, 'other', 'value');
  await halo.set(person, 'key', 'second');
  for (const response of [
    await at(person, 'key', 1),
    await at(person, 'key', 2),
    await halo.head(person, 'key', { query: 'revision=2' }),
  ]) {
    expect(response.status).toBe(200);
    for (const name of names) expect(response.headers.get(name), name).toBe(before.headers.get(name));
    expect(response.headers.get('etag')).toBe('"1"');
    expect(response.headers.get('halo-metadata')).toBe('{"n":1.0}');
  }
  expect(await (await halo.head(person, 'key', { query: 'revision=2' })).text()).toBe('');
  const known = { query: 'revision=2', headers: { 'if-none-match': '"1"' } };
  expect((await halo.get(person, 'key', known)).status).toBe(304);
  const changed = { query: 'revision=3', headers: { 'if-none-match': '"1"' } };
  expect((await halo.get(person, 'key', changed)).status).toBe(200);
});

test('a key that was deleted or has expired is still what it was', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'deleted', 'a value');
  await halo.delete(person, 'deleted');
  await halo.set(person, 'expired', 'another', { query: 'ttl=0.2' });
  await until('The sweep', async () => (await halo.account(person)).revision === 4);
  expect(await (await at(person, 'deleted', 1)).text()).toBe('a value');
  await expectProblem(await at(person, 'deleted', 2), 'not-found');
  const past = await at(person, 'expired', 3);
  expect(await past.text()).toBe('another');
  expect(Date.parse(past.headers.get('halo-expires-at') ?? '')).toBeLessThan(Date.now());
  await expectProblem(await at(person, 'expired', 4), 'not-found');
});

test('large values come back from the past byte for byte', async () => {
  const person = await halo.signUp();
  const large = Buffer.alloc(3_000_000, Buffer.from(Array.from({ length: 251 }, (_, byte) => byte)));
  await halo.set(person, 'key', large);
  await halo.set(person, 'key', 'small');
  const response = await at(person, 'key', 1);
  expect(Buffer.from(await response.arrayBuffer()).equals(large)).toBe(true);
});

test('a revision that is yet to come is refused', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value');
  for (const revision of [2, Number.MAX_SAFE_INTEGER]) {
    await expectProblem(await at(person, 'key', revision), 'invalid-request', { pointer: '/revision' });
  }
});

test.for(['-1', '1.5', '', 'x', '9007199254740992', '1&revision=1', '0x1'])(
  'the revision %s is refused',
  async (revision) => {
    const person = await halo.signUp();
    await halo.set(person, 'key', 'value');
    const response = await halo.get(person, 'key', { query: `revision=${revision}` });
    await expectProblem(response, 'invalid-request', { pointer: '/revision' });
  },
);

test('another person’s past is as none', async () => {
  const [owner, other] = [await halo.signUp(), await halo.signUp()];
  await halo.set(owner, 'key', 'secret');
  await halo.set(other, 'mine', 'value');
  await expectProblem(await at(other, 'key', 1), 'not-found');
  await expectProblem(await at(other, 'absent', 1), 'not-found');
});

function at(person: Person, key: string, revision: number): Promise<Response> {
  return halo.get(person, key, { query: `revision=${revision}` });
}
