import type { Grant } from 'halo-contract';
import { expect, test } from 'vitest';
import { expectJson, goodPassword, type Headers, haloAt, newName, personOf } from '../halo.js';
import { expectProblem } from '../problem.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);

const sameOrigin = { origin: server.url, 'sec-fetch-site': 'same-origin' };
/** What a browser sends when TLS ends at a proxy in front of Halo. */
const behindTls = { ...sameOrigin, origin: server.url.replace('http:', 'https:') };

interface Cookie {
  readonly name: string;
  readonly value: string;
  /** In lower case, with the values of those that have one. */
  readonly attributes: ReadonlyMap<string, string>;
}

test('the cookie is out of reach of scripts and other sites, and the token is not in the body', async () => {
  for (const [path, status] of [
    ['/v1/auth/sign-up', 201],
    ['/v1/auth/log-in', 200],
  ] as const) {
    const person = await halo.signUp();
    const name = path.endsWith('sign-up') ? newName() : person.name;
    const response = await halo.post(path, { name, password: goodPassword, cookie: true }, sameOrigin);
    const { name: cookieName, value, attributes } = cookieOf(response);
    expect(await expectJson<Grant>(response, status)).not.toHaveProperty('refresh_token');
    expect(cookieName).not.toMatch(/^__/);
    expect(value.length).toBeGreaterThan(32);
    expect([...attributes.keys()].sort()).toEqual(['expires', 'httponly', 'path', 'samesite']);
    expect([attributes.get('path'), attributes.get('samesite')?.toLowerCase()]).toEqual(['/', 'strict']);
    const days = (Date.parse(attributes.get('expires') ?? '') - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThan(30.1);
  }
});

test('behind TLS the cookie is Secure and bound to this host', async () => {
  const { cookie } = await logIn(behindTls);
  expect(cookie.name).toMatch(/^__Host-/);
  expect([...cookie.attributes.keys()].sort()).toEqual(['expires', 'httponly', 'path', 'samesite', 'secure']);
  expect(cookie.attributes.get('path')).toBe('/');
  const refreshed = await refresh(cookie, behindTls);
  expect(refreshed.status).toBe(200);
  expect(cookieOf(refreshed).name).toBe(cookie.name);
});

test('a refresh by cookie rotates it, and the one before the last ends the session', async () => {
  const { cookie } = await logIn();
  const first = await refresh(cookie);
  const child = cookieOf(first);
  expect(child.name).toBe(cookie.name);
  expect(child.value).not.toBe(cookie.value);
  const grant = await expectJson<Grant>(first, 200);
  expect(grant).not.toHaveProperty('refresh_token');
  expect((await refresh(child)).status).toBe(200);
  await expectProblem(await refresh(cookie), 'session-ended');
  await expectProblem(await halo.list(personOf(grant)), 'session-ended');
});

const foreign: readonly (readonly [who: string, headers: Headers])[] = [
  ['another site', { 'sec-fetch-site': 'cross-site' }],
  ['another site that claims our origin', { ...sameOrigin, 'sec-fetch-site': 'cross-site' }],
  ['a sibling domain', { 'sec-fetch-site': 'same-site' }],
  ['another origin in an older browser', { origin: 'http://evil.example' }],
  ['another port in an older browser', { origin: 'http://localhost:1' }],
  ['a host that begins like ours', { origin: `${server.url}.evil.example` }],
  ['a sandboxed page in an older browser', { origin: 'null' }],
  ['nobody who says where from', {}],
];

test.for(foreign)('the cookie is refused to %s', async ([, headers]) => {
  const { cookie, person } = await logIn();
  const credentials = { name: person.name, password: goodPassword, cookie: true };
  const refusals = [
    await refresh(cookie, headers),
    await halo.post('/v1/auth/log-in', credentials, headers),
    await halo.post('/v1/auth/sign-up', { ...credentials, name: newName() }, headers),
  ];
  for (const response of refusals) {
    expect(response.headers.has('set-cookie')).toBe(false);
    await expectProblem(response, 'cross-site');
  }
});

test('an older browser without Sec-Fetch-Site is known by its Origin', async () => {
  const { cookie } = await logIn();
  expect((await refresh(cookie, { origin: server.url })).status).toBe(200);
});

test('a refresh that relies on a cookie it does not have is refused', async () => {
  const response = await halo.post('/v1/auth/refresh', { cookie: true }, sameOrigin);
  await expectProblem(response, 'unauthenticated');
});

test('logging out clears the cookie', async () => {
  const { cookie, person } = await logIn();
  const headers = { ...sameOrigin, cookie: `${cookie.name}=${cookie.value}` };
  const response = await halo.request('POST', '/v1/auth/log-out', { token: person.accessToken, headers });
  expect(response.status).toBe(204);
  const cleared = cookieOf(response);
  expect([cleared.name, cleared.value, cleared.attributes.get('path')]).toEqual([cookie.name, '', '/']);
  const isOver =
    cleared.attributes.get('max-age') === '0' ||
    Date.parse(cleared.attributes.get('expires') ?? '') < Date.now();
  expect(isOver).toBe(true);
  await expectProblem(await refresh(cookie), 'session-ended');
});

test('a browser may log out by its cookie alone', async () => {
  const { cookie, person } = await logIn();
  const headers = { ...sameOrigin, cookie: `${cookie.name}=${cookie.value}` };
  const response = await halo.request('POST', '/v1/auth/log-out', { headers });
  expect(response.status).toBe(204);
  expect(cookieOf(response).value).toBe('');
  await expectProblem(await halo.list(person), 'session-ended');
});

test('the cookie alone opens no data', async () => {
  const { cookie } = await logIn();
  const headers = { ...sameOrigin, cookie: `${cookie.name}=${cookie.value}` };
  for (const path of ['/v1/keys', '/v1/keys/key', '/v1/account']) {
    await expectProblem(await halo.request('GET', path, { headers }), 'unauthenticated');
  }
});

test('without being asked for, no cookie is set', async () => {
  const person = await halo.signUp();
  const credentials = { name: person.name, password: goodPassword };
  for (const body of [credentials, { ...credentials, cookie: false }]) {
    const response = await halo.post('/v1/auth/log-in', body, sameOrigin);
    expect(response.headers.has('set-cookie')).toBe(false);
    expect(await expectJson<Grant>(response, 200)).toHaveProperty('refresh_token');
  }
});

async function logIn(headers: Headers = sameOrigin) {
  const { name, password } = await halo.signUp();
  const response = await halo.post('/v1/auth/log-in', { name, password, cookie: true }, headers);
  return { cookie: cookieOf(response), person: personOf(await expectJson<Grant>(response, 200)) };
}

function refresh({ name, value }: Cookie, headers: Headers = sameOrigin): Promise<Response> {
  return halo.post('/v1/auth/refresh', { cookie: true }, { ...headers, cookie: `${name}=${value}` });
}

/** The one cookie that an answer sets. */
function cookieOf({ headers }: Response): Cookie {
  const [line, ...others] = headers.getSetCookie();
  if (line === undefined || others.length > 0) throw new Error(`${others.length + 1} cookies: ${line}`);
  const [pair = '', ...attributes] = line.split('; ');
  const equals = pair.indexOf('=');
  return {
    name: pair.slice(0, equals),
    value: pair.slice(equals + 1),
    attributes: new Map(
      attributes.map((attribute) => {
        const [name = '', value = ''] = attribute.split('=');
        return [name.toLowerCase(), value];
      }),
    ),
  };
}
