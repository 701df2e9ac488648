import { randomBytes } from 'node:crypto';
import { type Grant, ndjsonType, operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { commitsOf } from '../commits.js';
import { openChanges } from '../event-source.js';
import { expectJson, newName, type Person, personOf } from '../halo.js';
import { requestLines, sendRaw } from '../raw-socket.js';
import { securityOf, withToken } from '../security.js';
import { startCollector } from './collector.js';
import { startTwoServers } from './two-servers.js';

const operatorSecret = `operator ${randomBytes(24).toString('hex')}`;
const collector = await startCollector();
const two = await startTwoServers({
  HALO_SECRET: operatorSecret,
  HALO_LOG: 'trace',
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
});
afterAll(async () => {
  await two.stop();
  await collector.close();
});

const [one, other] = two.halos;

/** A text that stands nowhere by chance. */
const mark = (what: string) => `${what}-${randomBytes(9).toString('hex')}`;

/** Never in plain form, neither in the database nor in a log. */
const secrets = new Map<string, string>([['the operator’s secret', operatorSecret]]);
/** What people keep: in the database, but in no log. */
const contents = new Map<string, string>();

const secret = (what: string): string => remember(secrets, what, mark('a password of some length'));
const content = (what: string): string => remember(contents, what, mark('content'));

function remember(among: Map<string, string>, what: string, text: string): string {
  among.set(`${what} ${among.size}`, text);
  return text;
}

/** A session's credentials, with the secret part of its refresh token by itself. */
function rememberGrant(person: Person): Person {
  remember(secrets, 'access token', person.accessToken);
  remember(secrets, 'access token’s signature', person.accessToken.split('.')[2] ?? '');
  rememberSecretPart(person.refreshToken, 'halort_');
  return person;
}

function rememberSecretPart(token: string, prefix: string): void {
  remember(secrets, 'token', token);
  const part = Buffer.from(token.slice(prefix.length), 'base64url').subarray(20, 52);
  remember(secrets, 'secret part of a token in hexadecimal', part.toString('hex'));
  remember(secrets, 'secret part of a token', part.toString('base64url'));
}

/** A text as it is, encoded at each of the places that base64 tells apart, and all that backwards. */
function formsOf(text: string): string[] {
  const backwards = [...text].reverse().join('');
  const encoded = [text, backwards].flatMap((each) => {
    const bytes = Buffer.from(each);
    const shifted = [0, 1, 2].map((shift) => {
      const base64 = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
      // The first and last characters also carry bits of the neighbours.
      return base64
        .slice(shift === 0 ? 0 : 4)
        .replace(/=+$/, '')
        .slice(0, -2);
    });
    const inUrls = shifted.map((base64) => base64.replaceAll('+', '-').replaceAll('/', '_'));
    return [each, encodeURIComponent(each), bytes.toString('hex'), ...shifted, ...inUrls];
  });
  return [...new Set([...encoded, ...encoded.map((each) => [...each].reverse().join(''))])];
}

/** Which of the texts are found, in whatever form. */
function found(sought: ReadonlyMap<string, string>, where: string): string[] {
  const lower = where.toLowerCase();
  return [...sought].flatMap(([what, text]) =>
    formsOf(text).some((form) => where.includes(form) || lower.includes(form.toLowerCase())) ? [what] : [],
  );
}

async function comeAndGo(): Promise<void> {
  const [password, next] = [secret('password'), secret('new password')];
  const name = newName();
  const person = rememberGrant(await one.signUp(name, password));
  await one.post(operations.logIn.path, { name, password: secret('wrong password') });
  await one.post(operations.logIn.path, { name: secret('password typed as a name'), password });
  await one.post(operations.signUp.path, { name: `${secret('password typed as a name')}!`, password });
  await one.post(operations.signUp.path, { name: newName(), password: secret('password').slice(0, 11) });
  const session = rememberGrant(await other.logIn({ name, password }));
  const child = rememberGrant(
    personOf(await expectJson<Grant>(await one.refresh(session.refreshToken), 200)),
  );
  await other.refresh(child.refreshToken.replace(/.$/, 'A'));
  const sameOrigin = { 'sec-fetch-site': 'same-origin' };
  const inCookie = await one.post(operations.logIn.path, { name, password, cookie: true }, sameOrigin);
  const [, cookie = ''] = /=([^;]+)/.exec(inCookie.headers.get('set-cookie') ?? '') ?? [];
  rememberSecretPart(cookie, 'halort_');
  await one.request('POST', operations.logOut.path, {
    headers: { ...sameOrigin, cookie: `halo_session=${cookie}` },
  });
  const security = securityOf(one);
  const token = await security.createToken(person);
  rememberSecretPart(token.token, 'halo_');
  await other.list(withToken(person, token));
  await other.list({ ...person, accessToken: `${person.accessToken}x` });
  await other.list({ ...person, accessToken: `${token.token}x` });
  await one.request('GET', `/v1/account?access_token=${person.accessToken}`);
  await security.changePassword(person, { current: secret('wrong password'), next });
  await security.changePassword(person, { current: password, next });
  await security.revoke(person, token.id);
  await one.logOut(person);
  await securityOf(other).deleteAccount(rememberGrant(await other.signUp(newName(), next)), next);
}

async function keepThings(): Promise<void> {
  const person = rememberGrant(await one.signUp(newName(), secret('password')));
  const { accessToken: token } = person;
  const headers = { 'halo-metadata': JSON.stringify({ mark: content('metadata') }) };
  const key = content('key');
  await one.set(person, key, content('value'), { headers });
  await one.get(person, content('absent key'));
  await one.put(person, content('key'), 'x', {
    headers: { 'halo-metadata': `{"broken ${content('metadata')}` },
  });
  await one.put(person, content('key'), 'x', { query: `owner=${content('parameter')}` });
  await one.put(person, content('key'), 'x', { headers: { 'content-type': content('content type') } });
  await one.list(person, `prefix=${content('prefix')}&cursor=${content('cursor')}`);
  await commitsOf(other).send(person, {
    idempotency_key: content('idempotency key'),
    mutations: [{ set: { key: content('key'), value: content('value') } }, { add: { key, by: '1' } }],
  });
  await one.request('POST', operations.importStore.path, {
    token,
    headers: { 'content-type': ndjsonType },
    body: `${JSON.stringify({ key: content('key'), value: content('value') })}\n{"broken ${content('line')}\n`,
  });
  const stream = await openChanges(two.servers[1].url, person, { query: `prefix=${content('prefix')}` });
  stream.close();
  for (const path of ['/v1/commit', '/v1/auth/log-in', '/v1/tokens', '/v1/account/password']) {
    const json = { 'content-type': 'application/json' };
    await one.request('POST', path, { token, headers: json, body: `{"password":"${secret('broken body')}` });
    await one.request('POST', path, { token, headers: json, body: `{"${content('member')}":1}` });
  }
  await one.request('GET', `/v1/nothing/${content('path')}?x=${content('parameter')}`, { token });
  await sendRaw(
    two.servers[0].port,
    requestLines(`GET /${content('path')} HTTP/9`, `Authorization: Bearer ${token}`),
  );
  await sendRaw(two.servers[0].port, `${content('garbage')}\r\n\r\n`);
}

/** PostgreSQL names the values at fault in what it says of a failure. */
async function breakTables(): Promise<void> {
  const person = rememberGrant(await one.signUp(newName(), secret('password')));
  await two.postgres.query(`
    alter table versions add constraint spoiled check (key not like 'spoiled%') not valid;
    alter table accounts add constraint spoiled check (name not like 'spoiled%') not valid;
    alter table sessions add constraint spoiled check (name not like 'spoiled%') not valid`);
  const response = await one.put(person, `spoiled ${content('key')}`, content('value'));
  expect(response.status).toBe(500);
  const told = await response.text();
  const name = `spoiled.${content('name')}`.slice(0, 40);
  expect((await one.post(operations.signUp.path, { name, password: secret('password') })).status).toBe(500);
  const made = await securityOf(one).sendToken(person, { name: 'spoiled', access: 'read' });
  expect(made.status).toBe(500);
  await two.postgres.query(`
    alter table versions drop constraint spoiled;
    alter table accounts drop constraint spoiled;
    alter table sessions drop constraint spoiled`);
  expect(found(contents, told)).toEqual([]);
}

test('no secret is in a dump or a log, and nothing that people keep is in a log', async () => {
  await comeAndGo();
  await keepThings();
  await breakTables();
  const scrapes = await Promise.all(
    two.halos.map(async (halo) => (await halo.request('GET', '/metrics')).text()),
  );
  for (const server of two.servers) expect(await server.terminate()).toBe(0);
  const printed = two.servers.map((server) => server.output()).join('\n');
  const log = [printed, ...scrapes, collector.bodies()].join('\n');
  const dump = await two.postgres.dump();
  const [inDump, inLog, contentInLog] = [found(secrets, dump), found(secrets, log), found(contents, log)];
  console.log(
    `Of ${secrets.size} secrets in plain or encoded form, ${inDump.length} are in a dump of ${kib(dump)} KiB and ` +
      `${inLog.length} in ${kib(log)} KiB of logs, metrics and traces; of ${contents.size} pieces of content, ${contentInLog.length} are there.`,
  );
  expect([inDump, inLog, contentInLog]).toEqual([[], [], []]);
  // Proves that failures were logged, that the search finds what is there, and that it finds all forms of it.
  expect(printed).toContain('spoiled');
  expect(scrapes.join()).toContain('halo_http_requests_total{method="PUT"');
  expect(collector.spans().length).toBeGreaterThan(50);
  expect(found(contents, dump).length).toBeGreaterThanOrEqual(5);
  const planted = mark('planted');
  for (const form of formsOf(planted)) {
    expect(found(new Map([['it', planted]]), `${log} before ${form} behind`)).toEqual(['it']);
  }
  for (const form of [
    planted,
    Buffer.from(planted).toString('hex'),
    Buffer.from(planted).toString('base64'),
  ]) {
    await two.postgres.query(`insert into settings values ('planted', '${form}')`);
    expect(found(new Map([['it', planted]]), await two.postgres.dump())).toEqual(['it']);
    await two.postgres.query(`delete from settings where name = 'planted'`);
  }
});

function kib(text: string): number {
  return Math.round(text.length / 1024);
}
