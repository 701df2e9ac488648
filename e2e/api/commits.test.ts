import type { CommitAnswer } from 'halo-contract';
import { expect, test } from 'vitest';
import { commitsOf } from '../commits.js';
import { expectJson, haloAt, type Person } from '../halo.js';
import { expectProblem } from '../problem.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);
const { send, commit } = commitsOf(halo);

const text = async (person: Person, key: string) => (await halo.read(person, key)).toString();
const gone = async (person: Person, key: string) => expect((await halo.get(person, key)).status).toBe(404);

test('a commit changes many keys in one revision and tells of each', async () => {
  const person = await halo.signUp();
  const answer = await commit(
    person,
    { set: { key: 'a', value: '1' } },
    { set: { key: 'b', value: '2' } },
    { add: { key: 'n', by: '5' } },
  );
  expect(answer).toEqual({
    revision: 1,
    results: [
      { key: 'a', revision: 1, created: true },
      { key: 'b', revision: 1, created: true },
      { key: 'n', revision: 1, value: '5' },
    ],
  });
  expect([await text(person, 'a'), await text(person, 'b'), await text(person, 'n')]).toEqual([
    '1',
    '2',
    '5',
  ]);
});

test('mutations see the ones before them', async () => {
  const person = await halo.signUp();
  await commit(
    person,
    { set: { key: 'a/1', value: 'one' } },
    { copy: { from: 'a/1', to: 'a/2' } },
    { move: { from: 'a/1', to: 'a/3' } },
    { move_prefix: { from: 'a/', to: 'b/' } },
    { add: { key: 'n', by: '2' } },
    { copy: { from: 'n', to: 'm' } },
    { add: { key: 'm', by: '-3' } },
  );
  expect((await halo.page(person)).keys.map(({ key }) => key)).toEqual(['b/2', 'b/3', 'm', 'n']);
  expect([await text(person, 'b/3'), await text(person, 'm')]).toEqual(['one', '-1']);
});

test('one refused mutation refuses them all and is named by its place', async () => {
  const person = await halo.signUp();
  const body = { mutations: [{ set: { key: 'a', value: '1' } }, { delete: { key: 'absent' } }] };
  await expectProblem(await send(person, body), 'not-found', { mutation: 1 });
  await gone(person, 'a');
  expect((await halo.page(person)).revision).toBe(0);
});

test('a failed check answers its place and the current revision, and changes nothing', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'a', '1');
  const checks = [
    { key: 'absent', revision: 0 },
    { key: 'a', revision: 7 },
  ];
  const refused = await send(person, { checks, mutations: [{ set: { key: 'b', value: '2' } }] });
  await expectProblem(refused, 'check-failed', { check: 1, key: 'a', revision: 1 });
  await gone(person, 'b');
  const right = [
    { key: 'absent', revision: 0 },
    { key: 'a', revision: 1 },
  ];
  await expectJson(
    await send(person, { checks: right, mutations: [{ set: { key: 'b', value: '2' } }] }),
    200,
  );
});

test('of many commits with the same check one is taken', async () => {
  const person = await halo.signUp();
  const body = (index: number) => ({
    checks: [{ key: 'lock', revision: 0 }],
    mutations: [{ set: { key: 'lock', value: `${index}` } }],
  });
  const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => send(person, body(index))));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(39);
});

test('numbers are exact to 64 bits, concurrent additions are all counted, and overflow is refused', async () => {
  const person = await halo.signUp();
  const most = '9223372036854775807';
  await commit(person, { add: { key: 'n', by: '9223372036854775707' } });
  await Promise.all(Array.from({ length: 100 }, () => commit(person, { add: { key: 'n', by: '1' } })));
  expect(await text(person, 'n')).toBe(most);
  await expectProblem(await send(person, { mutations: [{ add: { key: 'n', by: '1' } }] }), 'invalid-value');
  expect(await text(person, 'n')).toBe(most);
  const { results } = await commit(
    person,
    { min: { key: 'n', value: '-5' } },
    { max: { key: 'n', value: '-9' } },
  );
  expect(results.map(({ value }) => value)).toEqual(['-5', '-5']);
});

test('adding to what is no number is refused', async () => {
  const person = await halo.signUp();
  for (const value of ['one', '', '1.0', '01', '+1', ' 1', '9223372036854775808', '1'.repeat(30)]) {
    await halo.set(person, 'n', value);
    await expectProblem(await send(person, { mutations: [{ add: { key: 'n', by: '1' } }] }), 'invalid-value');
  }
});

test('moving keeps value, content type, metadata and expiry', async () => {
  const person = await halo.signUp();
  const headers = { 'content-type': 'Image/X', 'halo-metadata': '{"n": 9007199254740993}' };
  await halo.set(person, 'from', Buffer.from([0, 255, 1]), { headers, query: 'ttl=600' });
  const before = (await halo.get(person, 'from')).headers;
  await commit(person, { move: { from: 'from', to: 'to' } });
  await gone(person, 'from');
  const after = await halo.get(person, 'to');
  expect(Buffer.from(await after.arrayBuffer())).toEqual(Buffer.from([0, 255, 1]));
  for (const name of ['content-type', 'halo-metadata', 'halo-expires-at']) {
    expect(after.headers.get(name)).toBe(before.get(name));
  }
});

test('a value of a commit may be text or bytes, with metadata as it was written', async () => {
  const person = await halo.signUp();
  const raw = `{"mutations":[{"set":{"key":"t","value":"h\\u00e9","metadata":{"big":\n9007199254740993,"s":"a , b"}}},
    {"set":{"metadata":null,"key":"u","value":""}},
    {"set":{"key":"b","value_base64":"AP8=","content_type":"x/y","metadata":{"metadata":{"a":1.50}},"ttl":60}}]}`;
  const headers = { authorization: `Bearer ${person.accessToken}`, 'content-type': 'application/json' };
  await expectJson(await halo.request('POST', '/v1/commit', { headers, body: raw }), 200);
  const t = await halo.get(person, 't');
  expect([await t.text(), t.headers.get('content-type')]).toEqual(['hé', 'text/plain; charset=utf-8']);
  expect(t.headers.get('halo-metadata')).toBe('{"big": 9007199254740993,"s":"a , b"}');
  expect((await halo.get(person, 'u')).headers.get('halo-metadata')).toBeNull();
  const b = await halo.get(person, 'b');
  expect(Buffer.from(await b.arrayBuffer())).toEqual(Buffer.from([0, 255]));
  expect(b.headers.get('halo-metadata')).toBe('{"metadata":{"a":1.50}}');
  expect(b.headers.get('halo-expires-at')).not.toBeNull();
});

test('touch changes the expiry and nothing else', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'a', 'value', { query: 'ttl=600' });
  await commit(person, { touch: { key: 'a', ttl: null } });
  expect((await halo.get(person, 'a')).headers.get('halo-expires-at')).toBeNull();
  await commit(person, { touch: { key: 'a', expires_at: '2999-01-01T00:00:00Z' } });
  expect((await halo.get(person, 'a')).headers.get('halo-expires-at')).toBe('2999-01-01T00:00:00.000Z');
  expect(await text(person, 'a')).toBe('value');
});

test('restore sets a key to what it was, also out of the trash', async () => {
  const person = await halo.signUp();
  const { revision } = await halo.set(person, 'a', 'first');
  await halo.set(person, 'a', 'second');
  await halo.delete(person, 'a');
  await commit(person, { restore: { key: 'a', revision } });
  expect(await text(person, 'a')).toBe('first');
  await expectProblem(
    await send(person, { mutations: [{ restore: { key: 'a', revision: 99 } }] }),
    'not-found',
  );
  await expectProblem(
    await send(person, { mutations: [{ restore: { key: 'a', revision: 3 } }] }),
    'not-found',
  );
});

test('prefixes are deleted, copied and moved whole', async () => {
  const person = await halo.signUp();
  await Promise.all(['p/1', 'p/2', 'p/x/3', 'q'].map((key) => halo.set(person, key, key)));
  const { results } = await commit(person, { copy_prefix: { from: 'p/', to: 'c/' } });
  expect(results).toEqual([{ key: 'c/', revision: 5, count: 3 }]);
  await commit(person, { move_prefix: { from: 'c/x/', to: 'd/' } }, { delete_prefix: { prefix: 'p/' } });
  expect((await halo.page(person)).keys.map(({ key }) => key)).toEqual(['c/1', 'c/2', 'd/3', 'q']);
  expect(await text(person, 'd/3')).toBe('p/x/3');
  const inside = { mutations: [{ copy_prefix: { from: 'c/', to: 'c/c/' } }] };
  await expectProblem(await send(person, inside), 'invalid-request');
});

test('a prefix with more than 10,000 keys is refused, and no key is touched', {
  timeout: 60_000,
}, async () => {
  const person = await halo.signUp();
  const sets = (from: number) =>
    Array.from({ length: 1_000 }, (_, index) => ({ set: { key: `p/${from + index}`, value: '' } }));
  for (let from = 0; from < 10_000; from += 1_000) await commit(person, ...sets(from));
  await commit(person, { delete_prefix: { prefix: 'p/' } });
  for (let from = 0; from < 10_000; from += 1_000) await commit(person, ...sets(from));
  await halo.set(person, 'p/more', '');
  const refused = await send(person, { mutations: [{ delete_prefix: { prefix: 'p/' } }] });
  await expectProblem(refused, 'too-large', { maximum: 10_000 });
  expect((await halo.account(person)).usage.keys).toBe(10_001);
});

test('a dry run answers as the commit would and changes nothing', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'p/a', '1');
  const body = { mutations: [{ delete_prefix: { prefix: 'p/' } }, { add: { key: 'n', by: '1' } }] };
  const tried = await expectJson<CommitAnswer>(await send(person, body, '?dry_run=true'), 200);
  expect((await halo.page(person)).revision).toBe(1);
  expect(await expectJson(await send(person, body), 200)).toEqual(tried);
  expect(tried.results).toEqual([
    { key: 'p/', revision: 2, count: 1 },
    { key: 'n', revision: 2, value: '1' },
  ]);
});

test.each(['\0', 'a\0b', '\ud800', '\udc00a'])(
  'an idempotency key that cannot be kept as it is, %j, is refused',
  async (key) => {
    const person = await halo.signUp();
    const body = { idempotency_key: key, mutations: [{ set: { key: 'a', value: '' } }] };
    await expectProblem(await send(person, body), 'invalid-request', { pointer: '/idempotency_key' });
    expect((await halo.account(person)).revision).toBe(0);
  },
);

test('the same idempotency key gets the first answer again, even at once and after a restart', async () => {
  const person = await halo.signUp();
  const body = { idempotency_key: 'once', mutations: [{ add: { key: 'n', by: '1' } }] };
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(person, body)));
  const bodies = await Promise.all(answers.map((answer) => expectJson(answer, 200)));
  expect(new Set(bodies.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(await text(person, 'n')).toBe('1');
  const other = { ...body, mutations: [{ add: { key: 'n', by: '2' } }] };
  await expectProblem(await send(person, other), 'idempotency-mismatch');
  const refused = { idempotency_key: 'refused', mutations: [{ delete: { key: 'later' } }] };
  await expectProblem(await send(person, refused), 'not-found');
  await halo.set(person, 'later', '');
  await expectJson(await send(person, refused), 200);
});

const malformed: readonly (readonly [string, unknown, string])[] = [
  ['no mutations', {}, '/mutations'],
  ['an empty list', { mutations: [] }, '/mutations'],
  ['too many', { mutations: Array.from({ length: 1_001 }, () => ({ delete: { key: 'a' } })) }, '/mutations'],
  [
    'too many checks',
    {
      checks: Array.from({ length: 101 }, () => ({ key: 'a', revision: 0 })),
      mutations: [{ delete: { key: 'a' } }],
    },
    '/checks',
  ],
  ['an unknown member', { mutations: [{ delete: { key: 'a' } }], owner: 1 }, '/owner'],
  ['an unknown mutation', { mutations: [{ drop: { key: 'a' } }] }, '/mutations/0'],
  ['two in one', { mutations: [{ delete: { key: 'a' }, add: { key: 'a', by: '1' } }] }, '/mutations/0'],
  ['a mutation that is a list', { mutations: [[]] }, '/mutations/0'],
  ['an unknown field', { mutations: [{ delete: { key: 'a', owner: 1 } }] }, '/mutations/0/delete/owner'],
  ['no value', { mutations: [{ set: { key: 'a' } }] }, '/mutations/0/set'],
  ['both values', { mutations: [{ set: { key: 'a', value: '', value_base64: '' } }] }, '/mutations/0/set'],
  ['a number as number', { mutations: [{ add: { key: 'a', by: 1 } }] }, '/mutations/0/add/by'],
  [
    'a number too large',
    { mutations: [{ add: { key: 'a', by: '9223372036854775808' } }] },
    '/mutations/0/add/by',
  ],
  ['no expiry to touch', { mutations: [{ touch: { key: 'a' } }] }, '/mutations/0/touch'],
  ['a ttl of nothing', { mutations: [{ touch: { key: 'a', ttl: 0 } }] }, '/mutations/0/touch/ttl'],
  [
    'a prefix without slash',
    { mutations: [{ delete_prefix: { prefix: 'a' } }] },
    '/mutations/0/delete_prefix/prefix',
  ],
  [
    'a negative revision',
    { mutations: [{ restore: { key: 'a', revision: -1 } }] },
    '/mutations/0/restore/revision',
  ],
];

test.for(malformed)('%s: refused with a pointer, and nothing is done', async ([, body, pointer]) => {
  const person = await halo.signUp();
  await expectProblem(await send(person, body), 'invalid-request', { pointer });
  expect((await halo.page(person)).revision).toBe(0);
});

test('keys of every mutation are checked', async () => {
  const person = await halo.signUp();
  for (const key of ['', 'a\0', '\ud800', 'x'.repeat(1_025)]) {
    const set = { mutations: [{ set: { key, value: '' } }] };
    await expectProblem(await send(person, set), 'invalid-key', { pointer: '/mutations/0/set/key' });
    const move = { mutations: [{ delete: { key: 'a' } }, { move: { from: 'a', to: key } }] };
    await expectProblem(await send(person, move), 'invalid-key', { pointer: '/mutations/1/move/to' });
  }
});

test('no commit reaches another account’s keys', async () => {
  const [mine, theirs] = [await halo.signUp(), await halo.signUp()];
  await halo.set(mine, 'p/a', 'mine');
  for (const mutation of [
    { delete: { key: 'p/a' } },
    { copy: { from: 'p/a', to: 'b' } },
    { restore: { key: 'p/a', revision: 1 } },
    { touch: { key: 'p/a', ttl: 1 } },
  ]) {
    await expectProblem(await send(theirs, { mutations: [mutation] }), 'not-found');
  }
  expect((await commit(theirs, { delete_prefix: { prefix: 'p/' } })).results[0]?.count).toBe(0);
  expect(await text(mine, 'p/a')).toBe('mine');
});
