import { type Operation, operationNames, operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { openChanges } from '../event-source.js';
import { forgedApiToken } from '../forged-token.js';
import { expectJson, haloAt, type Person } from '../halo.js';
import { runHalo, startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';
import { until } from '../until.js';

const quota = 10;
/** So long that nothing comes back while a test runs. */
const hour = 3_600;
const [server, brief, unlimited] = await Promise.all([
  startHalo({ env: { HALO_RATE_LIMIT: `${quota}/${hour}` } }),
  startHalo({ env: { HALO_RATE_LIMIT: '5/1' } }),
  startHalo(),
]);
const halo = haloAt(server.url);
afterAll(() => Promise.all([server, brief, unlimited].map((each) => each.stop())));

test('an account has exactly its quota, over all kinds of requests', async () => {
  const person = await halo.signUp();
  const { accessToken: token } = person;
  const requests = [
    () => halo.put(person, 'key', 'value'),
    () => halo.get(person, 'key'),
    () => halo.head(person, 'key'),
    () => halo.get(person, 'key', { headers: { 'if-none-match': '"1"' } }),
    () => halo.get(person, 'absent'),
    () => halo.list(person),
    () => halo.request('GET', '/v1/keys?limit=x', { token }),
    () => halo.request('GET', '/v1/nothing', { token }),
    () => halo.request('GET', '/v1/account', { token }),
    async () => {
      const stream = await openChanges(server.url, person);
      stream.close();
      return stream.response;
    },
  ];
  expect(requests).toHaveLength(quota);
  for (const [index, request] of requests.entries()) {
    const { status, headers } = await request();
    expect([index, status < 429, headers.get('ratelimit-policy')]).toEqual([
      index,
      true,
      `"default";q=${quota};w=${hour}`,
    ]);
    expect(headers.get('ratelimit')).toMatch(new RegExp(`^"default";r=${quota - 1 - index};t=\\d+$`));
  }
  for (const request of requests.slice(0, 9)) {
    const response = await request();
    const retryAfter = Number(response.headers.get('retry-after'));
    expect(response.status).toBe(429);
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(hour / quota);
    expect(response.headers.get('ratelimit')).toBe(`"default";r=0;t=${retryAfter}`);
  }
  await expectProblem(await halo.get(person, 'key'), 'rate-limited');
  expect((await halo.logIn(person)).id).toBe(person.id);
});

test('requests at the same time have no more than the quota between them', async () => {
  const person = await halo.signUp();
  const answers = await Promise.all(Array.from({ length: 50 }, () => halo.put(person, 'key', 'value')));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(50 - quota);
});

test('all sessions of an account share its quota, and other accounts have their own', async () => {
  const [one, two] = [await halo.signUp(), await halo.signUp()];
  const again = await halo.logIn(one);
  for (let i = 0; i < quota / 2; i++) {
    expect((await halo.list(one)).status).toBe(200);
    expect((await halo.list(again)).status).toBe(200);
  }
  for (const person of [one, again]) await expectProblem(await halo.list(person), 'rate-limited');
  expect(await leftOf(two)).toBe(quota - 1);
});

test('an account that is flooded can still be logged out', async () => {
  const person = await halo.signUp();
  const other = await halo.logIn(person);
  for (let i = 0; i < quota; i++) await halo.list(other);
  await expectProblem(await halo.list(person), 'rate-limited');
  expect((await halo.logOut(other)).status).toBe(204);
  // That it was let through gives nobody more than the quota.
  await expectProblem(await halo.list(person), 'rate-limited');
  await expectProblem(await halo.refresh(other.refreshToken), 'session-ended');
});

test('requests of a session that has ended are given back', async () => {
  const person = await halo.signUp();
  const ended = await halo.logIn(person);
  await halo.logOut(ended);
  for (let i = 0; i < 2 * quota; i++) {
    const response = await halo.list(ended);
    expect(response.headers.has('ratelimit')).toBe(false);
    await expectProblem(response, 'session-ended');
  }
  // Logging out was a request like any other.
  expect(await leftOf(person)).toBe(quota - 2);
});

/** Paths that are refused before anybody is asked, and those that are not. */
const variants = [
  '',
  '?limit=x',
  '?since=-1',
  '?revision=0',
  '?dry_run=true',
  '/a',
  '/%00',
  '/%zz',
  '/../a',
  '/a?x',
];

test('tokens that are made up use nothing up, learn nothing, and are not limited', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'a', 'value');
  const headersOf = () => ({ authorization: `Bearer ${forgedApiToken(person.id)}` });
  // Proves that the token names the account: only its session cannot be found.
  await expectProblem(await halo.request('GET', '/v1/keys/a', { headers: headersOf() }), 'session-ended');
  const statuses = new Set<number>();
  for (const name of operationNames) {
    const { method, path }: Operation = operations[name];
    for (const variant of variants) {
      const target = path.replace('/{key}', '').replace('/{id}', '') + variant;
      for (const type of ['application/json', 'text/plain']) {
        const headers = { ...headersOf(), 'content-type': type };
        const body = method === 'GET' || method === 'HEAD' ? undefined : '{}';
        const response = await halo.request(method, target, { headers, body });
        expect(response.headers.has('ratelimit')).toBe(false);
        statuses.add(response.status);
        await response.body?.cancel();
      }
    }
  }
  // Also answers other than 401, from which it must not be concluded that a credential is good.
  expect([...statuses].sort()).toEqual(expect.arrayContaining([200, 400, 401, 404, 415]));
  expect(statuses).not.toContain(429);
  expect(await leftOf(person)).toBe(quota - 2);
  for (let i = 0; i < quota; i++) await halo.list(person);
  await expectProblem(await halo.list(person), 'rate-limited');
  await expectProblem(await halo.request('GET', '/v1/keys/a', { headers: headersOf() }), 'session-ended');
});

test('what proves nothing is not limited, and told nothing', async () => {
  for (const authorization of [undefined, 'Bearer nonsense', 'Basic YTpi', `Bearer ${'a.b.c'}`]) {
    const headers = authorization === undefined ? {} : { authorization };
    for (let i = 0; i < 2 * quota; i++) {
      const response = await halo.request('GET', '/v1/keys/key', { headers });
      expect(response.headers.has('ratelimit')).toBe(false);
      await expectProblem(response, 'unauthenticated');
    }
    expect((await halo.request('GET', '/health/live', { headers })).status).toBe(200);
  }
});

test('refusals are counted among the metrics', async () => {
  const refusals = async () => {
    const text = await (await halo.request('GET', '/metrics')).text();
    return Number(/^halo_throttled_total\{rule="requests"\} (\d+)$/m.exec(text)?.[1] ?? 0);
  };
  const before = await refusals();
  const person = await halo.signUp();
  for (let i = 0; i < quota + 3; i++) await halo.list(person);
  expect(await refusals()).toBe(before + 3);
});

test('time gives back what was used, and the wait that is named is enough', async () => {
  const quick = haloAt(brief.url);
  const person = await quick.signUp();
  const refused = await until('A refusal', async () => {
    const response = await quick.list(person);
    return response.status === 429 && response;
  });
  const waitMs = Number(refused.headers.get('retry-after')) * 1_000;
  const since = performance.now();
  await until('The time that was named', () => performance.now() - since >= waitMs);
  expect((await quick.list(person)).status).toBe(200);
});

test('without a limit set, none is there', async () => {
  const free = haloAt(unlimited.url);
  const person = await free.signUp();
  for (let i = 0; i < 3 * quota; i++) {
    const { status, headers } = await free.list(person);
    expect([status, headers.get('ratelimit'), headers.get('ratelimit-policy')]).toEqual([200, null, null]);
  }
});

test('Halo does not start with a limit that cannot be read', async () => {
  const { code, output } = await runHalo({ HALO_RATE_LIMIT: '100' });
  expect(code).toBe(1);
  expect(output).toContain('HALO_RATE_LIMIT is "100". Set it to REQUESTS/SECONDS');
});

/** What an answer says that its account has left. */
async function leftOf(person: Person): Promise<number> {
  const response = await halo.list(person);
  await expectJson(response, 200);
  const [, left] = /^"default";r=(\d+);t=\d+$/.exec(response.headers.get('ratelimit') ?? '') ?? [];
  return Number(left);
}
