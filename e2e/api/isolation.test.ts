import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { type Halo, type Headers, haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';

const server = await startHalo();
const halo = haloAt(server.url);
afterAll(() => server.stop());

/** Every way to reach for a key. */
const reaches: Readonly<Record<string, (halo: Halo, person: Person, key: string) => Promise<Response>>> = {
  GET: (halo, person, key) => halo.get(person, key),
  'GET that knows the revision': (halo, person, key) =>
    halo.get(person, key, { headers: { 'if-none-match': '"1"' } }),
  HEAD: (halo, person, key) => halo.head(person, key),
  'PUT if it exists': (halo, person, key) => halo.put(person, key, 'x', { headers: { 'if-match': '*' } }),
  'PUT that knows the revision': (halo, person, key) =>
    halo.put(person, key, 'x', { headers: { 'if-match': '"1"' } }),
  'PUT dry': (halo, person, key) => halo.put(person, key, 'x', { query: 'dry_run=true' }),
  'PUT that keeps the expiry': (halo, person, key) =>
    halo.put(person, key, 'x', { query: 'dry_run=true&ttl=keep' }),
  DELETE: (halo, person, key) => halo.delete(person, key),
  'DELETE that knows the revision': (halo, person, key) =>
    halo.delete(person, key, { headers: { 'if-match': '"1"' } }),
  'DELETE dry': (halo, person, key) => halo.delete(person, key, { query: 'dry_run=true' }),
};

test.for(Object.entries(reaches))('%s answers for another person’s key as for none', async ([, reach]) => {
  const [owner, other] = [await halo.signUp(), await halo.signUp()];
  await halo.set(owner, 'theirs', 'secret', { query: 'ttl=3600', headers: { 'halo-metadata': '{"a":1}' } });
  const absent = await comparable(await reach(halo, other, 'absent'), 'absent');
  const theirs = await comparable(await reach(halo, other, 'theirs'), 'theirs');
  expect(theirs).toEqual(absent);
  // Proves that the comparison can tell: for the owner the answers differ, unless nothing is read.
  const own = await comparable(await reach(halo, owner, 'theirs'), 'theirs');
  expect(own).not.toEqual(absent);
  expect((await halo.account(other)).revision).toBe(0);
});

test('two people may use the same key without noticing each other', async () => {
  const [one, two] = [await halo.signUp(), await halo.signUp()];
  await halo.set(one, 'key', 'of one');
  expect(await halo.set(two, 'key', 'of two')).toEqual({ key: 'key', revision: 1, created: true });
  expect((await halo.read(one, 'key')).toString()).toBe('of one');
  await halo.delete(two, 'key');
  expect((await halo.read(one, 'key')).toString()).toBe('of one');
  expect((await halo.account(one)).revision).toBe(1);
});

test('lists and usage never mix, not even with a cursor from another account', async () => {
  const [one, two] = [await halo.signUp(), await halo.signUp()];
  for (const key of ['a', 'b', 'c']) await halo.set(one, `one ${key}`, 'x');
  for (const key of ['a', 'b']) await halo.set(two, `two ${key}`, 'x');
  const { cursor } = await halo.page(one, { limit: '1' });
  const keys = (await halo.page(two, { cursor: cursor ?? '' })).keys.map(({ key }) => key);
  expect(keys).toEqual(['two a', 'two b']);
  expect((await halo.account(one)).usage.keys).toBe(3);
  expect((await halo.account(two)).usage.keys).toBe(2);
});

test('no parameter names an owner', async () => {
  const [owner, other] = [await halo.signUp(), await halo.signUp()];
  await halo.set(owner, 'key', 'secret');
  for (const name of ['owner', 'account', 'account_id', 'accountId', 'user', 'user_id', 'tenant', 'sub']) {
    const query = `${name}=${owner.id}`;
    for (const response of [
      await halo.get(other, 'key', { query }),
      await halo.put(other, 'key', 'x', { query }),
      await halo.delete(other, 'key', { query }),
      await halo.list(other, query),
    ]) {
      await expectProblem(response, 'invalid-request', { pointer: `/${name}` });
    }
  }
  expect((await halo.read(owner, 'key')).toString()).toBe('secret');
});

test('no header names an owner', async () => {
  const [owner, other] = [await halo.signUp(), await halo.signUp()];
  await halo.set(owner, 'key', 'secret');
  const names = ['x-account-id', 'x-user', 'x-user-id', 'x-forwarded-user', 'x-remote-user', 'remote-user'];
  const more = ['halo-account', 'halo-account-id', 'halo-owner', 'x-halo-account', 'x-original-url', 'from'];
  const headers: Headers = Object.fromEntries([...names, ...more].map((name) => [name, owner.id]));
  await expectProblem(await halo.get(other, 'key', { headers }), 'not-found');
  await expectProblem(await halo.delete(other, 'key', { headers }), 'not-found');
  expect((await halo.put(other, 'key', 'other', { headers })).status).toBe(201);
  expect((await halo.read(owner, 'key')).toString()).toBe('secret');
  const rewritten = {
    'x-original-url': '/v1/keys/key',
    'x-rewrite-url': '/v1/keys/key',
    'x-http-method-override': 'DELETE',
  };
  expect((await halo.get(other, 'key', { headers: rewritten })).status).toBe(200);
  expect((await halo.read(other, 'key')).toString()).toBe('other');
});

test('no member of a body names an owner', async () => {
  const [owner, other] = [await halo.signUp(), await halo.signUp()];
  const { name, password } = other;
  for (const member of ['account', 'account_id', 'id', 'sub', 'owner', 'is_admin', 'role']) {
    const injected = { name, password, [member]: owner.id };
    await expectProblem(await halo.post('/v1/auth/log-in', injected), 'invalid-request', {
      pointer: `/${member}`,
    });
  }
});

test('no path names an owner', async () => {
  const owner = await halo.signUp();
  const other = await halo.signUp();
  await halo.set(owner, 'key', 'secret');
  for (const path of [
    `/v1/accounts/${owner.id}/keys/key`,
    `/v1/${owner.id}/keys/key`,
    `/v1/account/${owner.id}`,
    '/v1/account/keys/key',
  ]) {
    await expectProblem(await halo.request('GET', path, { token: other.accessToken }), 'not-found');
  }
  for (const key of [`../${owner.id}/key`, `${owner.id}/key`, `${owner.name}/key`]) {
    await expectProblem(await halo.get(other, key), 'not-found');
  }
});

interface Step {
  readonly who: 0 | 1 | 2;
  readonly verb: 'put' | 'get' | 'delete' | 'list';
  readonly key: string;
  readonly value: string;
}

const step: fc.Arbitrary<Step> = fc.record({
  who: fc.constantFrom(0, 1, 2),
  verb: fc.constantFrom('put', 'get', 'delete', 'list'),
  key: fc.constantFrom('a', 'b', 'a/b', '__proto__', '1'),
  value: fc.string({ maxLength: 8 }),
});

test('whatever three people do in whichever order, each sees a map of their own', async () => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
    const people = await Promise.all([halo.signUp(), halo.signUp(), halo.signUp()]);
    const models = people.map(() => new Map<string, string>());
    for (const { who, ...rest } of steps) {
      const [person, model] = [people[who], models[who]];
      if (person === undefined || model === undefined) throw new Error('There are three people.');
      await takeStep(person, model, rest);
    }
  });
  await fc.assert(property, { numRuns: 25 });
});

async function takeStep(person: Person, model: Map<string, string>, { verb, key, value }: Omit<Step, 'who'>) {
  if (verb === 'put') {
    expect((await halo.put(person, key, value)).status).toBe(model.has(key) ? 200 : 201);
    model.set(key, value);
  } else if (verb === 'delete') {
    expect((await halo.delete(person, key)).status).toBe(model.delete(key) ? 200 : 404);
  } else if (verb === 'list') {
    const listed = (await halo.page(person)).keys.map((entry) => entry.key);
    expect(listed).toEqual([...model.keys()].sort());
  } else {
    const response = await halo.get(person, key);
    const expected = model.get(key);
    if (expected === undefined) await expectProblem(response, 'not-found');
    else expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(expected))).toBe(true);
  }
}

/** All of an answer but its time, its id, and the name of the key that was asked for. */
async function comparable(response: Response, key: string): Promise<unknown> {
  const passing = ['date', 'x-request-id', 'content-length', 'keep-alive'];
  const headers = [...response.headers].filter(([name]) => !passing.includes(name));
  const body = (await response.text())
    .replace(/"request_id":"[^"]*"/, '"request_id":""')
    .replace(JSON.stringify(key), '"key"');
  return { status: response.status, headers, body };
}
