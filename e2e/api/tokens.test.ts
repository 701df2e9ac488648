import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { limits, operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { expectJson, haloAt } from '../halo.js';
import { makeDataDirectory, removeDataDirectory, startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';
import { pathWithId, securityOf, withToken } from '../security.js';

const data = await makeDataDirectory();
let server = await startHalo({ data });
let halo = haloAt(server.url);
let security = securityOf(halo);
afterAll(async () => {
  await server.stop();
  await removeDataDirectory(data);
});

const secretForm = /^halo_[A-Za-z0-9_-]{75}$/;

test('a token is made with a secret that opens the account until it is revoked', async () => {
  const owner = await halo.signUp();
  const created = await security.createToken(owner, { name: '  backup script ', prefix: 'app/' });
  const { token, ...shown } = created;
  expect(token).toMatch(secretForm);
  expect(shown).toMatchObject({ name: 'backup script', access: 'write', prefix: 'app/' });
  expect([shown.last_used_at, shown.expires_at]).toEqual([null, null]);
  expect(await security.tokens(owner)).toEqual([shown]);
  const holder = withToken(owner, created);
  await halo.set(holder, 'app/key', 'value');
  expect((await halo.read(owner, 'app/key')).toString()).toBe('value');
  expect((await security.revoke(owner, shown.id)).status).toBe(204);
  await expectProblem(await halo.get(holder, 'app/key'), 'session-ended');
  await expectProblem(await halo.put(holder, 'app/key', 'x'), 'session-ended');
  expect(await security.tokens(owner)).toEqual([]);
  await expectProblem(await security.revoke(owner, shown.id), 'not-found');
});

test('the secret is shown once and nowhere else', async () => {
  const owner = await halo.signUp();
  const { token, id } = await security.createToken(owner);
  await halo.set(withToken(owner, { token }), 'key', 'value');
  const places = [
    operations.listTokens.path,
    operations.listSessions.path,
    operations.listAudit.path,
    operations.getAccount.path,
    '/v1/history/key',
    operations.exportStore.path,
  ];
  const told = await Promise.all(
    places.map(async (path) => (await halo.request('GET', path, { token: owner.accessToken })).text()),
  );
  expect(told[0]).toContain(id);
  for (const text of told) expect(text).not.toContain(token.slice('halo_'.length + 40));
});

test('tokens are listed with the newest first, and only the owner’s', async () => {
  const [owner, other] = [await halo.signUp(), await halo.signUp()];
  for (const name of ['one', 'two', 'three']) await security.createToken(owner, { name });
  await security.createToken(other, { name: 'theirs' });
  expect((await security.tokens(owner)).map(({ name }) => name)).toEqual(['three', 'two', 'one']);
  expect((await security.tokens(other)).map(({ name }) => name)).toEqual(['theirs']);
});

test('a token outlives the session that made it, and log-outs', async () => {
  const owner = await halo.signUp();
  const session = await halo.logIn(owner);
  const holder = withToken(owner, await security.createToken(session));
  await halo.logOut(session);
  await security.endOtherSessions(owner);
  await halo.logOut(owner);
  expect((await halo.put(holder, 'key', 'x')).status).toBe(201);
});

const refused: readonly (readonly [what: string, member: string, value: unknown])[] = [
  ['a name that is empty', 'name', ''],
  ['a name of blanks', 'name', '   '],
  ['a name of 65 characters', 'name', 'n'.repeat(limits.tokenNameLengthMax + 1)],
  ['a name with a line break', 'name', 'one\ntwo'],
  ['a name with an escape', 'name', '\u001b[31mred'],
  ['a name with a NUL', 'name', 'a\0b'],
  ['a name with half of a surrogate pair', 'name', 'a\ud800'],
  ['a name that is a number', 'name', 7],
  ['no name', 'name', undefined],
  ['access that there is not', 'access', 'admin'],
  ['no access', 'access', undefined],
  ['access that is a list', 'access', ['read', 'write']],
  ['a prefix with a NUL', 'prefix', 'a\0'],
  ['a prefix with half of a surrogate pair', 'prefix', '\udc00a'],
  ['a prefix of 1,025 bytes', 'prefix', 'a'.repeat(limits.keyBytesMax + 1)],
  ['a prefix of 1,026 bytes in 513 characters', 'prefix', 'é'.repeat(513)],
  ['a prefix of null', 'prefix', null],
  ['59 seconds', 'expires_in', limits.tokenSecondsMin - 1],
  ['no time at all', 'expires_in', 0],
  ['a time that is over', 'expires_in', -3_600],
  ['half a second more', 'expires_in', 60.5],
  ['a second more than the longest time', 'expires_in', limits.tokenSecondsMax + 1],
  ['a time beyond all numbers', 'expires_in', 1e308],
  ['a time as text', 'expires_in', '3600'],
  ['an owner', 'account_id', '1'],
  ['scopes', 'scopes', ['*']],
];

test.for(refused)('a token with %s is refused', async ([, member, value]) => {
  const owner = await halo.signUp();
  const wanted = { name: 'a token', access: 'read', [member]: value };
  await expectProblem(await security.sendToken(owner, wanted), 'invalid-request', { pointer: `/${member}` });
  expect(await security.tokens(owner)).toEqual([]);
});

test('any visible name is kept as it is', async () => {
  const owner = await halo.signUp();
  const names = ['x', 'n'.repeat(64), '<b>"&\'', '日本語 🙂', '__proto__', "'; drop table sessions; --"];
  for (const name of names) expect((await security.createToken(owner, { name })).name).toBe(name);
  expect((await security.tokens(owner)).map(({ name }) => name)).toEqual(names.toReversed());
});

test('a token expires when it was asked to, from a minute to ten years', async () => {
  const owner = await halo.signUp();
  for (const expires_in of [limits.tokenSecondsMin, 3_600, limits.tokenSecondsMax]) {
    const { created_at, expires_at } = await security.createToken(owner, { expires_in });
    expect(Date.parse(expires_at ?? '') - Date.parse(created_at)).toBe(expires_in * 1_000);
  }
});

test('an account has a hundred tokens at most, however many ask at once', async () => {
  const owner = await halo.signUp();
  const send = (count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        security.sendToken(owner, { name: `${index}`, access: 'read' }),
      ),
    );
  const room = 10;
  for (let made = 0; made < limits.tokensMax - room; made += room) {
    for (const { status } of await send(room)) expect(status).toBe(201);
  }
  const answers = await send(2 * room);
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(room);
  for (const answer of answers.filter(({ status }) => status !== 201)) {
    await expectProblem(answer, 'quota-exceeded', { limit: 'tokens' });
  }
  const tokens = await security.tokens(owner);
  expect(tokens).toHaveLength(limits.tokensMax);
  await security.revoke(owner, tokens[0]?.id ?? '');
  expect((await send(2)).map(({ status }) => status).sort()).toEqual([201, 507]);
});

/** What no id is, and what is somebody else's. Each is answered alike. */
const strangeIds = [
  'AAAAAAAAAAAAAAAA',
  'x',
  '0',
  '-1',
  'a\0b',
  '\0',
  '\u{10ffff}',
  '../tokens',
  'a/b',
  '__proto__',
  "' or 1=1 --",
  '%00',
  'a'.repeat(101),
  'a'.repeat(4_000),
  ' ',
];

test('an id that is none, or somebody else’s, is not found: with one and the same answer', async () => {
  const [owner, other] = [await halo.signUp(), await halo.signUp()];
  const theirs = await security.createToken(other);
  const own = await security.createToken(owner);
  const session = await security.ownSession(owner);
  const told = new Set<string>();
  for (const id of [...strangeIds, theirs.id, session.id, own.id.toLowerCase(), `${own.id} `]) {
    const { request_id: _id, ...problem } = await expectProblem(
      await security.revoke(owner, id),
      'not-found',
    );
    told.add(JSON.stringify(problem));
  }
  expect([...told]).toHaveLength(1);
  expect((await security.tokens(other)).map(({ id }) => id)).toEqual([theirs.id]);
  expect((await security.tokens(owner)).map(({ id }) => id)).toEqual([own.id]);
  expect((await halo.put(withToken(other, theirs), 'key', 'x')).status).toBe(201);
  expect((await halo.list(owner)).status).toBe(200);
});

test('a path that is not percent-encoded UTF-8 is refused, not looked up', async () => {
  const owner = await halo.signUp();
  const path = pathWithId('revokeToken', 'x').replace(/x$/, '%ff');
  await expectProblem(await security.ask(owner, 'DELETE', path), 'invalid-request');
});

test('a token that was mistyped or shortened is recognised as none', async () => {
  const owner = await halo.signUp();
  const { token } = await security.createToken(owner);
  const prefixLength = 'halo_'.length;
  const swap = (at: number) => token.slice(0, at) + (token[at] === 'x' ? 'y' : 'x') + token.slice(at + 1);
  const damaged = [
    ...Array.from({ length: token.length - prefixLength }, (_, index) => swap(prefixLength + index)),
    token.slice(0, -1),
    `${token}A`,
    `${token}=`,
    token.toUpperCase(),
    token.replace('halo_', 'halort_'),
    token.replace('halo_', ''),
    `halo_${token}`,
    'halo_',
  ];
  const answers = await Promise.all(damaged.map((text) => halo.list({ ...owner, accessToken: text })));
  for (const answer of answers) await expectProblem(answer, 'unauthenticated');
  expect((await halo.list({ ...owner, accessToken: token })).status).toBe(200);
});

test('who knows the ids and the checksum but not the secret opens nothing and ends nothing', async () => {
  const owner = await halo.signUp();
  const { token } = await security.createToken(owner);
  const bytes = Buffer.from(token.slice('halo_'.length), 'base64url');
  const seal = (body: Buffer) => {
    const end = Buffer.alloc(4);
    end.writeUInt32BE(crc32(body, crc32('halo_')));
    return `halo_${Buffer.concat([body, end]).toString('base64url')}`;
  };
  const ids = bytes.subarray(0, 20);
  // Proves that these would be taken if the secret were right.
  expect(seal(bytes.subarray(0, 52))).toBe(token);
  const secrets = [
    Buffer.alloc(32),
    Buffer.alloc(32, 255),
    ...Array.from({ length: 20 }, () => randomBytes(32)),
  ];
  for (const secret of secrets) {
    const forged = seal(Buffer.concat([ids, secret]));
    await expectProblem(await halo.list({ ...owner, accessToken: forged }), 'session-ended');
  }
  expect((await halo.list({ ...owner, accessToken: token })).status).toBe(200);
});

test('when a token was last used is written down, at the latest when the server stops', async () => {
  const owner = await halo.signUp();
  const used = await security.createToken(owner, { name: 'used' });
  await security.createToken(owner, { name: 'idle' });
  await halo.set(withToken(owner, used), 'key', 'x');
  const before = Date.now();
  expect(await server.terminate()).toBe(0);
  server = await startHalo({ data });
  halo = haloAt(server.url);
  security = securityOf(halo);
  const [idle, seen] = await security.tokens(owner);
  expect(idle).toMatchObject({ name: 'idle', last_used_at: null });
  expect(Math.abs(Date.parse(seen?.last_used_at ?? '') - before)).toBeLessThan(60_000);
  const usage = await halo.request('GET', operations.getUsage.path, { token: owner.accessToken });
  const { days } = await expectJson<{ days: { writes: number }[] }>(usage, 200);
  expect(days).toHaveLength(limits.usageDays);
  expect(days.at(-1)?.writes).toBeGreaterThanOrEqual(3);
  expect((await halo.read(withToken(owner, used), 'key')).toString()).toBe('x');
});
