import { setTimeout as delay } from 'node:timers/promises';
import { type CommitAnswer, operations, type Problem, type ReadAnswer } from 'halo-contract';
import type { Seen } from '../consistency/store-history.js';
import { haloAt, type Person } from '../halo.js';
import { until } from '../until.js';
import { ask, type Reply } from './ask.js';
import { followFeed } from './feed-follower.js';
import { createRandom, type Random } from './random.js';
import { isAnswered, isOpen, type Outcome, type Recording, type Write, type WriteTold } from './recording.js';

/** Clients at work on one account, until they are told to stop. */
export interface Load {
  readonly recording: Recording;
  /** How many requests wait for their answer at this moment. */
  inFlight(): number;
  acknowledged(): number;
  clients(): readonly string[];
  /** Lets every client finish what it does. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly url: string;
  readonly person: Person;
  readonly seed: number;
  readonly writers?: number;
  readonly readers?: number;
}

/** So few that all writers meet on them. */
const sharedKeys = ['a', 'b', 'c', 'd', 'e'];
const writersUsual = 8;
const readersUsual = 4;
/** Clients think for up to this long, so that a run of a minute stays small enough to be checked whole. */
const thinkMsMax = 25;
/** Between an error and the next try. */
const backOffMs = 60;
/** In a hundred: writes that are given up when they fail, and those that are sent again after they succeeded. */
const givenUp = 25;
const replayed = 10;
/** When nothing answers any more, a run ends nevertheless. */
const triesMsMax = 90_000;

/** Starts writers, readers and one who follows the live feed, on an account that nobody else uses. */
export function startLoad(options: LoadOptions): Load {
  const { person, writers = writersUsual, readers = readersUsual } = options;
  const halo = haloAt(options.url);
  const recording: Recording = { attempts: [], writes: [], reads: [], told: [] };
  let inFlight = 0;
  let acknowledged = 0;
  let stopping = false;

  async function send(client: string, path: string, body: object): Promise<Reply & { startedMs: number }> {
    const startedMs = performance.now();
    inFlight += 1;
    const reply = await ask(halo, 'POST', path, person, body);
    inFlight -= 1;
    const { outcome, detail } = reply;
    recording.attempts.push({ client, startedMs, endedMs: performance.now(), outcome, detail });
    return { ...reply, startedMs };
  }

  async function work(random: Random, step: (count: number) => Promise<Outcome>) {
    for (let count = 0; !stopping; count += 1) {
      const outcome = await step(count);
      await delay(isAnswered(outcome) ? random(thinkMsMax) : backOffMs);
    }
  }

  function writer(client: string, random: Random): Promise<void> {
    const known = new Map<string, number>();
    return work(random, async (count) => {
      const wish = chooseWrite(`${client}.${count}`, client, random, known);
      const startedMs = performance.now();
      const outcomes: Outcome[] = [];
      const maySee = random(100) >= givenUp;
      let told: WriteTold | undefined;
      for (;;) {
        const reply = await send(client, operations.commit.path, wish.body);
        outcomes.push(reply.outcome);
        told = toldOf(reply, wish, known);
        const tries = maySee && (reply.outcome === 'unavailable' || isOpen(reply.outcome));
        if (!tries || performance.now() - startedMs > triesMsMax) break;
        await delay(backOffMs);
      }
      const replays: number[] = [];
      if (told?.kind === 'acknowledged') {
        acknowledged += 1;
        if (random(100) < replayed) {
          const again = await send(client, operations.commit.path, wish.body);
          if (again.outcome === 'done') replays.push((again.json as CommitAnswer).revision);
          else if (again.outcome === 'refused') replays.push(0);
        }
      }
      const { id, keys, counter } = wish;
      recording.writes.push({ id, keys, counter, startedMs, outcomes, told, replays } satisfies Write);
      return outcomes.at(-1) ?? 'hung';
    });
  }

  function reader(client: string, random: Random): Promise<void> {
    const keys = [...sharedKeys, ...names('writer', writers).map(counterOf)];
    return work(random, async () => {
      if (random(2) === 0) {
        const { outcome, json, startedMs } = await send(client, operations.read.path, { keys });
        if (outcome !== 'done') return outcome;
        const { entries, revision } = json as ReadAnswer;
        const values = new Map<string, Seen | undefined>();
        keys.forEach((key, index) => {
          const entry = entries[index];
          values.set(key, entry == null ? undefined : { revision: entry.revision, value: entry.value ?? '' });
        });
        recording.reads.push({
          startedMs,
          endedMs: performance.now(),
          told: { kind: 'read', revision, values },
        });
        return outcome;
      }
      const key = keys[random(keys.length)] ?? 'a';
      const startedMs = performance.now();
      inFlight += 1;
      const { outcome, detail, seen } = await ask(halo, 'GET', key, person);
      inFlight -= 1;
      const endedMs = performance.now();
      recording.attempts.push({ client, startedMs, endedMs, outcome, detail });
      if (outcome === 'done') recording.reads.push({ startedMs, endedMs, told: { kind: 'get', key, seen } });
      return outcome;
    });
  }

  const follower = followFeed(options.url, person, recording.told);
  const working = [
    ...names('writer', writers).map((name, n) => writer(name, createRandom(options.seed + n))),
    ...names('reader', readers).map((name, n) => reader(name, createRandom(options.seed + writers + n))),
  ];
  return {
    recording,
    inFlight: () => inFlight,
    acknowledged: () => acknowledged,
    clients: () => [...names('writer', writers), ...names('reader', readers)],
    stop: async () => {
      stopping = true;
      await Promise.all(working);
      const { revision } = (await until('The account', async () => {
        const reply = await ask(halo, 'POST', operations.read.path, person, { keys: sharedKeys });
        return reply.outcome === 'done' && (reply.json as ReadAnswer);
      })) satisfies ReadAnswer;
      await follower.end(revision);
    },
  };
}

interface Wish {
  readonly id: string;
  readonly keys: readonly string[];
  readonly counter: string | undefined;
  readonly checks: readonly { readonly key: string; readonly revision: number }[];
  readonly body: object;
}

/** A set, a set that checks the revision of its key, or a commit of several keys and a number that counts them. */
function chooseWrite(id: string, client: string, random: Random, known: ReadonlyMap<string, number>): Wish {
  const kind = random(3);
  const first = random(sharedKeys.length);
  const count = kind === 2 ? 2 + random(2) : 1;
  const keys = Array.from({ length: count }, (_, n) => sharedKeys[(first + n) % sharedKeys.length] ?? 'a');
  const [key = 'a'] = keys;
  const counter = kind === 2 ? counterOf(client) : undefined;
  const checks = kind === 1 ? [{ key, revision: known.get(key) ?? 0 }] : [];
  const sets = keys.map((name) => ({ set: { key: name, value: id } }));
  const mutations = counter === undefined ? sets : [...sets, { add: { key: counter, by: '1' } }];
  return { id, keys, counter, checks, body: { checks, mutations, idempotency_key: id } };
}

/** What a client may conclude, and what it remembers of the revisions of keys. */
function toldOf({ outcome, json }: Reply, wish: Wish, known: Map<string, number>): WriteTold | undefined {
  if (outcome === 'done') {
    const { revision, results } = json as CommitAnswer;
    for (const key of wish.keys) known.set(key, revision);
    const count = results.at(-1)?.value ?? '';
    return { kind: 'acknowledged', revision, count, endedMs: performance.now() };
  }
  if (outcome !== 'refused') return undefined;
  const { key, revision: current } = json as Problem & { key: string; revision: number };
  known.set(key, current);
  return { kind: 'refused', key, checked: wish.checks[0]?.revision ?? -1, current };
}

function names(kind: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${kind} ${n}`);
}

function counterOf(client: string): string {
  return `count ${client}`;
}
