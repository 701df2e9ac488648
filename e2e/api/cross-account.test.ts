import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { ndjsonType, type Operation, type OperationName, operationNames, operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { goodPassword, haloAt, newName, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { securityOf, withToken } from '../security.js';
import { linesOf } from '../transfer.js';

const server = await startHalo();
const halo = haloAt(server.url);
const security = securityOf(halo);
afterAll(() => server.stop());

const secretMark = 'what only the victim may see';
const victimPassword = 'a heron beside the old mill';
const attackerPassword = goodPassword;
const json = { 'content-type': 'application/json' };
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

interface Victim {
  readonly person: Person;
  readonly sessionId: string;
  readonly tokenId: string;
  /** Credentials that were good once. */
  readonly revoked: string;
  readonly ended: string;
}

/** Keys, a past, a trash, sessions, tokens and a trail, each with something to be recognised by. */
async function makeVictim(): Promise<Victim> {
  const person = await halo.signUp(newName(), victimPassword);
  const headers = { 'halo-metadata': JSON.stringify({ mark: secretMark }) };
  for (const key of ['a key', 'another', 'gone']) await halo.set(person, key, secretMark, { headers });
  await halo.set(person, 'a key', `${secretMark}, again`, { headers });
  await halo.delete(person, 'gone');
  const leaving = await halo.logIn(person);
  await halo.logOut(leaving);
  const lost = await security.createToken(person, { name: secretMark });
  await security.revoke(person, lost.id);
  const { id: tokenId } = await security.createToken(person, { name: secretMark });
  const { id: sessionId } = await security.ownSession(person);
  return { person, sessionId, tokenId, revoked: lost.token, ended: leaving.accessToken };
}

/** Everything that the victim has and is. */
async function stateOf({ person }: Victim): Promise<unknown> {
  const get = async (path: string) => (await halo.request('GET', path, { token: person.accessToken })).text();
  const sessions = await security.sessions(person);
  return {
    keys: linesOf(await get('/v1/export')).filter((line) => 'key' in Object(line)),
    changes: await get('/v1/changes?since=0&limit=1000&values=true'),
    trash: await get('/v1/trash'),
    account: await halo.account(person),
    // When they were last used is written down by the way.
    sessions: sessions.map(({ last_used_at: _at, ...session }) => session),
    tokens: await security.tokens(person),
    audit: await security.audit(person),
  };
}

/** Tokens that say they are the victim’s, each made in another way that has fooled somebody. */
function forgedFor(
  { person: { id, accessToken } }: Victim,
  sessionId: string,
): Readonly<Record<string, string>> {
  const [header = '', payload = '', signature = ''] = accessToken.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as object;
  const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url');
  const claims = { ...read(payload), sub: id, sid: sessionId };
  const { privateKey } = generateKeyPairSync('ed25519');
  const signed = (head: object, body: object) => {
    const text = `${part(head)}.${part(body)}`;
    return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
  };
  const hmacText = `${part({ ...read(header), alg: 'HS256' })}.${payload}`;
  return {
    'an unsigned token': `${part({ alg: 'none', typ: 'at+jwt' })}.${part(claims)}.`,
    'a token signed with another key': signed(read(header), claims),
    'a token signed with a common secret': `${hmacText}.${createHmac('sha256', 'secret').update(hmacText).digest('base64url')}`,
    'an expired token': `${header}.${part({ ...claims, exp: 1 })}.${signature}`,
    'a genuine token without its signature': `${header}.${payload}.`,
    'a genuine token with one letter less': accessToken.slice(0, -1),
  };
}

/** What each operation is sent where nothing is wrong but who sends it. */
function bodyOf(name: OperationName, victim: Victim): { headers?: Record<string, string>; body?: string } {
  const set = { set: { key: 'a key', value: 'stolen' } };
  const bodies: Partial<Record<OperationName, object>> = {
    refresh: { refresh_token: 'halort_unknown' },
    deleteAccount: { password: victim.person.password },
    changePassword: {
      current_password: victim.person.password,
      new_password: 'a kettle under loud mountains',
    },
    createToken: { name: 'planted', access: 'write' },
    read: { keys: ['a key', 'another', 'gone'] },
    commit: { mutations: [set, { delete_prefix: { prefix: 'an/' } }] },
    undo: { revision: 1 },
  };
  const body = bodies[name];
  if (body !== undefined) return { headers: json, body: JSON.stringify(body) };
  if (name === 'putKey') return { body: 'stolen' };
  if (name === 'importStore')
    return { headers: { 'content-type': ndjsonType }, body: '{"key":"a key","value":"stolen"}\n' };
  return {};
}

function pathsOf(name: OperationName, { sessionId, tokenId }: Victim): string[] {
  const { path } = operations[name];
  if (path.includes('{id}')) return [sessionId, tokenId].map((id) => path.replace('{id}', id));
  return ['a key', 'gone']
    .slice(0, path.includes('{key}') ? 2 : 1)
    .map((key) => path.replace('{key}', encodeURIComponent(key)));
}

/** Ends whoever sends it: last, and each with a credential of its own. */
const ending = new Set<OperationName>(['logOut']);
const authenticated = operationNames.filter((name) => operations[name].authenticated && !ending.has(name));
/** Each operation by its own method, and each path once by every other: with what its own would be sent. */
const routes = [...authenticated, ...ending].flatMap((name, index, names) => {
  const isFirst = names.findIndex((other) => operations[other].path === operations[name].path) === index;
  const taken = names.filter((other) => operations[other].path === operations[name].path);
  const free = methods.filter((method) => !taken.some((other) => operations[other].method === method));
  return [operations[name].method, ...(isFirst ? free : [])].map((method) => ({ name, method }));
});

/** So many requests are under way at a time. */
const parallel = 8;

async function doAll(work: readonly (() => Promise<void>)[]): Promise<void> {
  const rest = [...work];
  const worker = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) await next();
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

const slow = { timeout: 120_000 };

test(
  'nothing of another account is reached or changed, by whichever route, method and credential',
  slow,
  async () => {
    const victim = await makeVictim();
    const attacker = await halo.signUp(newName(), attackerPassword);
    await halo.set(attacker, 'own', 'x');
    const worthless = {
      none: undefined,
      garbage: 'x',
      ...forgedFor(victim, victim.sessionId),
      'the victim’s refresh token': victim.person.refreshToken,
      'the victim’s revoked API token': victim.revoked,
      'the token of a session that ended': victim.ended,
      'the attacker’s refresh token': attacker.refreshToken,
    };
    const before = await stateOf(victim);
    const faults: string[] = [];
    let sent = 0;
    const attack = async (name: OperationName, method: string, token: string | undefined, kind: string) => {
      for (const path of pathsOf(name, victim)) {
        const { headers = {}, body } = bodyOf(name, victim);
        const bare = method === 'GET' || method === 'HEAD';
        const parts = { token, headers, body: bare ? undefined : body };
        const response = await halo.request(method, path, parts);
        const text = await response.text();
        sent += 1;
        const tells = [secretMark, victim.person.name, victim.tokenId, victim.sessionId].some((mark) =>
          text.includes(mark),
        );
        if (tells) faults.push(`${method} ${path} with ${kind} told of the victim`);
        const isOwnCredential = kind.startsWith('an attacker');
        if (response.ok && !isOwnCredential)
          faults.push(`${method} ${path} with ${kind}: ${response.status}`);
        if (response.status >= 500) faults.push(`${method} ${path} with ${kind}: ${response.status}`);
      }
    };
    const attacks = Object.entries(worthless).flatMap(([kind, token]) =>
      routes.map(
        ({ name, method }) =>
          () =>
            attack(name, method, token, kind),
      ),
    );
    await doAll(attacks);
    const apiToken = withToken(attacker, await security.createToken(attacker));
    const oneTime = async () => (await halo.logIn(attacker)).accessToken;
    for (const { name, method } of routes) {
      const own = ending.has(name) ? await oneTime() : attacker.accessToken;
      await attack(name, method, own, 'an attacker’s access token');
      await attack(name, method, apiToken.accessToken, 'an attacker’s API token');
    }
    console.log(`Cross-account requests that reached or changed anything: ${faults.length} of ${sent}.`);
    expect(faults).toEqual([]);
    expect(await stateOf(victim)).toEqual(before);
    // Proves that the attacker was somebody, and that the comparison sees the least change and the least word.
    expect((await halo.read(attacker, 'a key')).toString()).toBe('stolen');
    await halo.set(victim.person, 'one more', '');
    expect(await stateOf(victim)).not.toEqual(before);
    expect((await halo.list(victim.person, 'values=true')).status).toBe(200);
    expect(await (await halo.list(victim.person, 'values=true')).text()).toContain(secretMark);
  },
);

const ownerNames = [
  ...[
    'account_id',
    'accountId',
    'account',
    'owner',
    'owner_id',
    'user',
    'user_id',
    'userId',
    'uid',
    'tenant',
  ],
  ...['sub', 'id', 'session', 'sid', 'as', 'on_behalf_of', 'role', 'is_admin', '__proto__', 'constructor'],
];
const ownerHeaders = [
  ...[
    'x-account-id',
    'x-user-id',
    'x-user',
    'x-forwarded-user',
    'x-remote-user',
    'remote-user',
    'x-tenant-id',
  ],
  ...[
    'halo-account',
    'halo-account-id',
    'halo-owner',
    'x-halo-account',
    'x-auth-request-user',
    'from',
    'x-sub',
  ],
];

test('whatever names an owner in a body, a query or a header is refused or ignored', slow, async () => {
  const victim = await makeVictim();
  const attacker = await halo.signUp(newName(), attackerPassword);
  const before = await stateOf(victim);
  const faults: string[] = [];
  let sent = 0;
  const inject = async (where: string, name: OperationName, request: Promise<Response>, refused: boolean) => {
    const response = await request;
    const text = await response.text();
    sent += 1;
    if (text.includes(secretMark)) faults.push(`${name} told of the victim, asked by ${where}`);
    if (refused && response.ok) faults.push(`${name} took ${where}: ${response.status}`);
    if (response.status >= 500) faults.push(`${name} with ${where}: ${response.status}`);
  };
  for (const name of operationNames.filter((each) => operations[each].path.startsWith('/v1/'))) {
    const operation: Operation = operations[name];
    const [path = ''] = pathsOf(name, victim);
    const { method, query } = operation;
    const { headers = {}, body } = bodyOf(name, victim);
    const token = ending.has(name) ? (await halo.logIn(attacker)).accessToken : attacker.accessToken;
    const parts = { token, headers, body: method === 'GET' || method === 'HEAD' ? undefined : body };
    for (const [index, owner] of ownerNames.entries()) {
      const asked = `${path}?${owner}=${victim.person.id}`;
      // An operation without parameters reads none of them, so that a few will do.
      if (query !== undefined || index < 3) {
        await inject(`?${owner}`, name, halo.request(method, asked, parts), query !== undefined);
      }
      if (headers['content-type'] !== json['content-type'] || body === undefined) continue;
      // As text, since an object would not keep `__proto__`.
      const injected = `{${JSON.stringify(owner)}:${JSON.stringify(victim.person.id)},${body.slice(1)}`;
      await inject(`{${owner}}`, name, halo.request(method, path, { ...parts, body: injected }), true);
    }
    const owners = Object.fromEntries(ownerHeaders.map((header) => [header, victim.person.id]));
    await inject(
      'headers',
      name,
      halo.request(method, path, { ...parts, headers: { ...headers, ...owners } }),
      false,
    );
  }
  for (const owner of ownerNames) {
    const member = `${JSON.stringify(owner)}:${JSON.stringify(victim.person.id)}`;
    const commit = `{"mutations":[{"set":{"key":"a key","value":"x",${member}}}]}`;
    const parts = { token: attacker.accessToken, headers: json };
    await inject(
      'a mutation',
      'commit',
      halo.request('POST', '/v1/commit', { ...parts, body: commit }),
      true,
    );
    const line = `{"key":"planted","value":"x",${member}}\n`;
    const lines = { ...parts, headers: { 'content-type': ndjsonType }, body: line };
    await inject('a line', 'importStore', halo.request('POST', '/v1/import', lines), false);
  }
  console.log(`Owners named in bodies, queries and headers: ${faults.length} of ${sent} taken.`);
  expect(faults).toEqual([]);
  expect(await stateOf(victim)).toEqual(before);
  expect((await halo.get(attacker, 'planted')).status).toBe(404);
});
