import {
  type Change,
  type ChangesPage,
  type EntryList,
  type ImportEnd,
  ndjsonType,
  type ReadAnswer,
  type TokenRequest,
  type TrashPage,
} from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { commitsOf } from '../commits.js';
import { openChanges } from '../event-source.js';
import { expectJson, haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';
import { securityOf, withToken } from '../security.js';
import { linesOf } from '../transfer.js';
import { until } from '../until.js';

const server = await startHalo();
const halo = haloAt(server.url);
const security = securityOf(halo);
const commits = commitsOf(halo);
afterAll(() => server.stop());

const inside = ['in/', 'in/a', 'in/b', 'in/sub/c'];
const outside = ['in', 'in0', 'out', 'out/a'];

/** Somebody whose keys lie inside and outside of `in/`, with a past and a trash in both. */
async function makeOwner(): Promise<Person> {
  const owner = await halo.signUp();
  await commits.commit(owner, ...[...inside, ...outside].map((key) => ({ set: { key, value: '1' } })));
  for (const key of ['in/a', 'out', 'in/gone', 'out/gone']) await halo.set(owner, key, '2');
  for (const key of ['in/gone', 'out/gone']) await halo.delete(owner, key);
  return owner;
}

/** The commit of `makeOwner` that touched keys inside and outside, and one that touched one outside. */
const [mixedRevision, outsideRevision, insideRevision] = [1, 3, 2];

async function restricted(owner: Person, request: Partial<TokenRequest>): Promise<Person> {
  return withToken(owner, await security.createToken(owner, request));
}

/** All that the owner has, with its whole past. */
async function stateOf(owner: Person): Promise<unknown> {
  const get = async (path: string) => (await halo.request('GET', path, { token: owner.accessToken })).text();
  const exported = linesOf(await get('/v1/export')).filter((line) => !('halo_export' in Object(line)));
  const { revision, usage } = await halo.account(owner);
  return {
    revision,
    usage,
    keys: exported.filter((line) => 'key' in Object(line)),
    trash: await get('/v1/trash'),
    changes: await get('/v1/changes?since=0&limit=1000&values=true'),
  };
}

type Send = (person: Person) => Promise<Response>;

const commit =
  (...mutations: object[]): Send =>
  (person) =>
    commits.send(person, { mutations });
const post =
  (path: string, body: unknown): Send =>
  (person) =>
    halo.post(path, body, { authorization: `Bearer ${person.accessToken}` });
const get =
  (path: string): Send =>
  ({ accessToken: token }) =>
    halo.request('GET', path, { token });
const importLines =
  (query: string, ...keys: string[]): Send =>
  ({ accessToken: token }) =>
    halo.request('POST', `/v1/import?${query}`, {
      token,
      headers: { 'content-type': ndjsonType },
      body: keys.map((key) => `${JSON.stringify({ key, value: 'imported' })}\n`).join(''),
    });

/** What changes something when the owner does it. None of it may a token that only reads do. */
const writes: Readonly<Record<string, Send>> = {
  put: (person) => halo.put(person, 'in/a', 'new'),
  'put a new key': (person) => halo.put(person, 'in/new', 'new'),
  delete: (person) => halo.delete(person, 'in/a'),
  'commit set': commit({ set: { key: 'in/a', value: 'new' } }),
  undo: (person) => commits.undo(person, insideRevision),
  purge: (person) => halo.purge(person, 'in/gone'),
  import: importLines('on_conflict=replace', 'in/a'),
};

/** What changes something outside of `in/`, or tells of it, when the owner does it. */
const reachesOut: Readonly<Record<string, Send>> = {
  put: (person) => halo.put(person, 'out', 'new'),
  'put of the prefix without its slash': (person) => halo.put(person, 'in', 'new'),
  'put of the key after all with the prefix': (person) => halo.put(person, 'in0', 'new'),
  'put of a new key': (person) => halo.put(person, 'out/new', 'new'),
  'put that walks out of the prefix': (person) => halo.put(person, 'out/../in/a', 'new'),
  delete: (person) => halo.delete(person, 'out'),
  purge: (person) => halo.purge(person, 'out/gone'),
  'commit set': commit({ set: { key: 'out', value: 'new' } }),
  'commit set after one inside': commit(
    { set: { key: 'in/a', value: 'x' } },
    { set: { key: 'out', value: 'x' } },
  ),
  'commit delete': commit({ delete: { key: 'out' } }),
  'commit add': commit({ add: { key: 'out', by: '1' } }),
  'commit min': commit({ min: { key: 'out', value: '0' } }),
  'commit max': commit({ max: { key: 'out', value: '9' } }),
  'commit touch': commit({ touch: { key: 'out', ttl: 3600 } }),
  'commit restore': commit({ restore: { key: 'out', revision: 1 } }),
  'commit restore from the trash': commit({ restore: { key: 'out/gone', revision: 5 } }),
  'commit copy from': commit({ copy: { from: 'out', to: 'in/stolen' } }),
  'commit copy to': commit({ copy: { from: 'in/a', to: 'out/planted' } }),
  'commit move from': commit({ move: { from: 'out', to: 'in/stolen' } }),
  'commit move to': commit({ move: { from: 'in/a', to: 'out/planted' } }),
  'commit delete_prefix': commit({ delete_prefix: { prefix: 'out/' } }),
  'commit copy_prefix from': commit({ copy_prefix: { from: 'out/', to: 'in/stolen/' } }),
  'commit copy_prefix to': commit({ copy_prefix: { from: 'in/', to: 'out/planted/' } }),
  'commit move_prefix from': commit({ move_prefix: { from: 'out/', to: 'in/stolen/' } }),
  'commit move_prefix to': commit({ move_prefix: { from: 'in/sub/', to: 'out/planted/' } }),
  'commit with a check outside': (person) =>
    commits.send(person, {
      checks: [{ key: 'out', revision: outsideRevision }],
      mutations: [{ set: { key: 'in/a', value: 'new' } }],
    }),
  'undo of a commit that touched both': (person) => commits.undo(person, mixedRevision),
  'undo of a commit outside': (person) => commits.undo(person, outsideRevision),
};

/** The owner's undo of the first commit meets what has changed since; all else the owner may do. */
const conflicts = new Set(['undo of a commit that touched both']);

test.for(Object.entries(writes))(
  'a token that only reads: %s is refused and does nothing',
  async ([, send]) => {
    const owner = await makeOwner();
    const before = await stateOf(owner);
    const reader = await restricted(owner, { access: 'read' });
    await expectProblem(await send(reader), 'insufficient-scope');
    expect(await stateOf(owner)).toEqual(before);
    // Proves that it would have done something.
    const writer = await restricted(owner, { access: 'write' });
    expect((await send(writer)).ok).toBe(true);
    expect(await stateOf(owner)).not.toEqual(before);
  },
);

test.for(Object.entries(reachesOut))(
  'a token for a prefix: %s is refused and does nothing',
  async ([name, send]) => {
    const owner = await makeOwner();
    const before = await stateOf(owner);
    const scoped = await restricted(owner, { access: 'write', prefix: 'in/' });
    await expectProblem(await send(scoped), 'insufficient-scope');
    expect(await stateOf(owner)).toEqual(before);
    const writer = await restricted(owner, { access: 'write' });
    if (conflicts.has(name)) {
      await expectProblem(await send(writer), 'undo-conflict');
      return;
    }
    expect((await send(writer)).ok).toBe(true);
    expect(await stateOf(owner)).not.toEqual(before);
  },
);

test('a dry run is refused like what it rehearses, so that it tells nothing', async () => {
  const owner = await makeOwner();
  const before = await stateOf(owner);
  const scoped = await restricted(owner, { prefix: 'in/' });
  const reader = await restricted(owner, { access: 'read' });
  const dry = 'dry_run=true';
  const mutations = [{ set: { key: 'out', value: 'new' } }];
  for (const person of [scoped, reader]) {
    for (const response of [
      await halo.put(person, 'out', 'new', { query: dry }),
      await halo.delete(person, 'out', { query: dry }),
      await halo.purge(person, 'out/gone', dry),
      await commits.send(person, { mutations }, `?${dry}`),
      await commits.undo(person, mixedRevision, `?${dry}`),
    ]) {
      await expectProblem(response, 'insufficient-scope');
    }
  }
  await expectProblem(await importLines(dry, 'in/a')(reader), 'insufficient-scope');
  expect(await stateOf(owner)).toEqual(before);
});

test('what is refused is refused alike, whether or not there is such a key, and whatever its revision', async () => {
  const owner = await makeOwner();
  const scoped = await restricted(owner, { prefix: 'in/' });
  const told = async (key: string) => {
    const conditions = [{}, { 'if-match': '"3"' }, { 'if-none-match': '*' }, { 'if-match': '*' }];
    const responses = [
      await halo.get(scoped, key),
      await halo.get(scoped, key, { query: 'revision=1' }),
      await halo.delete(scoped, key),
      await halo.purge(scoped, key),
      await get(`/v1/history/${encodeURIComponent(key)}`)(scoped),
      await post('/v1/read', { keys: [key] })(scoped),
      await commits.send(scoped, { checks: [{ key, revision: 1 }], mutations: [{ delete: { key } }] }),
      await commits.send(scoped, { mutations: [{ copy: { from: key, to: 'in/x' } }] }),
      ...(await Promise.all(conditions.map((headers) => halo.put(scoped, key, 'x', { headers })))),
    ];
    const bodies = await Promise.all(
      responses.map((response) => expectProblem(response, 'insufficient-scope')),
    );
    return bodies.map(({ detail, request_id: _id, ...rest }) => ({ detail, ...rest }));
  };
  const existing = await told('out');
  expect(await told('nowhere')).toEqual(existing);
  expect(await told('out/gone')).toEqual(existing);
});

test('an idempotency key does not repeat the answer to a commit that reached further', async () => {
  const owner = await makeOwner();
  const wide = {
    idempotency_key: 'once',
    mutations: [{ add: { key: 'out', by: '5' } }, { delete: { key: 'in/b' } }],
  };
  expect((await commits.send(owner, wide)).status).toBe(200);
  const before = await stateOf(owner);
  const scoped = await restricted(owner, { prefix: 'in/' });
  const reader = await restricted(owner, { access: 'read' });
  await expectProblem(await commits.send(scoped, wide), 'insufficient-scope');
  await expectProblem(await commits.send(reader, wide), 'insufficient-scope');
  const own = { idempotency_key: 'own', mutations: [{ add: { key: 'in/n', by: '5' } }] };
  const first = await expectJson(await commits.send(scoped, own), 200);
  expect(await expectJson(await commits.send(scoped, own), 200)).toEqual(first);
  expect(await expectJson(await commits.send(owner, own), 200)).toEqual(first);
  await expectProblem(await commits.send(reader, own), 'insufficient-scope');
  expect(await stateOf(owner)).not.toEqual(before);
});

test('within its prefix a token does what its owner does', async () => {
  const owner = await makeOwner();
  const scoped = await restricted(owner, { prefix: 'in/' });
  expect((await halo.put(scoped, 'in/new', 'x')).status).toBe(201);
  expect((await halo.delete(scoped, 'in/b')).status).toBe(200);
  expect((await halo.purge(scoped, 'in/b')).status).toBe(204);
  await commits.commit(
    scoped,
    { move_prefix: { from: 'in/sub/', to: 'in/moved/' } },
    { copy: { from: 'in/a', to: 'in/c' } },
  );
  const { revision } = await halo.account(owner);
  expect((await commits.undo(scoped, revision)).status).toBe(200);
  expect((await commits.send(scoped, { mutations: [{ delete_prefix: { prefix: 'in/' } }] })).status).toBe(
    200,
  );
  expect((await halo.page(owner)).keys.map(({ key }) => key)).toEqual([...outside].sort());
  expect(await halo.account(scoped)).toEqual(await halo.account(owner));
});

test('an import refuses the lines outside and takes those inside', async () => {
  for (const conflict of ['replace', 'skip', 'fail']) {
    const owner = await makeOwner();
    const scoped = await restricted(owner, { prefix: 'in/' });
    const response = await importLines(`on_conflict=${conflict}`, 'out', 'in/new', 'nowhere', 'in')(scoped);
    const lines = linesOf(await response.text()) as (ImportEnd & {
      error?: { line: number; code: string };
    })[];
    const errors = lines.flatMap(({ error }) => error ?? []);
    expect(errors.map(({ line, code }) => [line, code])).toEqual([
      [1, 'insufficient-scope'],
      [3, 'insufficient-scope'],
      [4, 'insufficient-scope'],
    ]);
    expect(lines.at(-1)).toMatchObject({ done: true, imported: 1 });
    expect((await halo.read(owner, 'out')).toString()).toBe('2');
    expect((await halo.read(owner, 'in')).toString()).toBe('1');
    expect((await halo.read(owner, 'in/new')).toString()).toBe('imported');
    await expectProblem(await halo.get(owner, 'nowhere'), 'not-found');
  }
});

const keysOf = (text: string) => (JSON.parse(text) as EntryList).keys.map(({ key }) => key);
const exportedKeys = (text: string) => linesOf(text).flatMap((line) => (line as { key?: string }).key ?? []);

test('a token that only reads sees everything, and one with a prefix only what is inside', async () => {
  const owner = await makeOwner();
  const tokens = {
    read: await restricted(owner, { access: 'read' }),
    in: await restricted(owner, { access: 'read', prefix: 'in/' }),
  };
  const all = [...inside, ...outside].sort();
  for (const [person, keys] of [
    [tokens.read, all],
    [tokens.in, inside],
  ] as const) {
    const text = async (path: string) => (await get(path)(person)).text();
    const seen = (...among: string[]) =>
      among.filter((key) => key.startsWith('in/') || person === tokens.read);
    expect(keysOf(await text('/v1/keys'))).toEqual(keys);
    expect(keysOf(await text('/v1/keys?reverse=true&values=true'))).toEqual(keys.toReversed());
    expect(keysOf(await text(`/v1/keys?at=${mixedRevision}&values=true`))).toEqual(keys);
    expect(keysOf(await text('/v1/keys?start=i&end=z'))).toEqual(keys);
    expect(keysOf(await text('/v1/keys?prefix=in'))).toEqual(keys.filter((key) => key.startsWith('in')));
    expect(keysOf(await text('/v1/keys?prefix=out'))).toEqual(
      seen(...keys).filter((key) => key.startsWith('out')),
    );
    expect(JSON.parse(await text('/v1/keys?count=true&limit=1'))).toMatchObject({ count: keys.length });
    expect(JSON.parse(await text('/v1/keys?count=true&at=1'))).toMatchObject({ count: keys.length });
    for (const at of ['', `&at=${mixedRevision}`]) {
      const { prefixes } = JSON.parse(await text(`/v1/keys?delimiter=/${at}`)) as EntryList;
      const groups = seen('in/', 'out/').map((prefix) => ({
        prefix,
        count: keys.filter((key) => key.startsWith(prefix)).length,
        more: false,
      }));
      expect(prefixes).toEqual(groups);
    }
    expect(exportedKeys(await text('/v1/export'))).toEqual(keys);
    expect(exportedKeys(await text('/v1/export?prefix=out'))).toEqual(
      keys.filter((key) => key.startsWith('out')),
    );
    const { entries } = JSON.parse(await text('/v1/trash')) as TrashPage;
    expect(entries.map(({ key }) => key)).toEqual(seen('in/gone', 'out/gone'));
    const { changes, revision } = JSON.parse(await text('/v1/changes?since=0&values=true')) as ChangesPage;
    expect(new Set(changes.map(({ key }) => key))).toEqual(
      new Set([...keys, ...seen('in/gone', 'out/gone')]),
    );
    expect(revision).toBe((await halo.account(owner)).revision);
  }
});

test('pages of a list and of the feed show only what is inside, however they are cut', async () => {
  const owner = await makeOwner();
  const scoped = await restricted(owner, { access: 'read', prefix: 'in/' });
  const listed: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: EntryList = await expectJson(await get(`/v1/keys?limit=1${query}`)(scoped), 200);
    listed.push(...page.keys.map(({ key }) => key));
    cursor = page.cursor;
  }
  expect(listed).toEqual(inside);
  const changed: Change[] = [];
  for (let since = 0, more = true; more; ) {
    const page: ChangesPage = await expectJson(await get(`/v1/changes?since=${since}&limit=1`)(scoped), 200);
    changed.push(...page.changes);
    ({ revision: since, more } = page);
  }
  expect(changed.map(({ key }) => key)).toEqual([...inside, 'in/a', 'in/gone', 'in/gone']);
  // A cursor of the owner's list that stands outside leads nowhere else either.
  const { cursor } = await halo.page(owner, { limit: '1', reverse: 'true' });
  expect((await halo.page(scoped, { cursor: cursor ?? '' })).keys).toEqual([]);
});

test('a stream tells only what is inside, of the past and as it happens', async () => {
  const owner = await makeOwner();
  const scoped = await restricted(owner, { access: 'read', prefix: 'in/' });
  const queries = ['values=true', 'prefix=out', 'prefix=in/sub/&values=true', 'prefix=i'];
  const open = (query: string) => openChanges(server.url, scoped, { query, lastEventId: '0' });
  const sources = await Promise.all(queries.map(open));
  const watcher = await openChanges(server.url, owner, { lastEventId: '0' });
  await commits.commit(owner, { set: { key: 'out', value: 'x' } }, { set: { key: 'in/sub/c', value: 'x' } });
  const { revision } = await halo.set(owner, 'out/a', 'x');
  await watcher.event('The last commit', ({ id }) => id === String(revision));
  const keysTold = ({ events }: typeof watcher) =>
    events.flatMap(({ data }) => (data as { changes: Change[] }).changes.map(({ key }) => key));
  for (const [index, source] of sources.entries()) {
    // An id without data tells that the stream is past what was not for it.
    await until('The end of the news', () => source.lastId() === String(revision));
    const told = keysTold(source);
    expect(told.filter((key) => !key.startsWith('in/'))).toEqual([]);
    expect(told.includes('in/sub/c')).toBe(queries[index] !== 'prefix=out');
  }
  expect(keysTold(watcher)).toEqual(expect.arrayContaining(['out', 'out/a', 'in/sub/c']));
  for (const source of [...sources, watcher]) source.close();
});

/** Each prefix with keys inside, and outside as near to it as can be. */
const edges: readonly (readonly [prefix: string, inside: readonly string[], outside: readonly string[]])[] = [
  ['', ['a', '/', '\u{10ffff}'], []],
  ['a', ['a', 'a/', 'a/b', 'ab'], ['A', 'b', '`', 'á', 'a\u0301'.normalize('NFC')]],
  ['a/', ['a/', 'a/b', 'a//'], ['a', 'a.', 'a0', 'ab', 'A/']],
  ['é', ['é', 'éa'], ['e', 'e\u0301', 'ê', 'è']],
  ['🙂', ['🙂', '🙂a'], ['🙁', '🙃', '\ud83c\udf00', '\uff5e']],
  ['\ud7ff', ['\ud7ff', '\ud7ffa'], ['\ue000', '\ud7fe', '𐀀']],
  ['\uffff', ['\uffffx'], ['\ufffe', '𐀀']],
  ['\u{10ffff}', ['\u{10ffff}', '\u{10ffff}\u{10ffff}', '\u{10ffff}a'], ['\u{10fffe}\u{10ffff}', '\uffff']],
  ['a\u{10ffff}', ['a\u{10ffff}', 'a\u{10ffff}a'], ['a', 'a\u{10fffe}', 'b', 'a\uffff']],
  ['..', ['..', '../a'], ['.', 'a/..', '.a']],
  ['%2F', ['%2F', '%2Fa'], ['/', '/a', '%2f', '%252F']],
  ['__proto__', ['__proto__', '__proto__/a'], ['__proto', 'constructor']],
  ['n'.repeat(1_024), ['n'.repeat(1_024)], ['n'.repeat(1_023)]],
];

test.for(edges)(
  'the prefix %j reaches what begins with it, by code points, and nothing else',
  async ([prefix, within, beyond]) => {
    const owner = await halo.signUp();
    await commits.commit(owner, ...[...within, ...beyond].map((key) => ({ set: { key, value: '1' } })));
    const scoped = await restricted(owner, { prefix });
    const inOrder = [...within].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect((await halo.page(scoped)).keys.map(({ key }) => key)).toEqual(inOrder);
    expect(exportedKeys(await (await get('/v1/export')(scoped)).text())).toEqual(inOrder);
    const { changes } = await expectJson<ChangesPage>(await get('/v1/changes?since=0')(scoped), 200);
    expect(changes.map(({ key }) => key)).toEqual(inOrder);
    const { entries } = await expectJson<ReadAnswer>(await post('/v1/read', { keys: within })(scoped), 200);
    expect(entries.every((entry) => entry !== null)).toBe(true);
    for (const key of within) {
      const add = { mutations: [{ add: { key, by: '1' } }] };
      expect((await commits.send(scoped, add)).status, JSON.stringify(key)).toBe(200);
      expect((await post('/v1/read', { keys: [key] })(scoped)).status).toBe(200);
    }
    for (const key of beyond) {
      const add = { mutations: [{ add: { key, by: '1' } }] };
      await expectProblem(await commits.send(scoped, add), 'insufficient-scope');
      await expectProblem(await post('/v1/read', { keys: [key] })(scoped), 'insufficient-scope');
    }
  },
);

test('of all keys that two letters make, each prefix shows exactly those that begin with it', async () => {
  const letters = ['/', 'a', 'é', '\ud7ff', '\ue000', '🙂', '\u{10ffff}'];
  const pairs = letters.flatMap((one) => letters.map((two) => one + two));
  const keys = [...letters, ...pairs].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const owner = await halo.signUp();
  await commits.commit(owner, ...keys.map((key) => ({ set: { key, value: '' } })));
  for (const prefix of ['', ...keys]) {
    const token = await restricted(owner, { access: 'read', prefix });
    const expected = keys.filter((key) => key.startsWith(prefix));
    const { keys: listed, count } = await halo.page(token, { count: 'true', limit: '1000' });
    expect([prefix, listed.map(({ key }) => key), count]).toEqual([prefix, expected, expected.length]);
  }
});
