import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { type Grant, operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { expectJson, haloAt, type Person, personOf } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { drawBytes } from './fuzz-bytes.js';
import { createRequests, type Document, type FuzzRequest } from './fuzz-requests.js';
import { pick } from './fuzz-values.js';
import { readMetric } from './metrics.js';
import { createRandom, type Random, seed } from './random.js';
import { isWhole, report } from './results.js';

const described = isWhole ? 90_000 : 3_000;
const raw = isWhole ? 30_000 : 1_000;
const atOnce = 12;
const watchEveryMs = 500;
/** What nobody has answered by then counts as unanswered. */
const answerMsMax = 30_000;
/** A raw connection that has said nothing for so long says nothing more. */
const silenceMsMax = 150;
const poolMax = 200;
/** The contract's word to an account that has as many keys, bytes or tokens as it may have: no fault of the server. */
const fullAccount = 507;

const metricsToken = 'a-token-for-whoever-reads-the-metrics';
const server = await startHalo({ env: { HALO_METRICS_TOKEN: metricsToken } });
const halo = haloAt(server.url);
const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
afterAll(async () => {
  agent.destroy();
  await server.stop();
});

test('whatever is asked, nothing is answered 5xx, the server lives, and data nobody touched is whole', async () => {
  const guard = await halo.signUp();
  for (let n = 0; n < 50; n += 1) await halo.set(guard, `guarded ${n}`, `value ${n}`);
  const document = (await (await halo.request('GET', '/openapi.json')).json()) as Document;
  const pools = new Map<string, unknown[]>();
  const persons = await Promise.all([halo.signUp(), halo.signUp(), halo.signUp()]);
  pools.set(
    'password',
    persons.map(({ password }) => password),
  );
  pools.set('current_password', pools.get('password') ?? []);
  pools.set(
    'name',
    persons.map(({ name }) => name),
  );
  const tally = createTally();
  const stalls = watchStalls();
  let stallMs = 0;

  try {
    await askDescribed(createRequests(document, pools), persons, pools, tally);
    await sendRaw(persons, tally);
  } finally {
    stallMs = await stalls.end();
  }

  const ids = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  await report({
    what: `Fuzzing, seed ${seed}: answers of 5xx, but for 507 to an account that is full`,
    result: String(tally.faults.length),
    of: `${described} requests made from the OpenAPI document (${tally.show('described')}) and ${raw} connections of raw bytes (${tally.show('raw')}; 0: closed without an answer)`,
  });
  const missing = ids.map(({ operationId }) => operationId).filter((id) => !tally.reached.has(id));
  await report({
    what: 'Fuzzing: operations reached with a 2xx',
    result: String(tally.reached.size),
    of: `${ids.length} in the document${missing.length === 0 ? '' : `; not ${missing.join(', ')}`}`,
  });
  await report({
    what: 'Fuzzing: longest stall of the event loop, as the server measures it',
    result: `${stallMs.toFixed(0)} ms`,
    of: `${atOnce} clients at once, looked at every ${watchEveryMs} ms`,
  });
  expect(tally.faults).toEqual([]);
  // A fuzzer that is turned away at the door proves nothing.
  expect(missing.length, `never reached with a 2xx: ${missing.join(', ')}`).toBeLessThanOrEqual(
    isWhole ? 0 : 6,
  );

  expect((await halo.request('GET', operations.ready.path)).status).toBe(200);
  expect((await halo.account(guard)).revision).toBe(50);
  for (let n = 0; n < 50; n += 1) {
    expect((await halo.read(guard, `guarded ${n}`)).toString()).toBe(`value ${n}`);
  }
  expect((await halo.set(await halo.logIn(guard), 'after', 'value')).revision).toBe(51);
});

test('the tally sees a 5xx', () => {
  const tally = createTally();
  tally.count('described', 500, 'getKey');
  tally.fault('500');
  expect([tally.faults, tally.reached.size, tally.show('described')]).toEqual([['500'], 0, '500: 1']);
});

/** A server has a few of each at once and tells the next to come back, with a 503 that is not what is looked for here. */
const transfers = new Set(['exportStore', 'importStore']);
let line: Promise<unknown> = Promise.resolve();
function inLine<Result>(act: () => Promise<Result>): Promise<Result> {
  const turn = line.then(act);
  line = turn.catch(() => {});
  return turn;
}

async function askDescribed(
  draw: (random: Random) => FuzzRequest,
  persons: Person[],
  pools: Map<string, unknown[]>,
  tally: Tally,
): Promise<void> {
  await inTurns(described, seed, async (random) => {
    const request = draw(random);
    const { token, index = -1 } = await credentialFor(request, persons, random);
    const person = persons[index];
    const ask = () => send(request, token);
    const answer = await (transfers.has(request.operation) ? inLine(ask) : ask());
    tally.count('described', answer.status, request.operation);
    if (answer.status >= 500 && answer.status !== fullAccount) tally.fault(describeFault(request, answer));
    // Access tokens live for a quarter of an hour, and what was asked may have ended the session.
    if (answer.status === 401 && person !== undefined) persons[index] = await renew(person);
    if (answer.status === fullAccount && person !== undefined) persons[index] = await halo.signUp();
    if (answer.isJson) learn(answer.body, pools);
  });
}

/** With what was asked, and what the server's log says of it, which clients do not hear. */
function describeFault({ method, path, headers, body }: FuzzRequest, { status, body: text }: Answer): string {
  const asked = `${method} ${path} ${JSON.stringify(headers)} ${body?.toString('latin1').slice(0, 2_000)}`;
  const { request_id } = JSON.parse(text) as { request_id?: string };
  const logged = server
    .output()
    .split('\n')
    .find((line) => request_id !== undefined && line.includes(request_id));
  return `${asked}\nwas answered ${status}: ${logged ?? text}`;
}

async function sendRaw(persons: readonly Person[], tally: Tally): Promise<void> {
  await inTurns(raw, seed + atOnce, async (random) => {
    const statuses = await sendBytes(drawBytes(random, pick(persons, random).accessToken));
    if (statuses.length === 0) tally.count('raw', 0);
    for (const status of statuses) {
      tally.count('raw', status);
      if (status >= 500) tally.fault(`raw bytes were answered ${status}`);
    }
  });
}

type Tally = ReturnType<typeof createTally>;

function createTally() {
  const counts = { described: new Map<number, number>(), raw: new Map<number, number>() };
  const reached = new Set<string>();
  const faults: string[] = [];
  return {
    reached,
    faults,
    fault: (text: string) => faults.push(text),
    count: (kind: keyof typeof counts, status: number, operation?: string): void => {
      counts[kind].set(status, (counts[kind].get(status) ?? 0) + 1);
      if (operation !== undefined && status >= 200 && status < 300) reached.add(operation);
    },
    show: (kind: keyof typeof counts): string =>
      [...counts[kind]]
        .sort(([a], [b]) => a - b)
        .map(([status, count]) => `${status}: ${count}`)
        .join(', '),
  };
}

/** Mostly one that works. What may end its credential gets one of an account that nobody needs any more. */
async function credentialFor(
  { isMortal }: FuzzRequest,
  persons: Person[],
  random: Random,
): Promise<{ readonly token: string | undefined; readonly index?: number }> {
  const kind = random(20);
  if (kind === 0) return { token: undefined };
  if (kind === 1) return { token: pick(['', 'x', 'a.b.c', 'halo_', `${persons[0]?.accessToken}x`], random) };
  if (isMortal) return { token: (await halo.signUp()).accessToken };
  const index = random(persons.length);
  return { token: persons[index]?.accessToken, index };
}

async function renew(person: Person): Promise<Person> {
  const response = await halo.post(operations.logIn.path, { name: person.name, password: person.password });
  return response.status === 200
    ? personOf(await expectJson<Grant>(response, 200), person.password)
    : halo.signUp();
}

interface Answer {
  readonly status: number;
  /** Whether it is a document of the API rather than a value that somebody stored. */
  readonly isJson: boolean;
  readonly body: string;
}

function send(request: FuzzRequest, token: string | undefined): Promise<Answer> {
  const { method, path, headers, body } = request;
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        agent,
        host: 'localhost',
        port: server.port,
        method,
        path,
        timeout: answerMsMax,
        headers: {
          ...headers,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-length': body.length }),
        },
      },
      (response) => {
        const status = response.statusCode ?? 0;
        const isStream = response.headers['content-type']?.startsWith('text/event-stream') === true;
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          // A stream goes on for ever; its first words are enough.
          if (isStream) sent.destroy();
        });
        const isJson = response.headers['content-type'] === 'application/json; charset=utf-8';
        const isStored = response.headers['halo-revision'] !== undefined;
        response.once('close', () => resolve({ status, body: text, isJson: isJson && !isStored }));
      },
    );
    sent.once('timeout', () => sent.destroy(new Error(`${method} ${path} was not answered.`)));
    sent.once('error', (error) => reject(new Error(`${method} ${path} failed: ${error.message}`)));
    sent.end(body);
  });
}

/** Sends raw bytes, and returns the statuses that came back until the connection closed or nothing more came. */
function sendBytes({ bytes, parts, ends }: ReturnType<typeof drawBytes>): Promise<number[]> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect({ host: 'localhost', port: server.port, noDelay: true });
    socket.setTimeout(silenceMsMax, () => socket.destroy());
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') reject(new Error('The server is gone.'));
    });
    socket.once('close', () => {
      resolve([...received.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status)));
    });
    socket.once('connect', () => {
      const length = Math.ceil(bytes.length / parts);
      for (let at = 0; at < bytes.length; at += length) socket.write(bytes.subarray(at, at + length));
      if (ends) socket.end();
    });
  });
}

/** Keeps what an answer tells of ids, keys, revisions and cursors, for requests that go further. */
function learn(body: string, pools: Map<string, unknown[]>): void {
  if (body.length > 20_000) return;
  const names = new Set(['id', 'key', 'from', 'revision', 'cursor', 'refresh_token']);
  JSON.parse(body, (name, value: unknown) => {
    if (!names.has(name) || value === null || typeof value === 'object') return value;
    const pool = pools.get(name) ?? [];
    pools.set(name, pool);
    if (pool.length === poolMax) pool.shift();
    pool.push(value);
    return value;
  });
}

/** Looks at the server's own measure of how late its event loop runs, which starts anew with each look. */
function watchStalls(): { end(): Promise<number> } {
  let longestS = 0;
  const look = async (): Promise<void> => {
    longestS = Math.max(
      longestS,
      await readMetric(server.url, 'nodejs_eventloop_lag_max_seconds', metricsToken),
    );
  };
  let looking = look().then(() => {
    longestS = 0;
  });
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, watchEveryMs);
  return {
    end: async () => {
      clearInterval(timer);
      await looking;
      await look();
      return longestS * 1_000;
    },
  };
}

/** Does something so many times, several at once, each with numbers of its own. */
async function inTurns(count: number, from: number, act: (random: Random) => Promise<void>): Promise<void> {
  let left = count;
  const worker = async (_: unknown, n: number): Promise<void> => {
    const random = createRandom(from + n);
    for (; left > 0; left -= 1) await act(random);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
