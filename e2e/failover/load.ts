import { setTimeout as delay } from 'node:timers/promises';
import { type CommitAnswer, operations, type Problem, type ReadAnswer } from 'halo-contract';
import type { Operation, Seen } from '../consistency/store-history.js';
import { openChanges } from '../event-source.js';
import type { Person } from '../halo.js';
import { until } from '../until.js';
import type { Answer, Recording, Told, Write } from './recording.js';

/** Clients at work on two servers, who write down what they did and were told. */
export interface Load {
  /** How many writes have been acknowledged that were begun at this moment or later. */
  acknowledgedSince(ms: number): number;
  /** How many writes wait for an answer. */
  inFlight(): number;
  /** Lets everybody finish what is begun, and waits until the followers have heard of the last commit. */
  stop(): Promise<Recording>;
}

interface Server {
  readonly url: string;
}

/** These ask again with the same idempotency key, of the other server, until they are answered. */
const persistentWriters = 6;
/** These do not ask again, so that what became of an unknown outcome is seen. */
const plainWriters = 2;
const readers = 3;
const keys = Array.from({ length: 12 }, (_, index) => `key ${index}`);
/** Keeps the recording small enough to be judged in seconds; the load is to be there, not to be heavy. */
const pauseMs = 20;
/** Whoever was refused comes back after this long. */
const refusedPauseMs = 100;
/** Above all of Halo's own limits: whoever waits this long hangs. */
const requestMsMax = 60_000;
const settleMsMax = 60_000;

export function startLoad(servers: readonly [Server, Server], person: Person): Load {
  const writes: Write[] = [];
  const reads: Operation[] = [];
  const answers: Answer[] = [];
  const told: Told[][] = servers.map(() => []);
  let stopping = false;
  let waiting = 0;
  const serverOf = (turn: number): Server => servers[turn % 2 === 0 ? 0 : 1];

  /** One request; undefined when there was no answer. What it took and how it ended is written down. */
  const ask = async (work: (signal: AbortSignal) => Promise<Response>): Promise<Answered | undefined> => {
    const startedMs = performance.now();
    const note = (code: string) => answers.push({ code, startedMs, endedMs: performance.now() });
    try {
      const response = await work(AbortSignal.timeout(requestMsMax));
      const text = await response.text();
      const code = response.status < 400 ? 'ok' : (JSON.parse(text) as Problem).code;
      note(code === 'not-found' ? 'ok' : code);
      return { response, text, code };
    } catch (error) {
      note(`no answer: ${error instanceof Error ? error.name : 'unknown'}`);
      return undefined;
    }
  };

  const commit = async (write: Write, turn: number): Promise<void> => {
    const body = {
      mutations: write.keys.map((key) => ({ set: { key, value: write.value } })),
      ...(write.persistent ? { idempotency_key: write.value } : {}),
    };
    waiting += 1;
    const answered = await ask((signal) =>
      post(serverOf(turn), person, operations.commit.path, body, signal),
    );
    waiting -= 1;
    if (answered?.code === 'ok') {
      write.endedMs = performance.now();
      write.revision = (JSON.parse(answered.text) as CommitAnswer).revision;
    } else if (answered === undefined || answered.code === 'outcome-unknown') {
      write.unknown += 1;
    }
  };

  const writer = async (name: number): Promise<void> => {
    const persistent = name < persistentWriters;
    for (let count = 0; !stopping; count += 1) {
      const first = (name * 7 + count) % keys.length;
      const write: Write = {
        value: `${name}.${count}`,
        keys: keys.slice(first, first + 1 + (count % 3)),
        persistent,
        startedMs: performance.now(),
        endedMs: undefined,
        revision: undefined,
        unknown: 0,
      };
      writes.push(write);
      const deadline = write.startedMs + 2 * requestMsMax;
      for (let tries = 0; ; tries += 1) {
        await commit(write, name + count + tries);
        if (write.revision !== undefined || !persistent || performance.now() > deadline) break;
        await delay(refusedPauseMs);
      }
      await delay(pauseMs);
    }
  };

  const reader = async (name: number): Promise<void> => {
    for (let count = 0; !stopping; count += 1) {
      const startedMs = performance.now();
      const server = serverOf(name + count);
      const seen = count % 2 === 0 ? await readAll(server) : await readOne(server, count);
      if (seen !== undefined) reads.push({ startedMs, endedMs: performance.now(), told: seen });
      await delay(pauseMs);
    }
  };

  const readAll = async (server: Server): Promise<Operation['told'] | undefined> => {
    const answered = await ask((signal) => post(server, person, operations.read.path, { keys }, signal));
    if (answered?.code !== 'ok') return undefined;
    const { entries, revision } = JSON.parse(answered.text) as ReadAnswer;
    const values = new Map<string, Seen | undefined>();
    keys.forEach((key, index) => {
      const entry = entries[index];
      values.set(key, entry == null ? undefined : { revision: entry.revision, value: entry.value ?? '' });
    });
    return { kind: 'read', revision, values };
  };

  const readOne = async (server: Server, count: number): Promise<Operation['told'] | undefined> => {
    const key = keys[count % keys.length] ?? '';
    const path = operations.getKey.path.replace('{key}', () => encodeURIComponent(key));
    const answered = await ask((signal) =>
      fetch(`${server.url}${path}`, { signal, headers: { authorization: `Bearer ${person.accessToken}` } }),
    );
    if (answered === undefined || (answered.code !== 'ok' && answered.code !== 'not-found')) return undefined;
    const revision = Number(answered.response.headers.get('halo-revision'));
    return {
      kind: 'get',
      key,
      seen: answered.code === 'not-found' ? undefined : { revision, value: answered.text },
    };
  };

  /** Follows from the beginning, and comes back to the other server whenever the connection ends. */
  const follow = async (name: number, hears: Told[], isOver: () => boolean): Promise<void> => {
    let lastEventId = '0';
    for (let connections = 0; !isOver(); connections += 1) {
      const { url } = serverOf(name + connections);
      const source = await openChanges(url, person, {
        lastEventId,
        onEvent: ({ data }) => hears.push(data as Told),
      }).catch(() => undefined);
      if (source === undefined) {
        await delay(refusedPauseMs);
        continue;
      }
      while (!source.isClosed() && !isOver()) await delay(refusedPauseMs);
      source.close();
      lastEventId = source.lastId() === '' ? lastEventId : source.lastId();
    }
  };

  let over = false;
  const following = told.map((hears, name) => follow(name, hears, () => over));
  const working = [
    ...Array.from({ length: persistentWriters + plainWriters }, (_, name) => writer(name)),
    ...Array.from({ length: readers }, (_, name) => reader(name)),
  ];
  return {
    acknowledgedSince: (ms) =>
      writes.filter(({ startedMs, revision }) => startedMs >= ms && revision !== undefined).length,
    inFlight: () => waiting,
    stop: async () => {
      stopping = true;
      await Promise.all(working);
      const last = Math.max(0, ...writes.map(({ revision }) => revision ?? 0));
      const haveHeard = () => told.every((hears) => (hears.at(-1)?.revision ?? 0) >= last);
      // Whoever has not heard of it by then has missed it, which is for the judge to say.
      await until('The last commit, told', haveHeard, settleMsMax).catch(() => {});
      over = true;
      await Promise.all(following);
      return { writes, reads, answers, told };
    },
  };
}

interface Answered {
  readonly response: Response;
  readonly text: string;
  /** Of the problem, or `ok`. */
  readonly code: string;
}

function post(
  { url }: Server,
  { accessToken }: Person,
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<Response> {
  const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' };
  return fetch(`${url}${path}`, { method: 'POST', signal, headers, body: JSON.stringify(body) });
}
