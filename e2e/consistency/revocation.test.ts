import { operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { type EventSource, openChanges } from '../event-source.js';
import { goodPassword, type Halo, type Person } from '../halo.js';
import { securityOf, withToken } from '../security.js';
import { until } from '../until.js';
import { startTwoServers } from './two-servers.js';

const two = await startTwoServers();
afterAll(() => two.stop());

const requesters = 8;
const sentAfterEach = 12;
const roundsEach = 4;

/** What is tried with a credential, on either server. */
const requests: Readonly<Record<string, (halo: Halo, person: Person) => Promise<Response>>> = {
  get: (halo, person) => halo.get(person, 'key'),
  put: (halo, person) => halo.put(person, 'key', 'written'),
  list: (halo, person) => halo.list(person),
  stream: (halo, { accessToken: token }) =>
    halo.request('GET', operations.listChanges.path, { token, headers: { accept: 'text/event-stream' } }),
  head: (halo, person) => halo.head(person, 'key'),
  commit: (halo, { accessToken }) =>
    halo.post(
      operations.commit.path,
      { mutations: [{ add: { key: 'count', by: '1' } }] },
      { authorization: `Bearer ${accessToken}` },
    ),
  read: (halo, { accessToken }) =>
    halo.post(operations.read.path, { keys: ['key'] }, { authorization: `Bearer ${accessToken}` }),
  changes: (halo, { accessToken: token }) => halo.request('GET', '/v1/changes?since=0', { token }),
  account: (halo, { accessToken: token }) => halo.request('GET', operations.getAccount.path, { token }),
};
const kinds = Object.entries(requests);

interface Outcome {
  before: number;
  after: number;
  /** What was sent after the ending was answered, and not refused. */
  readonly accepted: string[];
  /** What the race itself cannot explain. */
  readonly strange: string[];
}

const noOutcome = (): Outcome => ({ before: 0, after: 0, accepted: [], strange: [] });

/**
 * Sends requests of all kinds to both servers without a pause, ends the credential in their midst, and counts
 * those that got through although they were sent after the ending was answered.
 */
async function race(victim: Person, end: () => Promise<Response>): Promise<Outcome> {
  const outcome = noOutcome();
  await two.halos[0].set(victim, 'key', 'value');
  let hasEnded = false;
  const requester = async (offset: number): Promise<void> => {
    let left = sentAfterEach;
    for (let turn = offset; left > 0; turn += 1) {
      const [name, send] = kinds[turn % kinds.length] ?? ['none', requests.get];
      if (send === undefined) throw new Error('There are requests.');
      const isAfter = hasEnded;
      const response = await send(two.halo(turn + Math.floor(turn / kinds.length)), victim);
      await discard(response);
      if (isAfter) {
        left -= 1;
        outcome.after += 1;
        if (response.status !== 401) outcome.accepted.push(`${name}: ${response.status}`);
      } else {
        outcome.before += 1;
        if (![200, 201, 401].includes(response.status)) outcome.strange.push(`${name}: ${response.status}`);
      }
    }
  };
  const all = Promise.all(Array.from({ length: requesters }, (_, index) => requester(index)));
  await until('Requests under way', () => outcome.before > requesters);
  const answer = await end();
  expect(answer.ok).toBe(true);
  hasEnded = true;
  await all;
  return outcome;
}

async function discard(response: Response): Promise<void> {
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
  if (isStream === true) await response.body?.cancel();
  else await response.arrayBuffer();
}

/** Each ends the victim's credential, asked of one of the servers. */
const endings: Readonly<
  Record<string, (round: number) => Promise<{ victim: Person; end: () => Promise<Response> }>>
> = {
  'a log-out': async (round) => {
    const victim = await two.halo(round).logIn(await two.halo(round).signUp());
    return { victim, end: () => two.halo(round).logOut(victim) };
  },
  'the end of a session': async (round) => {
    const owner = await two.halo(round).signUp();
    const victim = await two.halo(round + 1).logIn(owner);
    const security = securityOf(two.halo(round));
    const { id } = await security.ownSession(victim);
    return { victim, end: () => security.endSession(owner, id) };
  },
  'the end of all other sessions': async (round) => {
    const owner = await two.halo(round).signUp();
    const victim = await two.halo(round + 1).logIn(owner);
    return { victim, end: () => securityOf(two.halo(round)).endOtherSessions(owner) };
  },
  'revoking a token': async (round) => {
    const owner = await two.halo(round).signUp();
    const security = securityOf(two.halo(round));
    const token = await security.createToken(owner);
    return { victim: withToken(owner, token), end: () => security.revoke(owner, token.id) };
  },
  'a change of password': async (round) => {
    const owner = await two.halo(round).signUp();
    const victim = await two.halo(round + 1).logIn(owner);
    const change = { current: goodPassword, next: 'a kettle under loud mountains' };
    return { victim, end: () => securityOf(two.halo(round)).changePassword(owner, change) };
  },
  'a change of password that takes tokens along': async (round) => {
    const owner = await two.halo(round).signUp();
    const security = securityOf(two.halo(round));
    const victim = withToken(owner, await security.createToken(owner));
    const change = { current: goodPassword, next: 'a kettle under loud mountains', revokeTokens: true };
    return { victim, end: () => security.changePassword(owner, change) };
  },
  'deleting the account': async (round) => {
    const owner = await two.halo(round).signUp();
    const security = securityOf(two.halo(round));
    const victim = round % 2 === 0 ? owner : withToken(owner, await security.createToken(owner));
    return { victim, end: () => security.deleteAccount(owner) };
  },
};

test.for(Object.entries(endings))(
  'nothing that is sent after %s was answered gets through, on either server',
  { timeout: 60_000 },
  async ([name, prepare]) => {
    const total = noOutcome();
    for (let round = 0; round < roundsEach; round += 1) {
      const { victim, end } = await prepare(round);
      const outcome = await race(victim, end);
      total.before += outcome.before;
      total.after += outcome.after;
      total.accepted.push(...outcome.accepted);
      total.strange.push(...outcome.strange);
    }
    console.log(
      `After ${name}: ${total.accepted.length} of ${total.after} requests accepted that were sent after it was ` +
        `answered (${total.before} raced it).`,
    );
    expect([total.accepted, total.strange]).toEqual([[], []]);
    expect(total.after).toBe(roundsEach * requesters * sentAfterEach);
  },
);

test('the race finds requests that get through after an ending that ends nothing', async () => {
  const owner = await two.halos[0].signUp();
  const { after, accepted } = await race(owner, () => two.halos[0].request('GET', '/health/live'));
  expect(accepted).toHaveLength(after);
});

test.for(Object.entries(endings))(
  'open streams end on both servers after %s, while nothing is written',
  async ([, prepare]) => {
    const { victim, end } = await prepare(0);
    const sources = await Promise.all(two.servers.map(({ url }) => openChanges(url, victim)));
    expect((await end()).ok).toBe(true);
    for (const source of sources) await until('The end of the stream', source.isClosed);
    expect(sources.map(lastOf)).toEqual(['session-ended', 'session-ended']);
  },
);

test('a stream of an ended session is not told what is written after its end', async () => {
  for (let round = 0; round < 3; round += 1) {
    const owner = await two.halo(round).signUp();
    const victim = await two.halo(round).logIn(owner);
    const sources = await Promise.all(two.servers.map(({ url }) => openChanges(url, victim)));
    const living = await openChanges(two.servers[0].url, owner);
    await two.halo(round).set(owner, 'before', 'x');
    expect((await two.halo(round).logOut(victim)).status).toBe(204);
    const writes = Array.from({ length: 10 }, (_, index) =>
      two.halo(index).set(owner, `after ${index}`, 'x'),
    );
    await Promise.all(writes);
    for (const source of sources) await until('The end of the stream', source.isClosed);
    await until('The owner’s news', () => living.lastId() === '11');
    const told = sources.flatMap(({ events }) => JSON.stringify(events));
    expect(told.filter((text) => text.includes('after'))).toEqual([]);
    // Proves that there was something to be told.
    expect(JSON.stringify(living.events)).toContain('after 9');
    living.close();
  }
});

function lastOf({ events }: EventSource): unknown {
  const last = events.at(-1);
  return last?.event === 'end' ? (last.data as { code: string }).code : last?.event;
}
