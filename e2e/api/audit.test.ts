import { createHash } from 'node:crypto';
import { type AuditEvent, type Grant, limits, operations } from 'halo-contract';
import { expect, test } from 'vitest';
import { expectJson, goodPassword, haloAt, newName, type Person, personOf } from '../halo.js';
import { expectProblem } from '../problem.js';
import { securityOf, withToken } from '../security.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);
const security = securityOf(halo);

const wrongPassword = 'a password that nobody has here';
const nextPassword = 'a kettle under loud mountains';

const logIn = (name: string, password: string, device: string) =>
  halo.post(operations.logIn.path, { name, password }, { 'user-agent': device });

/**
 * Checks a whole trail, oldest first, by what the contract says of `hash` and nothing else. Returns the numbers
 * of the events that do not fit.
 */
function misfits(events: readonly AuditEvent[]): number[] {
  let previous = '0'.repeat(64);
  return events.flatMap((event, index) => {
    const { number, at, event: name, actor, session, subject, subject_name, device, address } = event;
    const text = JSON.stringify([number, at, name, actor, session, subject, subject_name, device, address]);
    const hash = createHash('sha256').update(Buffer.from(previous, 'hex')).update(text, 'utf8').digest('hex');
    const fits = number === index + 1 && event.previous_hash === previous && event.hash === hash;
    previous = event.hash;
    return fits ? [] : [number];
  });
}

/** A life in which everything happens that an owner or a stranger can bring about. */
async function live(): Promise<{ person: Person; secrets: string[]; ids: Record<string, string> }> {
  const first = await halo.signUp();
  const { name } = first;
  await expectProblem(await logIn(name, wrongPassword, 'A stranger'), 'unauthenticated');
  const person = personOf(await expectJson<Grant>(await logIn(name, goodPassword, 'A laptop'), 200));
  const phone = await halo.logIn(first);
  const child = personOf(await expectJson<Grant>(await halo.refresh(phone.refreshToken), 200));
  const grandchild = personOf(await expectJson<Grant>(await halo.refresh(child.refreshToken), 200));
  await expectProblem(await halo.refresh(phone.refreshToken), 'session-ended');
  await halo.logOut(first);
  const other = await halo.logIn(first);
  const { id: otherId } = await security.ownSession(other);
  await security.endSession(person, otherId);
  await security.endOtherSessions(person);
  const token = await security.createToken(person, { name: 'backup script' });
  const second = await security.createToken(person, { name: 'another' });
  await security.revoke(person, token.id);
  const wrong = { current: wrongPassword, next: nextPassword };
  await expectProblem(await security.changePassword(person, wrong), 'unauthenticated');
  await security.changePassword(person, { current: goodPassword, next: nextPassword, revokeTokens: true });
  await expectProblem(await security.deleteAccount(person, wrongPassword), 'unauthenticated');
  const { id: ownId } = await security.ownSession(person);
  const grants = [first, person, phone, child, grandchild, other];
  const secrets = [
    ...[goodPassword, wrongPassword, nextPassword, token.token, second.token],
    ...grants.flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken]),
  ];
  return { person, secrets, ids: { token: token.id, own: ownId, other: otherId } };
}

test('everything that happens to an account’s security is told, in order, with who and from where', async () => {
  const { person, ids } = await live();
  const events = await security.audit(person);
  expect(events.map(({ event, actor }) => `${event} by ${actor}`)).toEqual([
    'sign-up by owner',
    'log-in-failed by stranger',
    'log-in by owner',
    'log-in by owner',
    'refresh by owner',
    'refresh by owner',
    'refresh-replayed by stranger',
    'log-out by owner',
    'log-in by owner',
    'session-ended by owner',
    'other-sessions-ended by owner',
    'token-created by owner',
    'token-created by owner',
    'token-revoked by owner',
    'password-refused by stranger',
    'password-changed by owner',
    'tokens-revoked by owner',
    'password-refused by stranger',
  ]);
  const named = (name: string) => events.find(({ event }) => event === name);
  expect(named('log-in-failed')).toMatchObject({ session: null, subject: null, device: 'A stranger' });
  expect(named('log-in')).toMatchObject({ session: ids.own, device: 'A laptop' });
  expect(named('session-ended')).toMatchObject({ session: ids.own, subject: ids.other });
  expect(named('token-revoked')).toMatchObject({ subject: ids.token, subject_name: 'backup script' });
  for (const { at, address } of events) {
    expect(address).toMatch(/^(127\.0\.0\.1|::1|::ffff:127\.0\.0\.1)$/);
    expect(Math.abs(Date.now() - Date.parse(at))).toBeLessThan(60_000);
  }
  const times = events.map(({ at }) => at);
  expect(times).toEqual(times.toSorted());
});

test('each event carries the hash of the one before, so that a change shows', async () => {
  const { person } = await live();
  const events = await security.audit(person);
  expect(misfits(events)).toEqual([]);
  const spoil = (index: number, change: Partial<AuditEvent>) =>
    events.map((event, at) => (at === index ? { ...event, ...change } : event));
  expect(misfits(spoil(3, { device: 'Another' }))).toEqual([4]);
  expect(misfits(spoil(3, { address: null }))).toEqual([4]);
  expect(misfits(spoil(3, { hash: '0'.repeat(64) }))).toEqual([4, 5]);
  expect(misfits(events.toSpliced(3, 1))).toContain(5);
  expect(misfits([...events.slice(0, 3), ...events.slice(3, 5).reverse(), ...events.slice(5)])).toContain(5);
});

test('no secret is in the trail, and nothing that a stranger typed but the device', async () => {
  const { person, secrets } = await live();
  await logIn(person.name.toUpperCase(), wrongPassword, 'A stranger');
  const text = JSON.stringify(await security.audit(person));
  for (const secret of secrets) expect(text).not.toContain(secret);
  // The last stretch is what a token proves itself with.
  for (const secret of secrets) expect(text).not.toContain(secret.slice(-24));
  expect(text).not.toContain(person.name.toUpperCase());
  expect(text).toContain('backup script');
});

test('whoever tries names that nobody has leaves nothing in anybody’s trail', async () => {
  const person = await halo.signUp();
  const before = await security.audit(person);
  const typed = [newName(), `${person.name}x`, wrongPassword];
  for (const name of typed)
    await expectProblem(await logIn(name, wrongPassword, 'A stranger'), 'unauthenticated');
  expect(await security.audit(person)).toEqual(before);
});

test('pages are newest first, overlap nowhere and leave nothing out, while more happens', async () => {
  const person = await halo.signUp();
  for (let count = 0; count < 12; count += 1) await security.createToken(person, { name: `${count}` });
  const numbers: number[] = [];
  for (let query = 'limit=5'; ; ) {
    const { events, cursor } = await security.auditPage(person, query);
    numbers.push(...events.map(({ number }) => number));
    await security.createToken(person);
    if (cursor === null) break;
    expect(events).toHaveLength(5);
    query = `limit=5&cursor=${cursor}`;
  }
  expect(numbers).toEqual(Array.from({ length: 13 }, (_, index) => 13 - index));
  const { events, cursor } = await security.auditPage(person);
  expect([events.length, cursor]).toEqual([16, null]);
  const exact = await security.auditPage(person, 'limit=16');
  expect([exact.events.length, exact.cursor]).toEqual([16, null]);
});

test.for([
  ['limit=0', '/limit'],
  [`limit=${limits.auditListMax + 1}`, '/limit'],
  ['limit=x', '/limit'],
  ['limit=1&limit=2', '/limit'],
  ['cursor=', '/cursor'],
  ['cursor=0', '/cursor'],
  ['cursor=-1', '/cursor'],
  ['cursor=1.5', '/cursor'],
  ['cursor=99999999999999999999', '/cursor'],
  ['cursor=%00', '/cursor'],
  ['account_id=1', '/account_id'],
] as const)('the query %s is refused', async ([query, pointer]) => {
  const person = await halo.signUp();
  const response = await security.ask(person, 'GET', `${operations.listAudit.path}?${query}`);
  await expectProblem(response, 'invalid-request', { pointer });
});

test('a cursor of one account shows another nothing but its own', async () => {
  const [one, two] = [await halo.signUp(), await halo.signUp()];
  for (let count = 0; count < 3; count += 1) await security.createToken(one, { name: 'of one' });
  const { cursor } = await security.auditPage(one, 'limit=1');
  const { events } = await security.auditPage(two, `cursor=${cursor}`);
  expect(events.map(({ event }) => event)).toEqual(['sign-up']);
});

test('what happens at once is numbered without a gap, in one chain', async () => {
  const person = await halo.signUp();
  const work = Array.from({ length: 20 }, (_, index) => {
    if (index % 3 === 0) return logIn(person.name, goodPassword, 'A laptop');
    if (index % 3 === 1) return security.sendToken(person, { name: `${index}`, access: 'read' });
    return security.endOtherSessions(withToken(person, { token: person.accessToken }));
  });
  for (const { ok } of await Promise.all(work)) expect(ok).toBe(true);
  const events = await security.audit(person);
  expect(events).toHaveLength(21);
  expect(misfits(events)).toEqual([]);
});
