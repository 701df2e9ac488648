import { type Grant, ndjsonType, operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { expectJson, goodPassword, haloAt, type Person, personOf } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';
import { pathWithId, securityOf } from '../security.js';

const server = await startHalo();
const halo = haloAt(server.url);
const security = securityOf(halo);
afterAll(() => server.stop());

const post = (path: string, body: unknown) => (person: Person) =>
  halo.post(path, body, { authorization: `Bearer ${person.accessToken}` });
const deleteAt =
  (path: string, body?: unknown) =>
  (person: Person): Promise<Response> =>
    security.ask(person, 'DELETE', path, body);
const getAt =
  (path: string) =>
  ({ accessToken: token }: Person) =>
    halo.request('GET', path, { token });
const entryLine = '{"key":"key","value":"x"}\n';

/** Every operation that takes a credential, as one person would call it. */
const requests: Readonly<Record<string, (person: Person) => Promise<Response>>> = {
  getKey: (person) => halo.get(person, 'key'),
  putKey: (person) => halo.put(person, 'key', 'overwritten'),
  deleteKey: (person) => halo.delete(person, 'key'),
  listKeys: (person) => halo.list(person),
  getAccount: ({ accessToken: token }) => halo.request('GET', operations.getAccount.path, { token }),
  dryRun: (person) => halo.put(person, 'key', 'x', { query: 'dry_run=true' }),
  read: post(operations.read.path, { keys: ['key'] }),
  commit: post(operations.commit.path, { mutations: [{ set: { key: 'key', value: 'x' } }] }),
  undo: post(operations.undo.path, { revision: 1 }),
  getHistory: getAt('/v1/history/key'),
  listTrash: getAt(operations.listTrash.path),
  purgeKey: (person) => halo.purge(person, 'key'),
  listChanges: getAt(operations.listChanges.path),
  exportStore: getAt(operations.exportStore.path),
  importStore: ({ accessToken: token }) => {
    const headers = { 'content-type': ndjsonType };
    return halo.request('POST', operations.importStore.path, { token, headers, body: entryLine });
  },
  getUsage: getAt(operations.getUsage.path),
  changePassword: post(operations.changePassword.path, {
    current_password: goodPassword,
    new_password: 'a kettle under loud mountains',
  }),
  deleteAccount: deleteAt(operations.deleteAccount.path, { password: goodPassword }),
  listSessions: getAt(operations.listSessions.path),
  endSession: deleteAt(pathWithId('endSession', 'AAAAAAAAAAAAAAAA')),
  endOtherSessions: deleteAt(operations.endOtherSessions.path),
  listTokens: getAt(operations.listTokens.path),
  createToken: post(operations.createToken.path, { name: 'a token', access: 'read' }),
  revokeToken: deleteAt(pathWithId('revokeToken', 'AAAAAAAAAAAAAAAA')),
  listAudit: getAt(operations.listAudit.path),
  logOut: (person) => halo.logOut(person),
};

test('logging out is immediate for every operation and touches no other session', async () => {
  const person = await halo.signUp();
  const leaving = await halo.logIn(person);
  await halo.set(person, 'key', 'value');
  // Used before, so that whatever the server remembers of the token has to be forgotten.
  for (const name of ['getKey', 'listKeys', 'getAccount'])
    expect((await requests[name]?.(leaving))?.ok).toBe(true);
  expect((await halo.logOut(leaving)).status).toBe(204);
  for (const send of Object.values(requests)) await expectProblem(await send(leaving), 'session-ended');
  expect((await halo.head(leaving, 'key')).status).toBe(401);
  expect((await halo.read(person, 'key')).toString()).toBe('value');
  expect((await halo.account(person)).revision).toBe(1);
  expect(await security.tokens(person)).toEqual([]);
  expect((await security.sessions(person)).map(({ current }) => current)).toEqual([true]);
});

test('every operation that takes a credential is among those tested for log-out', () => {
  const authenticated = Object.values(operations).filter((operation) => operation.authenticated);
  const tested = [...Object.keys(requests), 'headKey'];
  expect(authenticated.map(({ id }) => id).filter((id) => !tested.includes(id))).toEqual([]);
});

test('nothing that is sent after a log-out was answered gets through, however busy the session is', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value');
  for (let round = 0; round < 5; round += 1) {
    const session = await halo.logIn(person);
    let loggedOut = false;
    const reader = async (): Promise<void> => {
      for (;;) {
        const isAfter = loggedOut;
        const { status } = await halo.get(session, 'key');
        if (isAfter) return expect(status).toBe(401);
        expect([200, 401]).toContain(status);
      }
    };
    const readers = Array.from({ length: 8 }, reader);
    await halo.get(session, 'key');
    expect((await halo.logOut(session)).status).toBe(204);
    loggedOut = true;
    await Promise.all(readers);
  }
});

test('a refresh token is refused after log-out', async () => {
  const person = await halo.signUp();
  await halo.logOut(person);
  await expectProblem(await halo.refresh(person.refreshToken), 'session-ended');
});

test('a refresh keeps the session and its data and hands out new tokens', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value');
  const child = await refreshed(person);
  expect(child).toMatchObject({ id: person.id, name: person.name });
  expect([child.accessToken, child.refreshToken]).not.toContain(person.accessToken);
  expect(child.refreshToken).not.toBe(person.refreshToken);
  expect((await halo.read(child, 'key')).toString()).toBe('value');
  expect((await halo.logOut(child)).status).toBe(204);
  // One session: what the parent held ends with it.
  await expectProblem(await halo.get(person, 'key'), 'session-ended');
});

test('the immediate parent is honoured for a moment and gets the same child', async () => {
  const person = await halo.signUp();
  const child = await refreshed(person);
  const twin = await refreshed(person);
  expect(twin.refreshToken).toBe(child.refreshToken);
  expect((await halo.list(twin)).status).toBe(200);
});

test('an older refresh token ends the session, for its thief and its owner alike', async () => {
  const person = await halo.signUp();
  const other = await halo.logIn(person);
  const grandchild = await refreshed(await refreshed(person));
  await expectProblem(await halo.refresh(person.refreshToken), 'session-ended');
  await expectProblem(await halo.list(grandchild), 'session-ended');
  await expectProblem(await halo.list(person), 'session-ended');
  await expectProblem(await halo.refresh(grandchild.refreshToken), 'session-ended');
  expect((await halo.list(other)).status).toBe(200);
});

test('50 parallel refreshes with one token make exactly one child', async () => {
  const person = await halo.signUp();
  const children = await Promise.all(Array.from({ length: 50 }, () => refreshed(person)));
  expect(new Set(children.map(({ refreshToken }) => refreshToken)).size).toBe(1);
  const [child] = children;
  if (child === undefined) throw new Error('There is no child.');
  expect((await halo.list(child)).status).toBe(200);
  expect((await halo.refresh(child.refreshToken)).status).toBe(200);
});

test('of a log-out and refreshes at the same time the log-out wins', async () => {
  for (let round = 0; round < 5; round += 1) {
    const person = await halo.signUp();
    const racing = Promise.all(Array.from({ length: 5 }, () => halo.refresh(person.refreshToken)));
    expect((await halo.logOut(person)).status).toBe(204);
    for (const response of await racing) {
      if (response.status === 200) {
        const child = personOf((await response.json()) as Grant);
        await expectProblem(await halo.list(child), 'session-ended');
      } else await expectProblem(response, 'session-ended');
    }
  }
});

test('what is no refresh token is refused and harms no session', async () => {
  const person = await halo.signUp();
  const { refreshToken, accessToken } = person;
  const middle = Math.floor(refreshToken.length / 2);
  const flipped = refreshToken[middle] === 'A' ? 'B' : 'A';
  const wrong = [
    '',
    'x',
    accessToken,
    `${refreshToken}x`,
    ` ${refreshToken}`,
    refreshToken.slice(0, -1),
    refreshToken.slice(0, middle) + flipped + refreshToken.slice(middle + 1),
    refreshToken.toUpperCase(),
    '\0',
    '🙂',
  ];
  for (const token of wrong) await expectProblem(await halo.refresh(token), 'unauthenticated');
  expect((await halo.refresh(refreshToken)).status).toBe(200);
});

test('a refresh token opens nothing else', async () => {
  const person = await halo.signUp();
  const response = await halo.list({ ...person, accessToken: person.refreshToken });
  await expectProblem(response, 'unauthenticated');
});

async function refreshed(person: Person): Promise<Person> {
  const response = await halo.refresh(person.refreshToken);
  return personOf(await expectJson<Grant>(response, 200), person.password);
}
