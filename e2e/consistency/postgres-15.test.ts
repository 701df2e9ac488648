import type { Grant } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { expectJson, haloAt, personOf } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';
import { startDebianPostgres } from './debian-postgres.js';

const postgres = await startDebianPostgres();
const env = {
  DATABASE_URL: postgres.databaseUrl,
  HALO_SECRET: 'a secret that both of these servers share',
};
// At the same moment on an empty database, so that both find the schema missing.
const starts = await Promise.allSettled([startHalo({ env }), startHalo({ env })]);
const servers = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
const [one, two] = servers.map(({ url }) => haloAt(url));

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await postgres.stop();
});

/** Both servers, which the first test proves to be there. */
function both() {
  if (one === undefined || two === undefined) throw new Error(`Only ${servers.length} of 2 servers started.`);
  return [one, two] as const;
}

test('two servers that start at once on an empty database both become ready', async () => {
  expect(starts.flatMap((start) => (start.status === 'rejected' ? [String(start.reason)] : []))).toEqual([]);
  for (const halo of both()) expect((await halo.request('GET', '/health/ready')).status).toBe(200);
});

test('what is written through one server is read through the other at once', async () => {
  const [one, two] = both();
  const person = await one.signUp();
  for (let round = 0; round < 20; round += 1) {
    const [writer, reader] = round % 2 === 0 ? [one, two] : [two, one];
    await writer.set(person, 'key', `round ${round}`, { headers: { 'halo-metadata': `{"round":${round}}` } });
    expect((await reader.read(person, 'key')).toString()).toBe(`round ${round}`);
    expect((await reader.page(person)).keys).toMatchObject([{ revision: round + 1, metadata: { round } }]);
  }
});

test('a log-out on one server is at once dead on the other', async () => {
  const [one, two] = both();
  const person = await one.signUp();
  await one.set(person, 'key', 'value');
  for (let round = 0; round < 5; round += 1) {
    const session = await one.logIn(person);
    // The other server has verified the token before, and could remember it.
    expect((await two.read(session, 'key')).toString()).toBe('value');
    await one.logOut(session);
    await expectProblem(await two.get(session, 'key'), 'session-ended');
    await expectProblem(await two.put(session, 'key', 'x'), 'session-ended');
    await expectProblem(await two.delete(session, 'key'), 'session-ended');
    await expectProblem(await two.list(session), 'session-ended');
    await expectProblem(await two.refresh(session.refreshToken), 'session-ended');
  }
});

test('refreshes of one token on both servers at once make one child', async () => {
  const [one, two] = both();
  const { refreshToken } = await one.signUp();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : two).refresh(refreshToken)),
  );
  const grants = await Promise.all(answers.map((answer) => expectJson<Grant>(answer, 200)));
  expect(new Set(grants.map((grant) => personOf(grant).refreshToken)).size).toBe(1);
});

test('writers on both servers share one gapless count of revisions', async () => {
  const [one, two] = both();
  const person = await one.signUp();
  const results = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      (index % 2 === 0 ? one : two).set(person, `key ${index % 10}`, `value ${index}`),
    ),
  );
  const revisions = results.map(({ revision }) => revision).sort((a, b) => a - b);
  expect(revisions).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
});

test('both servers publish the same keys', async () => {
  const [first, second] = await Promise.all(
    both().map(async (halo) => (await halo.request('GET', '/.well-known/jwks.json')).json()),
  );
  expect(first).toEqual(second);
});

test('keys are listed in the order of their bytes here too', async () => {
  const [one] = both();
  const person = await one.signUp();
  const ordered = ['B', 'a', 'b', 'é', '\ud7ff', '\ue000', '\uffff', '🙂'];
  for (const key of ordered.toReversed()) await one.set(person, key, '');
  expect((await one.page(person)).keys.map(({ key }) => key)).toEqual(ordered);
});
