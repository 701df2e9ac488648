import { operations, type PutResult } from 'halo-contract';
import { expect, test } from 'vitest';
import { expectJson, type Headers, haloAt } from '../halo.js';
import { expectProblem } from '../problem.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);

test('PUT creates with 201, replaces with 200, and names the new revision in body and ETag', async () => {
  const person = await halo.signUp();
  const created = await halo.put(person, 'key', 'first');
  expect(created.headers.get('etag')).toBe('"1"');
  expect(await expectJson(created, 201)).toEqual({ key: 'key', revision: 1, created: true });
  const replaced = await halo.put(person, 'key', 'second');
  expect(replaced.headers.get('etag')).toBe('"2"');
  expect(await expectJson(replaced, 200)).toEqual({ key: 'key', revision: 2, created: false });
});

test('GET tells the revision and the times of creation and of the last write', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'first');
  const first = await halo.get(person, 'key');
  await halo.set(person, 'key', 'second');
  const second = await halo.get(person, 'key');
  expect([second.headers.get('etag'), second.headers.get('halo-revision')]).toEqual(['"2"', '2']);
  expect(second.headers.get('halo-created-at')).toBe(first.headers.get('halo-created-at'));
  const [entry] = (await halo.page(person)).keys;
  expect(second.headers.get('halo-created-at')).toBe(entry?.created_at);
  const written = Date.parse(entry?.updated_at ?? '');
  expect(Date.parse(second.headers.get('last-modified') ?? '')).toBe(Math.floor(written / 1_000) * 1_000);
});

test('HEAD answers the headers of GET and no body', async () => {
  const person = await halo.signUp();
  const headers = { 'content-type': 'Text/Plain', 'halo-metadata': '{"a":1}' };
  await halo.set(person, 'key', 'a value', { headers, query: 'ttl=3600' });
  const got = await halo.get(person, 'key');
  const head = await halo.head(person, 'key');
  expect(head.status).toBe(200);
  expect(await head.text()).toBe('');
  expect(lasting(head)).toEqual(lasting(got));
  expect(head.headers.get('content-length')).toBe('7');
});

test('HEAD of an empty value has a length of 0', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', '');
  expect((await halo.head(person, 'key')).headers.get('content-length')).toBe('0');
});

test('If-None-Match answers 304 for the present revision only, for GET and HEAD', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'first');
  await halo.set(person, 'key', 'second');
  const statusFor = async (condition: string): Promise<number[]> => {
    const headers = { 'if-none-match': condition };
    const answers = [await halo.get(person, 'key', { headers }), await halo.head(person, 'key', { headers })];
    for (const answer of answers.filter(({ status }) => status === 304)) {
      expect(await answer.text()).toBe('');
      expect(answer.headers.get('etag')).toBe('"2"');
    }
    return answers.map(({ status }) => status);
  };
  expect(await statusFor('"2"')).toEqual([304, 304]);
  expect(await statusFor('W/"2"')).toEqual([304, 304]);
  expect(await statusFor('"1", "2" , "foreign"')).toEqual([304, 304]);
  expect(await statusFor('*')).toEqual([304, 304]);
  expect(await statusFor('"1"')).toEqual([200, 200]);
  expect(await statusFor('"02"')).toEqual([200, 200]);
  expect(await statusFor('"foreign"')).toEqual([200, 200]);
});

interface Conditional {
  readonly headers: Headers;
  /** Whether it holds for an absent key, and for one at revision 2. */
  readonly absent: boolean;
  readonly present: boolean;
}

const conditionals: readonly Conditional[] = [
  { headers: { 'if-match': '"2"' }, absent: false, present: true },
  { headers: { 'if-match': '"1", "2"' }, absent: false, present: true },
  { headers: { 'if-match': '*' }, absent: false, present: true },
  { headers: { 'if-match': '"1"' }, absent: false, present: false },
  { headers: { 'if-match': '"3"' }, absent: false, present: false },
  { headers: { 'if-match': 'W/"2"' }, absent: false, present: false },
  { headers: { 'if-match': '"foreign"' }, absent: false, present: false },
  { headers: { 'if-none-match': '*' }, absent: true, present: false },
  { headers: { 'if-none-match': '"2"' }, absent: true, present: false },
  { headers: { 'if-none-match': '"1"' }, absent: true, present: true },
  { headers: { 'if-match': '"2"', 'if-none-match': '*' }, absent: false, present: false },
];

test.for(conditionals)('a PUT goes on exactly if $headers holds', async ({ headers, absent, present }) => {
  const person = await halo.signUp();
  await halo.set(person, 'present', 'first');
  await halo.set(person, 'present', 'second');
  for (const [key, holds, current] of [
    ['absent', absent, 0],
    ['present', present, 2],
  ] as const) {
    const before = (await halo.account(person)).revision;
    const response = await halo.put(person, key, 'conditional', { headers });
    if (holds) expect(response.ok).toBe(true);
    else await expectProblem(response, 'precondition-failed', { revision: current });
    expect((await halo.account(person)).revision - before).toBe(holds ? 1 : 0);
  }
});

test('a DELETE under If-Match goes on for the present revision only', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'first');
  await halo.set(person, 'key', 'second');
  const stale = await halo.delete(person, 'key', { headers: { 'if-match': '"1"' } });
  await expectProblem(stale, 'precondition-failed', { revision: 2 });
  expect((await halo.read(person, 'key')).toString()).toBe('second');
  const current = await halo.delete(person, 'key', { headers: { 'if-match': '"2"' } });
  expect(await expectJson(current, 200)).toEqual({ key: 'key', revision: 3 });
});

test.for(['2', '"2', '""2""', "'2'", '"1" "2"', '*, "2"', '"a b"'])(
  'a condition of %s is refused as malformed',
  async (condition) => {
    const person = await halo.signUp();
    await halo.set(person, 'key', 'value');
    for (const headers of [{ 'if-match': condition }, { 'if-none-match': condition }]) {
      await expectProblem(await halo.put(person, 'key', 'other', { headers }), 'invalid-request');
    }
    await expectProblem(
      await halo.delete(person, 'key', { headers: { 'if-match': condition } }),
      'invalid-request',
    );
    expect((await halo.read(person, 'key')).toString()).toBe('value');
  },
);

test('of many writers who ask for one revision exactly one gets it', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'start');
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      halo.put(person, 'key', `writer ${index}`, { headers: { 'if-match': '"1"' } }),
    ),
  );
  const winners = answers.flatMap(({ status }, index) => (status === 200 ? [index] : []));
  expect(winners).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 412)).toHaveLength(29);
  expect((await halo.read(person, 'key')).toString()).toBe(`writer ${winners[0]}`);
});

test('a deleted key is gone, deleting it again is 404, and it can be created anew', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value', { query: 'ttl=3600', headers: { 'halo-metadata': '{"a":1}' } });
  expect(await expectJson(await halo.delete(person, 'key'), 200)).toEqual({ key: 'key', revision: 2 });
  await expectProblem(await halo.get(person, 'key'), 'not-found');
  await expectProblem(await halo.delete(person, 'key'), 'not-found');
  expect((await halo.account(person)).usage).toEqual({ keys: 0, bytes: 0 });
  expect(await expectJson(await halo.put(person, 'key', 'again'), 201)).toMatchObject({ revision: 3 });
  const again = await halo.get(person, 'key');
  expect([again.headers.get('halo-metadata'), again.headers.get('halo-expires-at')]).toEqual([null, null]);
});

test('a dry run answers as the write would and changes nothing', async () => {
  const person = await halo.signUp();
  const dry = { query: 'dry_run=true' };
  await halo.set(person, 'present', 'value');
  const before = [await halo.account(person), await (await halo.list(person)).text()];
  const tried = [
    await answerOf(await halo.put(person, 'absent', 'x', dry)),
    await answerOf(await halo.put(person, 'present', 'x', dry)),
    await answerOf(await halo.delete(person, 'present', dry)),
    await answerOf(await halo.delete(person, 'absent', dry)),
    await answerOf(await halo.put(person, 'present', 'x', { ...dry, headers: { 'if-match': '"9"' } })),
  ];
  expect([await halo.account(person), await (await halo.list(person)).text()]).toEqual(before);
  expect((await halo.read(person, 'present')).toString()).toBe('value');
  const real = [
    await answerOf(await haloFor('absent', 'PUT')),
    await answerOf(await haloFor('present', 'PUT')),
    await answerOf(await haloFor('present', 'DELETE')),
    await answerOf(await haloFor('absent', 'DELETE')),
    await answerOf(await haloFor('present', 'PUT', { 'if-match': '"9"' })),
  ];
  expect(tried).toEqual(real);

  /** The write itself, by another person in the same situation. */
  async function haloFor(key: string, method: 'PUT' | 'DELETE', headers: Headers = {}): Promise<Response> {
    const twin = await halo.signUp();
    await halo.set(twin, 'present', 'value');
    return method === 'PUT' ? halo.put(twin, key, 'x', { headers }) : halo.delete(twin, key, { headers });
  }
});

test('dry_run=false writes, and any other word is refused', async () => {
  const person = await halo.signUp();
  expect((await halo.put(person, 'key', 'value', { query: 'dry_run=false' })).status).toBe(201);
  for (const word of ['', '1', 'TRUE', 'yes']) {
    const response = await halo.delete(person, 'key', { query: `dry_run=${word}` });
    await expectProblem(response, 'invalid-request', { pointer: '/dry_run' });
  }
  expect((await halo.read(person, 'key')).toString()).toBe('value');
});

test('200 concurrent writes of one account take exactly the revisions 1 to 200', async () => {
  const person = await halo.signUp();
  const session = await halo.logIn(person);
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const writer = index % 2 === 0 ? person : session;
      return halo.set(writer, `key ${index % 50}`, `value ${index}`);
    }),
  );
  const revisions = answers.map(({ revision }) => revision).sort((a, b) => a - b);
  expect(revisions).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  expect(await halo.account(person)).toMatchObject({ revision: 200, usage: { keys: 50 } });
  await checkLastWriterWins(answers);

  async function checkLastWriterWins(results: readonly PutResult[]): Promise<void> {
    for (let key = 0; key < 50; key += 1) {
      const writes = results
        .map((result, index) => ({ ...result, index }))
        .filter(({ index }) => index % 50 === key);
      const last = writes.reduce((a, b) => (a.revision > b.revision ? a : b));
      expect((await halo.read(person, `key ${key}`)).toString()).toBe(`value ${last.index}`);
      expect(writes.filter(({ created }) => created)).toHaveLength(1);
    }
  }
});

test('refused writes take no revision, also among accepted ones', async () => {
  const person = await halo.signUp();
  const outcomes = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      if (index % 3 === 0) return halo.put(person, `refused ${index}`, 'x', { headers: { 'if-match': '*' } });
      if (index % 3 === 1) return halo.delete(person, `refused ${index}`);
      return halo.put(person, `key ${index}`, 'x');
    }),
  );
  const bodies = await Promise.all(
    outcomes.map((response) => response.json() as Promise<{ revision?: number }>),
  );
  const accepted = bodies.filter((_, index) => outcomes[index]?.ok);
  expect(accepted.map(({ revision }) => revision ?? 0).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
  expect((await halo.account(person)).revision).toBe(20);
});

test('usage counts keys, and bytes of keys, values and metadata', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'é', '12345', { headers: { 'halo-metadata': '{"a":1}' } });
  expect((await halo.account(person)).usage).toEqual({ keys: 1, bytes: 2 + 5 + 7 });
  await halo.set(person, 'é', '1');
  expect((await halo.account(person)).usage).toEqual({ keys: 1, bytes: 2 + 1 });
});

test('what was written is read at once, by every session of the account', async () => {
  const person = await halo.signUp();
  const other = await halo.logIn(person);
  for (let round = 0; round < 20; round += 1) {
    await halo.set(person, 'key', `round ${round}`);
    expect((await halo.read(other, 'key')).toString()).toBe(`round ${round}`);
  }
  const { path } = operations.listKeys;
  expect((await halo.request('HEAD', path, { token: other.accessToken })).status).toBe(200);
});

/** Everything of an answer but what differs between any two. */
async function answerOf(response: Response): Promise<unknown> {
  const body = (await response.json()) as Record<string, unknown>;
  delete body.request_id;
  return { status: response.status, etag: response.headers.get('etag'), body };
}

function lasting({ headers }: Response): Record<string, string> {
  const passing = ['date', 'x-request-id', 'connection', 'keep-alive'];
  return Object.fromEntries([...headers].filter(([name]) => !passing.includes(name)));
}
